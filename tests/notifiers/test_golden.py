"""What an approver meets on a phone at 3 a.m., for every kind of request, kept as text files.

After a change that is meant to be seen, read the new texts before they are kept:

    GOLDEN=write .venv/bin/pytest -n 0 tests/notifiers/test_golden.py && git diff tests/notifiers
"""

from dataclasses import replace
from pathlib import Path

import pytest

from approvals.model import Choice
from approvals.recent import Recent
from notifiers.health import _Outage, _sentence
from notifiers.schedule import Due
from notifiers.slack.details import details_view
from notifiers.slack.draft import message_of
from notifiers.slack.freezing import scopes_of
from notifiers.slack.limits import Json
from notifiers.slack.modal import Scopes, bound, freeze_view, vote_view
from notifiers.slack.overflow import Part, parts_of
from notifiers.slack.review import review_view
from notifiers.slack.summary import line_of
from notifiers.slack.text import SLACK_INK, unescape
from notifiers.words.aftermath import sentences
from notifiers.words.escalating import brief, called_line, mention_in_slack, sentence
from notifiers.words.freezes import freeze_news
from notifiers.words.overrides import announcement
from tests.notifiers.cases import CASES, FROZEN, THAWED, read, standing, told
from tests.notifiers.composed import many_payees
from tests.support.golden import same_as_golden
from tests.support.records import ELECTORATE, NOW, approval
from tests.support.requests import Sample, sample
from tests.support.slack_phone import form, phone
from tests.support.slack_rules import refusal_of, refusal_of_view

GOLDEN = Path(__file__).parent / "golden"


FORMS = {
    "form_approve": vote_view(told(*CASES["reason_wanted"]), Choice.APPROVE),
    "form_approve_warned": vote_view(told(*CASES["transfer_look_alike"]), Choice.APPROVE),
    "form_reject": vote_view(told(*CASES["transfer"]), Choice.REJECT),
    "form_reject_why": vote_view(told(*CASES["reason_wanted"]), Choice.REJECT),
    "form_freeze": freeze_view(scopes_of(CASES["sample_keysign_erc20_usdt"][0])),
    "form_freeze_unknown": freeze_view(Scopes()),
}


DETAILS = {
    "details_transfer": sample("keysign_erc20_usdt"),
    "details_contract_call": sample("keysign_contract_call_approve"),
    "details_typed_data": sample("keysign_eip712_permit"),
    "details_message": sample("keysign_eip191"),
    "details_solana": sample("keysign_spl_usdc"),
    "details_keygen": sample("keygen_secp256k1"),
    "details_refused": sample("bad_hash_mismatch"),
    "details_bitcoin": many_payees(24),
}
LONG = {
    "bitcoin_many": many_payees(24),
    "bitcoin_hundreds": many_payees(200),
}


def details(asked: Sample) -> Json:
    found, record, _ = read(asked)
    return details_view(told(found, record), asked.request, found, NOW)


def review(asked: Sample) -> Json:
    view = review_view(told(*read(asked)))
    assert view is not None
    return view


def parts(asked: Sample) -> list[Part]:
    """What goes below a message."""
    overflow = message_of(told(*read(asked)), "nonce").overflow
    assert overflow is not None
    return list(parts_of(overflow))


def _parts(asked: Sample) -> str:
    """Each part as a phone shows it."""
    shown = []
    for part in parts(asked):
        assert refusal_of(part.text, part.blocks) is None
        shown.append(phone(part.text, part.blocks))
    return "\n".join(shown)


def _said() -> dict[str, str]:
    """What is said once, in the channel or below a message."""
    both = CASES["override_asked_both_ways"][1], CASES["override_approved"][1]
    votes = [announcement(record, vote) for record in both for vote in record.votes]
    frozen = freeze_news(FROZEN, (), None)
    thawed = freeze_news(THAWED, {name for name, _ in frozen}, 10)
    return {
        "said_after": _after(),
        "said_calls": _calls(),
        "said_outage": _outage(),
        "said_burst": _burst(),
        "said_overrides": "\n\n".join(votes) + "\n",
        "said_freezes": "\n\n".join(text for _, text in (*frozen, *thawed)) + "\n",
    }


def _after() -> str:
    """What the thread reads after the decision."""
    names = [f"state_{name}" for name in ("overdue", "taken", "signed", "failed", "signed_other")]
    return "\n\n".join(text for name in names for _, text in sentences(standing(name))) + "\n"


