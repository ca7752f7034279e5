"""Whatever findings say fits; every address, amount and flag is there in full, or it says so."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator

from hypothesis import given

from approvals.findings import (
    Address,
    ContractCall,
    Effect,
    Findings,
    Operation,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
    Wrap,
)
from approvals.risks import Flag
from notifiers.console import lines
from notifiers.slack.blocks import Message
from notifiers.slack.buttons import APPROVE, REVIEW
from notifiers.slack.details import details_view
from notifiers.slack.draft import message_of
from notifiers.slack.overflow import MOST_PARTS, overflow_of, parts_of
from notifiers.slack.review import review_view
from notifiers.slack.text import unescape
from notifiers.words.facts import MESSAGE, PAGE
from notifiers.words.headline import itemized
from notifiers.words.readable import grouped, visible
from notifiers.words.sheet import Sheet, sheet_of
from notifiers.words.warnings import RISK_NAMES
from tests.notifiers.examples import NAMES, NOW, approval, ask, story
from tests.support.effort import tried
from tests.support.findings import FINDINGS
from tests.support.requests import sample
from tests.support.slack_rules import refusal_of, refusal_of_view

WORDS = {f"{(1 << bits) - 1:,}": f"2^{bits}-1 base units" for bits in (64, 96, 160, 256)}


def every(effects: tuple[Effect, ...]) -> Iterator[Effect]:
    for effect in effects:
        yield effect
        if isinstance(effect, ContractCall | Signing):
            yield from every(effect.inner)


def accounts(effect: Effect) -> Iterator[Address | None]:
    match effect:
        case Transfer():
            yield from (effect.to, effect.sender, effect.asset.contract)
        case TokenApproval():
            yield from (effect.spender, effect.owner, effect.asset.contract)
        case Wrap():
            yield effect.wrapped.contract
        case ContractCall():
            yield effect.contract
        case Operation() | Signing():
            pass


def amounts(effect: Effect) -> Iterator[tuple[int, int]]:
    """Base units and the decimals they are shown with."""
    match effect:
        case Transfer(item=None) | TokenApproval(item=None, amount=int()):
            assert effect.amount is not None
            if not isinstance(effect, TokenApproval) or effect.amount:
                yield effect.amount, effect.asset.decimals or 0
        case Wrap():
            yield effect.amount, effect.native.decimals or 0
        case ContractCall():
            yield effect.value, effect.native.decimals or 0
        case _:
            pass


def needed(found: Findings) -> Iterator[tuple[str, ...]]:
    """What must be read in full; of several spellings one."""
    for effect in every(found.effects):
        for address in accounts(effect):
            if address is not None:
                yield (visible(address.text, 100_000),)
        for units, decimals in amounts(effect):
            exact = f"{units:,}"
            yield (grouped(units, decimals), exact, WORDS.get(exact, exact))
        item = getattr(effect, "item", None)
        if item is not None:
            yield (str(item),)
        for _, text in getattr(effect, "details", ()) or getattr(effect, "arguments", ()):
            yield (visible(text, 100_000),)
    doubted = isinstance(found.integrity, Unverified)  # then its reasons say more than the flag
    for flag in (each for each in found.flags if not (doubted and each.risk == "unverified")):
        yield (visible(flag.text, 100_000),)
    for note in found.notes:
        if note.proved:
            yield (visible(note.text, 100_000),)


def texts(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "text" and isinstance(value, str):
                yield unescape(value)
            else:
                yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


def offers_approval(message: Message) -> bool:
    return APPROVE in str(message.blocks)


def offers_review(message: Message) -> bool:
    return REVIEW in str(message.blocks)


def missing(found: Findings, shown: str) -> list[tuple[str, ...]]:
    return [wanted for wanted in needed(found) if not any(each in shown for each in wanted)]


@tried(0.15)
@given(FINDINGS)
def test_a_click_can_approve_only_what_the_message_shows_in_full(found: Findings) -> None:
    message = message_of(story(found), "nonce")
    assert refusal_of(message.text, message.blocks) is None
    shown = "\n".join(texts(message.blocks))
    lacking = missing(found, shown)
    if lacking:
        assert not offers_approval(message), lacking
        assert "Not shown" in shown or "[cut: " in shown or "MORE FLAG" in shown
        assert offers_review(message) != ("countersign approve" in shown)
        assert message.overflow is not None


@tried(0.1)
@given(FINDINGS)
def test_a_form_can_approve_only_what_it_shows_in_full(found: Findings) -> None:
    told = story(found)
    assert told.page is not None
    view = review_view(told)
    assert (view is not None) or not offers_review(message_of(told, "nonce"))
    if view is not None:
        assert refusal_of_view(view) is None
        shown = "".join(texts(view["blocks"]))
        assert not missing(found, shown)
        assert told.page is not None
        assert "[cut: " not in "".join(fact.value for fact in told.page.proved)


@tried(0.05)
@given(FINDINGS)
def test_every_details_fits_and_shows_everything_or_says_what_is_missing(found: Findings) -> None:
    told = story(found)
    view = details_view(told, sample("keysign_erc20_usdt").request, found, NOW)
    assert refusal_of_view(view) is None
    shown = "".join(texts(view["blocks"]))
    assert not missing(found, shown) or "[cut: " in shown


@tried(0.05)
@given(FINDINGS)
def test_the_parts_of_a_text_are_the_text_or_say_how_much_is_missing(found: Findings) -> None:
    told = story(found)
    assert told.page is not None
    overflow = overflow_of(told.approval, told.sheet, told.page)
    assert overflow.sha256 == hashlib.sha256(overflow.text.encode()).hexdigest()
    parts = list(parts_of(overflow))
    assert 1 <= len(parts) <= MOST_PARTS
    held = ""
    for part in parts:
        assert refusal_of(part.text, part.blocks) is None
        assert overflow.sha256 in part.text
        held += "\n" + "\n".join(texts(part.blocks[1:]))
    left = held.replace("\n", "")
    if "To read it all, run: " in left:
        assert overflow.run in left
    else:
        assert left == overflow.text.replace("\n", "")


@tried(0.15)
@given(FINDINGS)
def test_a_page_shows_everything_or_says_that_it_is_not_whole(found: Findings) -> None:
    sheet = sheet_of(approval(), found, NAMES, room=PAGE)
    shown = "\n".join(f"{fact.label} {fact.value}" for fact in sheet.facts)
    assert not missing(found, shown) or not sheet.whole


@tried(0.15)
@given(FINDINGS)
def test_every_flag_is_at_least_named_in_slack(found: Findings) -> None:
    record = approval(ask(initiator_known=False))
    message = message_of(story(found, record), "nonce")
    shown = "\n".join(texts(message.blocks))
    nobody = Flag("unknown_initiator", "No person claims it")
    for risk, count in Counter(flag.risk for flag in (*found.flags, nobody)).items():
        name = RISK_NAMES[risk]
        if risk == "unverified" and isinstance(found.integrity, Unverified):
            assert ":rotating_light: *NOT VERIFIED*" in shown
            continue
        counted = shown.count(f":warning: *{name}*")
        assert counted == count or f" x {name}" in shown, (name, count)


@tried(0.15)
@given(FINDINGS)
def test_nothing_that_a_stranger_wrote_moves_the_cursor_or_turns_the_text(found: Findings) -> None:
    told = story(found)
    message = message_of(told, "nonce")
    ours = {"\n".join(itemized(told.sheet.grounds)), told.sheet.badge}  # these alone have lines
    seen = (message.text, *texts(message.blocks), *lines(told), *page_of(told.sheet))
    for text in seen:
        begins = text.partition(" … [cut: ")[0]
        if any(each.startswith(begins) for each in ours):
            text = text.replace("\n", "")  # noqa: PLW2901
        odd = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"}}
        assert not odd, (text, odd)


def page_of(sheet: Sheet) -> Iterator[str]:
    for fact in sheet.facts:
        yield fact.label
        yield fact.value


@tried(0.15)
@given(FINDINGS)
def test_no_more_effects_are_shown_than_there_is_room_for(found: Findings) -> None:
    count = sum(1 for _ in every(found.effects))
    sheet = sheet_of(approval(), found, NAMES)
    hidden = [fact for fact in sheet.proved if "more effect" in fact.value]
    assert bool(hidden) == (count > MESSAGE.effects)
    assert not hidden or not sheet.whole
