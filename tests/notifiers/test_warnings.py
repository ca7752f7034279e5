"""Risks stand before everything else, worst first; then what our own records remark."""

import json
from dataclasses import replace

import pytest

from approvals.acquaintance import Remark
from approvals.risks import RISKS, Flag, worst_first
from notifiers.ports import Story
from notifiers.slack.buttons import APPROVE
from notifiers.slack.draft import message_of
from notifiers.words.facts import MESSAGE
from notifiers.words.sheet import Sheet, sheet_of
from notifiers.words.warnings import RISK_NAMES
from tests.notifiers.examples import NAMES, approval, ask, findings, pending, unverified
from tests.notifiers.examples import story as told

NOBODY = approval(ask(initiator_known=False))
LOOK_ALIKE = Remark("look_alike_destination", "0xd631…2A2c begins and ends like another")
FIRST = Remark("first_time_destination", "no earlier payment of this wallet is on record")


def flagged(*flags: Flag, record=None, remarks=()) -> Sheet:
    found = findings(flags=worst_first(flags))
    return sheet_of(record or approval(), found, NAMES, remarks=remarks)


def labels(sheet: Sheet) -> list[str]:
    return [fact.label for fact in sheet.flags]


def test_every_risk_has_a_name_of_its_own_for_people() -> None:
    assert set(RISK_NAMES) == set(RISKS)
    assert len(set(RISK_NAMES.values())) == len(RISKS)
    assert all(name.isupper() and len(name) <= 20 for name in RISK_NAMES.values())


def test_the_worst_stands_first_and_the_unknown_initiator_last() -> None:
    flags = [Flag(risk, f"about {risk}") for risk in reversed(RISKS[:-1])]
    sheet = flagged(*flags, record=NOBODY)
    assert labels(sheet) == [RISK_NAMES[risk] for risk in RISKS]
    assert sheet.flags[-1].value == (
        "The policy names nobody as this initiator: whoever asked for it may also approve it."
    )
    assert sheet.whole


def test_separation_of_duty_is_said_once() -> None:
    shown = json.dumps(message_of(told(record=NOBODY), "n").blocks)
    assert shown.count("may also approve it") == 1
    assert "may also approve it" not in json.dumps(message_of(told(), "n").blocks)


def test_what_only_cobo_says_is_marked_so() -> None:
    (fact,) = flagged(Flag("replacement", "It replaces another one.", proved=False)).flags
    assert fact.value == "It replaces another one (Cobo says)."
    (fact,) = flagged(Flag("fee_unusual", "Its fee is high.")).flags
    assert fact.value == "Its fee is high."


def test_flags_stand_directly_under_the_headline_in_slack_and_then_the_remarks() -> None:
    record = NOBODY
    sheet = flagged(Flag("delegatecall", "It runs foreign code."), record=record, remarks=(FIRST,))
    blocks = message_of(Story(record, pending(record), sheet), "n").blocks
    assert [block["block_id"].rpartition("-r")[0] for block in blocks[:4]] == [
        "fact-what",
        "fact-flags-0",
        "fact-remarks-0",
        "status",
    ]
    label, text, *_ = blocks[1]["fields"]
    assert label["text"] == ":warning: *RUNS FOREIGN CODE*"
    assert (text["type"], text["text"]) == ("plain_text", "It runs foreign code.")
    assert blocks[2]["fields"][0]["text"] == ":eyes: *FIRST TIME*"


def test_flags_and_remarks_are_among_the_facts_that_a_click_must_show() -> None:
    def shown(*flags: Flag, remarks=()) -> str:
        sheet = flagged(*flags, remarks=remarks)
        return message_of(Story(approval(), pending(approval()), sheet), "n").shown

    one = Flag("blind", "One.")
    every = {shown(one), shown(replace(one, text="Two.")), shown(), shown(remarks=(FIRST,))}
    assert len(every | {shown(replace(one, proved=False))}) == 5


@pytest.mark.parametrize(
    ("flags", "remarks", "worst"),
    [
        ((), (), ""),
        ((Flag("fee_unusual", "x"),), (), "UNUSUAL FEE"),
        ((Flag("blind", "x"), Flag("owner_change", "x")), (), "OWNER CHANGE"),
        ((), (FIRST,), ""),
        ((), (LOOK_ALIKE, FIRST), "LOOK-ALIKE ADDRESS"),
        ((Flag("replacement", "x"),), (LOOK_ALIKE,), "REPLACEMENT · LOOK-ALIKE ADDRESS"),
    ],
)
def test_a_notification_and_a_list_name_the_worst(flags, remarks, worst: str) -> None:
    sheet = flagged(*flags, remarks=remarks)
    assert sheet.worst == worst
    message = message_of(Story(approval(), pending(approval()), sheet), "n")
    headline, proved, *rest = message.text.split(" · ")
    assert headline.startswith("Send 2,500 USDT")
    assert proved == "VERIFIED"
    assert " · ".join(rest).startswith(worst or "0 of 1")


def test_doubt_is_said_with_its_reasons_and_not_flagged_besides() -> None:
    found = findings(
        flags=(Flag("unverified", "x"), Flag("fee_unusual", "x")), integrity=unverified("why")
    )
    sheet = told(found).sheet
    assert [fact.label for fact in sheet.flags] == ["UNUSUAL FEE"]
    assert sheet.worst == "UNUSUAL FEE"
    shown = json.dumps(message_of(told(found), "n").blocks)
    assert shown.count("NOT VERIFIED") == 2 + 1  # the header, the seal, and the confirm dialog
    assert flagged(Flag("unverified", "x")).worst == "NOT VERIFIED"


def test_a_look_alike_is_a_warning_and_a_first_time_is_not() -> None:
    sheet = flagged(remarks=(LOOK_ALIKE, FIRST))
    blocks = message_of(Story(approval(), pending(approval()), sheet), "n").blocks
    first, _, second, _ = blocks[1]["fields"]
    assert first["text"] == ":warning: *LOOK-ALIKE ADDRESS*"
    assert second["text"] == ":eyes: *FIRST TIME*"


def test_doubt_stays_the_first_word_of_a_notification() -> None:
    found = findings(flags=(Flag("blind", "x"),), integrity=unverified("why"))
    assert message_of(told(found), "n").text.startswith("NOT VERIFIED: Send")


def test_flags_without_room_are_counted_by_name_and_nothing_can_be_approved_by_a_click() -> None:
    flags = [Flag("unlimited_allowance", f"number {n}") for n in range(30)]
    record = NOBODY
    sheet = flagged(*flags, record=record)
    assert len(sheet.flags) == MESSAGE.flags + 1
    last = sheet.flags[-1]
    assert (last.label, last.value) == (
        "21 MORE FLAGS",
        "20 x UNLIMITED ALLOWANCE, 1 x UNKNOWN INITIATOR",
    )
    blocks = message_of(Story(record, pending(record), sheet), "n").blocks
    assert APPROVE not in json.dumps(blocks)


def test_a_flag_that_was_cut_says_so_and_takes_the_button_away() -> None:
    sheet = flagged(Flag("owner_change", "x" * 301))
    assert "[cut: " in sheet.flags[0].value
    assert not sheet.whole


def test_remarks_without_room_are_counted() -> None:
    sheet = flagged(remarks=[LOOK_ALIKE] * 13)
    assert sheet.remarks[-1].value == "3 more remarks"
    assert not sheet.whole