def _outage() -> str:
    """What the channel reads when Slack is back, or clicks are."""
    away = _Outage(NOW, "", away=True, told={"pager": _members(1)})
    deaf = _Outage(NOW, "", away=False, told={"mail": _members(2), "pager": _members(12)})
    return "\n\n".join(_sentence(each, NOW + 420_000) for each in (away, deaf)) + "\n"


def _members(count: int) -> Recent[str, None]:
    found: Recent[str, None] = Recent(count)
    found.update({f"node-1/{number}": None for number in range(count)})
    return found


def _calls() -> str:
    """An escalation, a reminder, both at once, whom no minute ago; what the message then says."""
    story = told(*CASES["transfer"])
    night, late = (
        Due("on_call", NOW + 300_000, ("dee", "eli")),
        Due("", NOW + 480_000, ("ana", "bo")),
    )
    everybody = mention_in_slack(ELECTORATE.people, SLACK_INK)
    nobody = mention_in_slack({}, SLACK_INK)
    texts = [
        sentence(story, (night,), everybody, SLACK_INK),
        sentence(story, (late,), everybody, SLACK_INK),
        sentence(story, (night, late), everybody, SLACK_INK),
        sentence(story, (night,), nobody, SLACK_INK),
        *(called_line(story.approval, call) for call in (night, late)),
        brief(
            replace(story.approval, revision=2),
            story.sheet.headline,
            "Rejected: nobody decided in time",
        ),
    ]
    return "\n\n".join(texts) + "\n"


def _burst() -> str:
    """The line from its beginning to its end."""
    many = [approval()] * 200
    counts = [(many, 0), (many, 37), (many * 6, 37), (many, 200), ([], 0)]
    return "\n\n".join(line_of(asked, shown, NOW) for asked, shown in counts) + "\n"


SAID = _said()


@pytest.mark.parametrize("name", CASES)
def test_a_phone_shows_what_was_read_before(name: str) -> None:
    message = message_of(standing(name), "nonce")
    assert refusal_of(message.text, message.blocks) is None
    shown = phone(message.text, message.blocks)
    assert same_as_golden(GOLDEN / f"{name}.txt", shown), shown
    assert standing(name).sheet.integrity in unescape(message.text)[:100], (
        "a lock screen shows no more"
    )


@pytest.mark.parametrize("name", FORMS)
def test_a_form_asks_what_was_read_before(name: str) -> None:
    view = bound(FORMS[name], "metadata")
    assert refusal_of_view(view) is None
    assert same_as_golden(GOLDEN / f"{name}.txt", form(view)), form(view)


@pytest.mark.parametrize("name", DETAILS)
def test_details_hold_what_was_read_before(name: str) -> None:
    view = details(DETAILS[name])
    assert refusal_of_view(view) is None
    assert same_as_golden(GOLDEN / f"{name}.txt", form(view)), form(view)


def test_details_say_what_became_of_it_and_name_each_digest_once() -> None:
    story = standing("state_failed")
    shown = form(details_view(story, None, None, NOW))
    assert ":warning: *Failed at 14:17 UTC: node coboWSdAU7eb… is ∗offline∗*\n" in shown
    assert shown.count(story.approval.digest) == 1
    asked = DETAILS["details_transfer"].request
    assert form(details(DETAILS["details_transfer"])).count(asked.digest) == 1


@pytest.mark.parametrize("name", LONG)
def test_what_no_message_holds_is_reviewed_and_posted_as_it_was_read_before(name: str) -> None:
    view = bound(review(LONG[name]), "metadata")
    assert refusal_of_view(view) is None
    assert same_as_golden(GOLDEN / f"review_{name}.txt", form(view)), form(view)
    below = _parts(LONG[name])
    assert same_as_golden(GOLDEN / f"parts_{name}.txt", below), below


@pytest.mark.parametrize("name", SAID)
def test_the_channel_is_told_what_was_read_before(name: str) -> None:
    assert same_as_golden(GOLDEN / f"{name}.txt", SAID[name]), SAID[name]


def test_every_golden_text_is_of_a_case() -> None:
    long = {f"{kind}_{name}" for kind in ("review", "parts") for name in LONG}
    kept = {path.stem for path in GOLDEN.glob("*.txt")}
    assert kept == {*CASES, *FORMS, *SAID, *DETAILS, *long}
