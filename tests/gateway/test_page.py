"""`countersign show` in 80 columns: the same content as in Slack, kept as text files.

After a change that is meant to be seen, read the new texts before they are kept:

    GOLDEN=write .venv/bin/pytest -n 0 tests/gateway/test_page.py && git diff tests/gateway
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from approvals.acquaintance import Remark
from approvals.aftermath.facts import After, Reported, Stage, Taken
from approvals.codec import approval_to_json
from approvals.findings import Findings
from approvals.model import Approval, Cause, Outcome
from approvals.model import Final as FinalFact
from gateway.oncall import page
from gateway.oncall.dossier import Dossier, open_dossier
from gateway.oncall.page import page_of, print_list, print_page
from gateway.oncall.terminal import Failure
from notifiers.words.aftermath import history
from notifiers.words.facts import PAGE
from notifiers.words.ink import Ink
from notifiers.words.sheet import sheet_of
from notifiers.words.status import day_and_clock, status_of
from tests.notifiers.cases import CASES, told
from tests.notifiers.examples import NAMES, NOW
from tests.support.golden import same_as_golden

GOLDEN = Path(__file__).parent / "golden"
SHOWN = (
    "approval_unlimited",
    "blind",
    "call_with_calls",
    "every_flag",
    "many_payees",
    "reshare_lowered",
    "transfer_look_alike",
)


def entry(found: Findings, record: Approval, remarks: tuple[Remark, ...]) -> dict[str, object]:
    """What the desk says of a case."""
    story = told(found, record, remarks)
    status = status_of(record, story.decision)
    return {
        "member": record.member,
        "gateway": "SHA256:gateway",
        "policy": record.policy,
        "state": status.state,
        "status": status.line,
        "details": list(status.details),
        "wanted": list(status.wanted),
        "headline": story.sheet.headline,
        "warning": story.sheet.worst,
        "verified": story.sheet.verified,
        "remarks": [[fact.label, fact.value] for fact in story.sheet.remarks],
        "approval": json.loads(approval_to_json(record)),
        "request": None,
        "after": {"taken": None, "reported": []},
        "overdue": False,
        "wallet": None,
    }


def dossier(name: str) -> Dossier:
    return open_dossier(entry(*CASES[name]))


def show(name: str) -> None:
    found, record, _ = CASES[name]
    sheet = sheet_of(record, found, NAMES, room=PAGE)
    print_page(sheet.headline, sheet.badge, page_of(dossier(name), sheet, NOW))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("name", SHOWN)
def test_a_terminal_shows_what_was_read_before(name, terminal, capsys) -> None:
    show(name)
    shown = "".join(f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines())
    assert max(map(len, shown.splitlines())) <= 80
    assert same_as_golden(GOLDEN / f"{name}.txt", shown), shown


def test_every_golden_text_is_of_a_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(SHOWN)


@pytest.mark.parametrize("name", CASES)
def test_a_pipe_gets_all_that_a_message_shows_and_more(name, capsys) -> None:
    show(name)
    shown = capsys.readouterr().out
    found, record, remarks = CASES[name]
    sheet = told(found, record, remarks).sheet
    for fact in (*sheet.flags, *sheet.remarks, *sheet.proved, *sheet.asked, *sheet.claimed):
        if fact.label not in ("Not shown", "As above"):
            assert f"{fact.label}:" in shown
            assert fact.value.partition(" … [cut: ")[0] in shown
    assert "Not shown" not in shown
    assert "As above" not in shown
    assert "[cut: " not in shown


def test_warnings_and_what_the_gateway_remembers_come_before_the_badge(capsys) -> None:
    show("every_flag")
    lines = capsys.readouterr().out.splitlines()
    order = [
        next(place for place, line in enumerate(lines) if line.startswith(start))
        for start in (
            "NOT VERIFIED: Let",
            "Warnings",
            "  PERMISSION CHANGE:",
            "  UNKNOWN INITIATOR:",
            "This gateway remembers",
            "  LOOK-ALIKE ADDRESS:",
            "  FIRST TIME:",
            "NOT VERIFIED: It calls",
            "From the bytes",
        )
    ]
    assert order == sorted(order)


def test_a_list_names_the_worst_flag_and_doubt_stays_first(capsys, terminal) -> None:
    listed = (dossier("call_with_calls"), dossier("transfer_look_alike"), dossier("transfer"))
    print_list(listed, NOW, "")
    shown = capsys.readouterr().out
    assert shown.index("NOT VERIFIED: Call") < shown.index("UNLIMITED ALLOWANCE")
    assert shown.count("LOOK-ALIKE ADDRESS") == 1
    assert shown.index("UNLIMITED ALLOWANCE") < shown.index(listed[0].member)


def test_a_pipes_list_names_the_worst_flag_in_a_column_of_its_own(capsys) -> None:
    print_list((dossier("call_with_calls"), dossier("transfer")), NOW, "")
    flagged, plain = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert flagged[3].startswith("NOT VERIFIED: Call multicall(bytes[])")
    assert (flagged[4], plain[4]) == ("UNLIMITED ALLOWANCE", "")


def test_a_reason_is_shown_once(capsys) -> None:
    show("state_approved")
    assert capsys.readouterr().out.count("Matches invoice 2041") == 1
    bare = replace(dossier("state_approved"), details=())
    rows = [row for section in page_of(bare, None, NOW) for row in section.rows]
    assert [value.endswith(": Matches invoice 2041") for label, value in rows].count(True) == 1


@pytest.mark.parametrize("odd", [None, [["a"]], [["a", "b", "c"]], [3], [[1, 2]], 3])
def test_remarks_that_a_gateway_did_not_write_are_one_sentence(odd: object) -> None:
    with pytest.raises(Failure, match="of another version"):
        open_dossier(entry(*CASES["transfer"]) | {"remarks": odd})


def test_what_the_gateway_remembers_is_made_safe_to_read() -> None:
    nasty = entry(*CASES["transfer"]) | {"remarks": [["\x1b[31mA\u202e", "b\nc ✅"]]}
    assert open_dossier(nasty).remarks == (("[31mA", "b c [U+2705]"),)


AT = 1_790_000_000_000
YES = FinalFact(Outcome.APPROVE, None, "", AT, 1, "f" * 64)
NO = replace(YES, outcome=Outcome.REJECT, cause=Cause.RULE)
GARBLED = "is not as we wrote it: see the log"
UNEXPLAINED = "if nobody can explain it at once, stop the node"
CLOCK = Ink(time=lambda at: f"+{(at - AT) // 1000} s")


def reports(stage: Stage, at: int, *, agrees: bool | None = True, why: str = "") -> Reported:
    return Reported(f"e-{stage}", stage, AT + at, AT + at, why, agrees)


@pytest.mark.parametrize(
    ("final", "after", "overdue", "said"),
    [
        (
            YES,
            After(Taken(AT + 1_000), (reports("created", 2_000), reports("succeeded", 3_000))),
            False,
            [("Taken by the node", "+1 s"), ("Signed", "+3 s")],
        ),
        (
            YES,
            After(None, (reports("failed", 9_000, why="no\x1b[2J"),)),
            False,
            [("Failed", "+9 s: no[2J")],
        ),
        (
            YES,
            After(None, (reports("succeeded", 3_000, agrees=False),)),
            False,
            [("Signed", f"+3 s, BUT NOT what was approved: {UNEXPLAINED}")],
        ),
        (
            NO,
            After(Taken(AT), (reports("succeeded", 3_000),)),
            False,
            [
                (
                    "Signed",
                    f"+3 s, WITHOUT our yes: {UNEXPLAINED}, and freeze",
                )
            ],
        ),
        (YES, After(whole=False), False, [("Not known", f"what is kept of it {GARBLED}")]),
        (YES, After(), False, []),
    ],
    ids=["taken and signed", "failed", "another", "without our yes", "unknown", "nothing yet"],
)
def test_a_page_tells_all_that_came_after_the_decision(final, after, overdue, said) -> None:
    _, record, _ = CASES["transfer"]
    decided = replace(record, final=final)
    assert list(history(decided, after, CLOCK, overdue=overdue)) == said
    seen = replace(dossier("transfer"), approval=decided, after=after)
    sections = [section for section in page_of(seen, None, NOW) if section.rows == _days(said)]
    loud = any("BUT NOT" in text or "WITHOUT" in text for _, text in said)
    assert [(section.title, section.loud) for section in sections] == [
        ("After the decision", loud) for _ in said[:1]
    ]


def _days(said: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The same with the days and clocks of a page."""
    return tuple(
        (label, re.sub(r"^\+(\d+) s", lambda at: day_and_clock(AT + 1000 * int(at[1])), text))
        for label, text in said
    )


def test_a_page_says_what_to_do_about_a_node_that_does_not_come() -> None:
    _, record, _ = CASES["transfer"]
    ((label, text),) = history(replace(record, final=None), After(), overdue=True)
    assert label == "Not fetched"
    assert text.startswith("the node has not come back for the answer; it last asked at ")
    assert "Is it running, and does it reach us? It can fetch the answer until " in text
