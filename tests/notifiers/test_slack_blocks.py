"""A message fits into Slack, says what the record says, and nothing in it can be forged."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.tables import SHIPPED
from approvals.findings import (
    Address,
    Asset,
    ClaimedOutput,
    Claims,
    Note,
    Reason,
    Transfer,
    Unverified,
)
from approvals.inspect import inspect
from approvals.model import Approved, Choice, Need, RuleAnswer, Verdict
from approvals.risks import RISKS, Flag
from notifiers.slack.blocks import Message, render
from notifiers.slack.buttons import APPROVE, DETAILS, FREEZE, REJECT, REVIEW
from notifiers.slack.draft import message_of
from notifiers.slack.limits import ALL_BLOCKS, OverLimit, check_message, size
from notifiers.slack.modal import bound, vote_view
from notifiers.slack.shown import shown_of
from notifiers.slack.text import unescape
from notifiers.slack.tokens import Act, Token, read_token
from notifiers.words.facts import Fact
from notifiers.words.warnings import RISK_NAMES
from tests.notifiers.cases import CASES, standing, told
from tests.notifiers.examples import (
    CLAIMS,
    NAMES,
    NOW,
    TETHER,
    TO,
    TRANSFER,
    approval,
    ask,
    findings,
    need,
    pending,
    story,
    unverified,
)
from tests.support.requests import FOLDER, sample
from tests.support.slack_rules import echo, refusal_of, refusal_of_view

NASTY = "<!channel> <@U0ANA> <http://evil|Approve> & *bold* `code` :white_check_mark: ✅ \u202e"


def shown(of=None) -> Message:
    return message_of(of or story(), "nonce")


def texts(message: Message) -> list[dict[str, Any]]:
    """Every text object, wherever it stands."""
    found: list[dict[str, Any]] = []

    def walk(part: object) -> None:
        if isinstance(part, dict):
            if part.get("type") in {"plain_text", "mrkdwn"}:
                found.append(part)
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(message.blocks)
    return found


def samples() -> list[str]:
    names = sorted(path.stem for path in Path(FOLDER).glob("*.json"))
    return [name for name in names if name != "manifest" and not name.startswith("ping")]


@pytest.mark.parametrize("name", samples())
def test_every_sample_fits_and_shows_its_ids_and_addresses(name: str) -> None:
    request = sample(name).request
    found = inspect(request, SHIPPED)
    record = approval(request_id=request.request_id, digest=found.digest, type=request.type)
    message = shown(story(found, record))
    assert refusal_of(message.text, message.blocks) is None
    everything = " ".join(part["text"] for part in texts(message))
    addresses = [output.address for output in found.claims.outputs]
    addresses += [effect.to.text for effect in found.effects if isinstance(effect, Transfer)]
    for needed in (request.request_id, found.digest, *addresses):
        assert needed in everything
    verified = everything.count(":mag: *VERIFIED*")
    assert verified == (type(found.integrity).__name__ == "Passed")


def test_buttons_say_approve_and_reject_and_approve_confirms_amount_and_destination() -> None:
    message = shown()
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    (approve, reject), (freeze, details) = rows
    assert (approve["action_id"], approve["text"]["text"]) == (APPROVE, "Approve")
    assert (reject["action_id"], reject["text"]["text"]) == (REJECT, "Reject")
    assert (freeze["action_id"], freeze["text"]["text"]) == (FREEZE, "Freeze")
    assert (details["action_id"], details["text"]["text"]) == (DETAILS, "Details")
    assert "2,500 USDT" in approve["confirm"]["text"]["text"]
    assert TO.text in approve["confirm"]["text"]["text"]
    for button, act in zip(
        (approve, reject, freeze, details),
        (Act.APPROVE, Act.REJECT, Act.FREEZE, Act.DETAILS),
        strict=True,
    ):
        token = read_token(button["value"])
        assert token == Token("nonce", approval().member, approval().digest, act)


def test_a_finger_that_slips_from_reject_does_not_freeze() -> None:
    rows = [block["elements"] for block in shown().blocks if block["type"] == "actions"]
    assert [[each["text"]["text"] for each in row] for row in rows] == [
        ["Approve", "Reject"],
        ["Freeze", "Details"],
    ]
    assert [[each.get("style") for each in row] for row in rows] == [
        ["primary", "danger"],
        [None, None],
    ]


@pytest.mark.parametrize(
    ("name", "glance"),
    [
        ("transfer", "Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum · VERIFIED · 0 of 1"),
        ("refused", "REFUSED: Cobo says: send 2500 ETH_USDT -> 0xd631…2A2c · Refused: what"),
        ("blind", "NOT VERIFIED: Sign a bare hash 0x9c9c…9c9c as 0xe461…03EE (raw) · BLIND"),
        (
            "transfer_look_alike",
            "Send 2,500 USDT -> 0xd631…2A2c on Ethereum · VERIFIED · LOOK-ALIKE",
        ),
    ],
)
def test_a_lock_screen_says_at_once_what_it_is_and_whether_it_was_verified(
    name: str, glance: str
) -> None:
    assert unescape(shown(told(*CASES[name])).text)[:100].startswith(glance)


def test_where_the_first_line_is_long_the_lock_screen_says_first_that_it_was_verified() -> None:
    names = replace(NAMES, address=lambda _, __: "the-cold-wallet-of-treasury")
    text = shown(story(findings(replace(TRANSFER, sender=TETHER)), names=names)).text
    assert text.startswith("VERIFIED: Send 2,500 USDT of the-cold-wallet-of-treasury (0xdAC1…1ec7)")


def test_what_confirms_repeats_the_worst_of_the_warnings() -> None:
    warned = findings(flags=(Flag("unlimited_allowance", "Any amount."),))
    row, _ = [block for block in shown(story(warned)).blocks if block["type"] == "actions"]
    said = row["elements"][0]["confirm"]["text"]["text"]
    assert said.startswith("UNLIMITED ALLOWANCE. Send 2,500 USDT to ")


def test_nothing_of_a_request_is_ever_read_as_markup() -> None:
    claims = Claims(
        wallet_name=NASTY,
        vault_name=NASTY,
        description=NASTY,
        initiator=NASTY,
        initiator_type=NASTY,
        categories=(NASTY,),
        outputs=(ClaimedOutput(NASTY, NASTY, NASTY),),
        transaction_type=NASTY,
        token_id=NASTY,
        chain_id=NASTY,
    )
    found = findings(claims=claims, summary=NASTY, integrity=unverified(NASTY))
    for message in (shown(story(found)), shown(story(replace(found, effects=())))):
        dumped = json.dumps([message.text, message.blocks], ensure_ascii=False)
        assert "<!channel" not in dumped
        assert "<@" not in dumped
        assert "<http" not in dumped
        assert "✅" not in dumped
        assert not set("*`~") & set(message.text), "beside the blocks Slack reads markup"
        assert ":white_check_mark:" not in message.text
        assert "\u202e" not in dumped
        for part in texts(message):
            if "channel" in part["text"]:
                assert part["type"] == "plain_text"
                assert part["emoji"] is False
            if part["type"] == "mrkdwn":
                assert part["verbatim"] is True
        assert refusal_of(message.text, message.blocks) is None


def test_names_and_reasons_of_people_are_no_markup_either() -> None:
    record = approval(ask(need("<!here>", 2, (NASTY,))))
    message = shown(story(record=record))
    assert "<!here>" not in json.dumps(message.blocks)
    marked = [part["text"] for part in texts(message) if part["type"] == "mrkdwn"]
    assert any("&lt;!here&gt;" in text for text in marked)
    assert not any("<@U0ANA>" in text for text in marked)


def test_only_our_own_words_carry_markup() -> None:
    for part in texts(shown()):
        if part["type"] == "mrkdwn":
            assert "Hot wallet" not in part["text"]
            assert "0x" not in part["text"]


@pytest.mark.parametrize("strength", ["any", "ssh"])
def test_what_needs_a_signature_shows_the_command_instead_of_the_button(strength: str) -> None:
    record = approval(ask(strength=strength))
    message = shown(story(record=record))
    dumped = json.dumps(message.blocks)
    assert (APPROVE in dumped) == (strength == "any")
    assert REJECT in dumped
    command = f"countersign approve {record.member} --reason"
    assert (command in dumped) == (strength == "ssh")


def test_what_does_not_fit_cannot_be_approved_by_a_click() -> None:
    message = shown(story(findings(*[TRANSFER] * 20)))
    dumped = json.dumps(message.blocks)
    assert APPROVE not in dumped
    assert "14 more effects" in dumped
    assert REVIEW in dumped
    for number in (700, 2_000):
        message = shown(story(findings(*[TRANSFER] * number)))
        dumped = json.dumps(message.blocks)
        assert APPROVE not in dumped
        assert REVIEW not in dumped, "no form holds it either"
        assert "countersign approve" in dumped


def sections(message: Message, name: str) -> list[dict[str, Any]]:
    """The blocks whose id begins so, whatever the version."""
    return [block for block in message.blocks if block["block_id"].startswith(name)]


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        ("pending", ":hourglass_flowing_sand:"),
        ("two_of_three", ":hourglass_flowing_sand:"),
        ("approved_waiting", ":hourglass_flowing_sand:"),
        ("timing_out", ":hourglass_flowing_sand:"),
        ("rejected_by_person", ":hourglass_flowing_sand:"),
        ("approved", ":white_check_mark:"),
        ("overridden", ":white_check_mark:"),
        ("rejected_by_person_final", ":x:"),
        ("timed_out", ":x:"),
        ("frozen_meanwhile", ":snowflake:"),
        ("signed", ":white_check_mark:"),
        ("failed", ":white_check_mark:"),
        ("signed_other", ":rotating_light:"),
        ("signed_without_yes", ":rotating_light:"),
        ("damaged", ":rotating_light:"),
    ],
)
def test_only_what_is_final_bears_a_mark_of_an_end(state: str, mark: str) -> None:
    message = shown(standing(f"state_{state}"))
    (status,) = sections(message, "status")
    assert status["text"]["text"].startswith(f"{mark} *")
    everything = " ".join(part["text"] for part in texts(message))
    assert everything.count(":white_check_mark:") == (mark == ":white_check_mark:")


def test_the_deadline_is_large_while_it_is_open_and_gone_afterwards() -> None:
    (deadline,) = sections(shown(), "deadline")
    assert deadline["text"]["text"].startswith(":alarm_clock: Decide before *<!date^")
    assert shown().text.count("decide before 14:23 UTC") == 1
    ended = shown(story(decision=Approved(("ana",), "")))
    assert sections(ended, "deadline") == []
    assert "decide before" not in ended.text


def test_doubts_are_large_and_never_folded_away_and_grounds_for_belief_are_small() -> None:
    (small,) = sections(shown(), "fact-why")
    assert small["type"] == "context"
    (large,) = sections(shown(story(findings(integrity=unverified("no nonce")))), "fact-why")
    assert (large["type"], large["expand"]) == ("section", True)


def test_ids_stand_last_in_small_print_apart_from_what_cobo_says() -> None:
    record = approval()
    *_, says, claimed, end, ids, buttons, _ = shown().blocks
    assert says["text"]["text"] == ":speech_balloon: *Cobo says* · none of this is proved"
    assert claimed["fields"][0]["text"] == "*Initiator*"
    assert (end["type"], buttons["type"]) == ("divider", "actions")
    assert [part["text"] for part in ids["elements"]] == [
        f"Node: {record.node}",
        f"Request id: {record.request_id}",
        f"Digest: {record.digest}",
    ]


def test_what_belongs_together_stands_together() -> None:
    def labels(blocks: list[dict[str, Any]]) -> list[list[str]]:
        return [[part["text"].strip("*") for part in block["fields"][::2]] for block in blocks]

    message = shown(story(findings(TRANSFER, TRANSFER, notes=(Note("Nonce", "9"),))))
    assert labels(sections(message, "fact-proved")) == [
        ["1 Amount", "1 To", "1 Token"],
        ["2 Amount", "2 To", "2 Token"],
        ["From", "Chain", "Fee at most"],
        ["Nonce"],
    ]
    flags = tuple(Flag(risk, "why") for risk in RISKS[:6])
    parts = sections(shown(story(findings(flags=flags))), "fact-flags")
    assert [len(part) for part in labels(parts)] == [3, 3]


def test_a_notice_can_only_be_read() -> None:
    dumped = json.dumps(shown(story(record=approval(notice=True))).blocks)
    assert not [name for name in (APPROVE, REVIEW, REJECT, FREEZE) if name in dumped]
    assert DETAILS in dumped


def test_after_the_decision_it_can_only_be_read() -> None:
    dumped = json.dumps(shown(story(decision=Approved(("ana",), ""))).blocks)
    assert not [name for name in (APPROVE, REVIEW, REJECT, FREEZE) if name in dumped]
    assert DETAILS in dumped


def test_where_nobody_is_on_call_nobody_is_offered_to_freeze() -> None:
    message = shown(replace(story(), freezable=False))
    assert [*words(message)] == ["Approve", "Reject", "Details"]


def words(message: Message) -> list[str]:
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row["elements"]]


def test_the_deadline_is_shown_in_the_readers_own_time() -> None:
    record = approval()
    dumped = json.dumps(shown(story(record=record)).blocks)
    assert f"<!date^{record.deadline // 1000}^{{time}}|14:23 UTC>" in dumped


def test_a_deadline_that_is_far_away_names_its_day() -> None:
    record = approval(deadline=NOW + 23 * 3_600_000)
    message = shown(story(record=record))
    seconds, spelled = record.deadline // 1000, "{date_short_pretty} at {time}"
    assert f"<!date^{seconds}^{spelled}|2026-09-22 13:13 UTC>" in json.dumps(message.blocks)
    assert "decide before 2026-09-22 13:13 UTC" in message.text


def test_each_version_of_a_message_has_new_block_ids_and_the_same_facts() -> None:
    one, two = shown(), shown(story(record=approval(revision=2)))
    ids = {block["block_id"] for block in one.blocks}
    assert not ids & {block["block_id"] for block in two.blocks}
    assert one.shown == two.shown
    assert one.face == two.face


def test_slacks_echo_shows_the_same_facts() -> None:
    claims = replace(CLAIMS, wallet_name=NASTY, description="https://example.org/x a  b")
    message = shown(story(findings(claims=claims)))
    assert shown_of(echo(message.blocks)) == message.shown


@pytest.mark.parametrize("field", ["headline", "amount", "to", "why", "seal", "claim", "label"])
def test_another_text_in_any_fact_is_another_fact(field: str) -> None:
    message = shown()
    blocks = json.loads(json.dumps(message.blocks))
    wanted = {
        "headline": "Send 2,500",
        "amount": "2,500 USDT",
        "to": TO.text,
        "why": "decoded from the bytes",
        "seal": ":mag: *VERIFIED*",
        "claim": "Hot wallet",
        "label": "*To*",
    }[field]
    changed = json.loads(json.dumps(blocks).replace(wanted, wanted[:-1] + "!", 1))
    assert changed != blocks
    assert shown_of(changed) != message.shown


@pytest.mark.parametrize("odd", [None, 3, "blocks", [3], [{"block_id": "fact"}], [{"block_id": 3}]])
def test_an_odd_echo_shows_nothing_of_ours(odd: object) -> None:
    assert shown_of(odd) != shown().shown


def test_moving_facts_around_makes_other_facts() -> None:
    message = shown()
    assert shown_of(list(reversed(message.blocks))) != message.shown
    assert shown_of(message.blocks[1:]) != message.shown
    assert shown_of([*message.blocks, message.blocks[0]]) != message.shown


FIELDS = st.text(st.one_of(st.characters(), st.sampled_from("&<>*`✅\u202e")), max_size=3_000)


@given(FIELDS, FIELDS, st.integers(0, 12), st.integers(0, 2**256), st.integers(0, 40))
def test_whatever_a_request_holds_the_message_fits(
    one: str, two: str, effects: int, amount: int, rules: int
) -> None:
    asset = Asset("X", one, two, Address("evm", b"", two), 18)
    transfer = Transfer("X", asset, None, Address("evm", b"", one), amount)
    found = findings(
        *[transfer] * effects,
        integrity=Unverified(tuple(Reason(1, two) for _ in range(12))),
        claims=Claims(
            transaction_id=one,
            transaction_type=two,
            chain_id=one,
            token_id=two,
            source=one,
            outputs=tuple(ClaimedOutput(one, two, one) for _ in range(9)),
            wallet_id=two,
            wallet_name=one,
            initiator=two,
            initiator_type=one,
            categories=(one, two),
            description=two,
        ),
        hashes=("0x" + "9c" * 32,) * 20,
    )
    asked = tuple(RuleAnswer(f"rule-{n}", "why " * 50, "ask", "yes") for n in range(rules))
    record = approval(ask(rules=asked), request_id="&" * 128)
    message = shown(story(found, record, names=NAMES))
    check_message(message.text, message.blocks)
    assert refusal_of(message.text, message.blocks) is None
    assert size(message.blocks) <= ALL_BLOCKS


def test_the_worst_of_everything_still_fits() -> None:
    bad = "&" * 4_000
    asset = Asset(bad, bad, bad, Address("evm", b"", bad), 18)
    transfer = Transfer(bad, asset, None, Address("evm", b"", bad), 2**256)
    claims = Claims(
        transaction_id=bad,
        transaction_type=bad,
        chain_id=bad,
        token_id=bad,
        source=bad,
        outputs=tuple(ClaimedOutput(bad, bad, bad) for _ in range(9)),
    )
    found = findings(*[transfer] * 6, claims=claims, integrity=unverified(*[bad] * 9))
    record = approval(request_id="&" * 128, node="n" * 60)
    message = shown(story(found, record))
    assert refusal_of(message.text, message.blocks) is None
    assert "Not shown" in json.dumps(message.blocks)
    assert APPROVE not in json.dumps(message.blocks)
    assert "&amp;" * 128 in json.dumps(message.blocks), "the request id is always whole"


def test_more_paragraphs_than_slack_takes_blocks_cannot_be_approved_by_a_click() -> None:
    of = story()
    sheet = replace(of.sheet, proved=(Fact("a", "b", begins=True),) * 50)
    message = shown(replace(of, sheet=sheet))
    assert refusal_of(message.text, message.blocks) is None
    assert "Not shown" in json.dumps(message.blocks)
    assert APPROVE not in json.dumps(message.blocks)


def test_flags_are_named_even_where_their_words_leave_no_room_for_anything_else() -> None:
    flags = tuple(Flag(risk, "&" * 299) for risk in RISKS)
    message = shown(story(findings(flags=flags)))
    assert refusal_of(message.text, message.blocks) is None
    dumped = json.dumps(message.blocks, ensure_ascii=False)
    for risk in RISKS:
        assert f":warning: *{RISK_NAMES[risk]}*" in dumped
    assert "… [cut: " in dumped
    assert APPROVE not in dumped


def test_long_claims_are_cut_with_a_marker_and_addresses_are_not() -> None:
    claims = replace(CLAIMS, description="x" * 5_000, outputs=(ClaimedOutput("T" * 60, "1"),))
    dumped = json.dumps(shown(story(findings(claims=claims))).blocks, ensure_ascii=False)
    assert "… [cut: 4," in dumped
    assert "T" * 60 in dumped


def test_many_groups_are_counted_where_they_do_not_fit() -> None:
    record = approval(Verdict("ask", needs=tuple(Need(f"g{n}", 1, ("ana",)) for n in range(30))))
    message = shown(story(record=record, decision=pending(record)))
    assert refusal_of(message.text, message.blocks) is None
    assert "more lines, not shown here" in json.dumps(message.blocks)


def test_the_form_fits_and_asks_for_an_optional_reason() -> None:
    nasty = findings(summary=NASTY * 40, effects=())
    view = bound(vote_view(story(nasty), Choice.REJECT), "token")
    assert refusal_of_view(view) is None
    (asked,) = [block for block in view["blocks"] if block["type"] == "input"]
    assert asked["optional"]
    assert asked["element"]["max_length"] == 500
    assert view["private_metadata"] == "token"


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "header", "text": {"text": "x" * 151}},
        {"type": "section", "text": {"text": "x" * 3_001}},
        {"type": "section", "text": {"text": ""}},
        {"type": "section"},
        {"type": "section", "fields": [{"text": "x"}] * 11},
        {"type": "section", "fields": [{"text": "x" * 2_001}]},
        {"type": "context", "elements": [{"text": "x"}] * 11},
        {"type": "divider", "block_id": "x" * 256},
        {"type": "image"},
        {"type": "actions", "elements": [{"text": {"text": "x" * 76}, "action_id": "a"}]},
        {
            "type": "actions",
            "elements": [{"text": {"text": "x"}, "action_id": "a", "value": "x" * 2_001}],
        },
    ],
)
def test_what_slack_would_refuse_is_never_sent(broken: dict[str, Any]) -> None:
    with pytest.raises(OverLimit):
        check_message("text", [broken])


def test_too_many_or_too_large_blocks_are_never_sent() -> None:
    section = {"type": "section", "text": {"text": "x" * 2_900}}
    for blocks in (
        [{"type": "divider"}] * 51,
        [section] * 4,
        [],
        [{"type": "divider", "block_id": "a"}] * 2,
    ):
        with pytest.raises(OverLimit):
            check_message("text", blocks)
    with pytest.raises(OverLimit):
        check_message("", [{"type": "divider"}])
    view = vote_view(story(), Choice.REJECT)
    with pytest.raises(OverLimit):
        bound(view, "x" * 3_001)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "W10=",
        None,
        3,
        "x" * 3_000,
        "WyJhIl0=",
        "W1tbW1s=",
        Token("n", "m", "d", Act.APPROVE).encode() + "\n",
    ],
)
def test_a_token_that_we_did_not_write_is_none(value: object) -> None:
    assert read_token(value) is None


def test_a_token_survives_any_name_we_take() -> None:
    token = Token("n" * 22, "n" * 64 + "/" + "~" * 128 + " " + "f" * 16, "ab" * 32, Act.REJECT)
    assert len(token.encode()) <= 2_000
    assert read_token(token.encode()) == token


def test_rendering_is_pure() -> None:
    told = story()
    one = render(told, lambda act: act.value)
    two = render(told, lambda act: act.value)
    assert one == two
