"""Lines that were written again, every hash computed anew, still do not agree with what was signed.

Gateway A takes the votes, the freeze and its thaw; gateway B answers. No head is left to see.
"""

import json
from dataclasses import replace

import pytest

from approvals.audit.lines import body_of
from approvals.audit.verifying import verify_audits
from approvals.chains.tables import SHIPPED
from approvals.events import Answered, Asked, Finalized, FreezeChanged, Learned, Overridden
from approvals.freezes.model import FIRST, Freeze, FreezeRecord, ThawVote
from approvals.freezes.statement import NAMESPACE, FreezeStatement
from approvals.inspect import inspect
from approvals.model import Final, Outcome, Override, SshSignature
from approvals.plain import plain
from keys import sshsig
from tests.support.audits import chained
from tests.support.records import (
    GATEWAY,
    NOW,
    PEOPLE,
    POLICY,
    approval,
    ask,
    signature,
    ssh_key,
    vote,
)
from tests.support.requests import sample

HOUR = 3_600_000
A, B = "aaaaaaaa", "bbbbbbbb"
BY_TWO = ask(override=Override("on_call", ("dee", "eli"), approve=2, reject=1))
YES = Final(Outcome.APPROVE, None, "approved by override", NOW + 2_000, 3, POLICY)


def about(person, **changes):
    """The evidence of a freeze of everything, or of a vote to thaw."""
    text = replace(FreezeStatement(GATEWAY, "an alarm", NOW), **changes).text()
    armored = sshsig.sign(ssh_key(person), NAMESPACE, text.encode())
    return SshSignature(PEOPLE[person].ssh_key or "", armored, text)


FREEZE = Freeze("2-3fa1", None, None, "dee", "an alarm", NOW, about("dee"))
THAWS = tuple(
    ThawVote("2-3fa1", person, "an alarm", NOW, about(person, thaw="2-3fa1"))
    for person in ("dee", "eli")
)
FROZEN = FreezeRecord(2, (FREEZE,))
ASKED_TO_THAW = FreezeRecord(3, (FREEZE,), THAWS[:1])
THAWED = FreezeRecord(4, (), THAWS, ("2-3fa1",))


def request_and_record(number, **changes):
    request = sample("keysign_erc20_usdt").fresh(number).request
    return request, approval(digest=request.digest, request_id=request.request_id, **changes)


def by_override(request, person):
    names = {"digest": request.digest, "request_id": request.request_id, "override": True}
    evidence = signature(person, **names)
    return vote(person, digest=request.digest, reason="I looked", evidence=evidence, override=True)


def changed(what, record, person=None, thaw=None):
    return FreezeChanged(NOW, what, person, record, thaw)


def stories():
    """What both chains hold of a request that an override approved, before a freeze that ended."""
    request, asked = request_and_record(1, verdict=BY_TWO)
    votes = tuple(by_override(request, person) for person in ("dee", "eli"))
    one, both = replace(asked, votes=votes[:1]), replace(asked, votes=votes)
    final = replace(both, final=YES)
    mine = [
        changed("begun", FIRST),
        Overridden(NOW, one, votes[0]),
        Overridden(NOW, both, votes[1]),
        Learned(NOW, final),
        changed("frozen", FROZEN, "dee"),
        changed("thawing", FROZEN, "dee", THAWS[0]),
        changed("thaw_voted", ASKED_TO_THAW, "dee"),
        changed("thawing", ASKED_TO_THAW, "eli", THAWS[1]),
        changed("thawed", THAWED, "eli"),
    ]
    theirs = [
        changed("learned", FIRST),
        Asked(NOW, request, inspect(request, SHIPPED), asked),
        Finalized(NOW, final),
        Answered(NOW, final, "t", 5),
        changed("learned", FROZEN),
        changed("learned", ASKED_TO_THAW),
        changed("learned", THAWED),
    ]
    return [[json.loads(b"{" + body_of(event, "p1")) for event in each] for each in (mine, theirs)]


def checked(folder, mine, theirs):
    places = []
    for chain, documents in ((A, mine), (B, theirs)):
        if documents:
            places.append(folder / f"{chain}-000001-20260921.jsonl")
            places[-1].write_bytes(chained(documents, chain))
    return verify_audits(places, {}, ())


def test_what_two_gateways_wrote_agrees(tmp_path):
    report = checked(tmp_path, *stories())
    assert report.findings == []
    counts = {"votes": 2, "overrides": 2, "freezes": 1, "signatures": 5, "answers": 1}
    assert {name: report.counts[name] for name in counts} == counts


def test_each_chain_agrees_alone(tmp_path):
    mine, theirs = stories()
    assert checked(tmp_path, mine, []).findings == []
    assert checked(tmp_path, [], theirs).findings == []


# What somebody may write instead, in both chains alike; and what is said of it.


def named(document, event, what=None):
    return document["event"] == event and (what is None or document["what"] == what)


def every(event, what=None):
    """Changes every such line of both chains."""

    def change_all(change):
        def attack(mine, theirs):
            for document in (*mine, *theirs):
                if named(document, event, what):
                    change(document)

        attack.__name__ = change.__name__
        return attack

    return change_all


def records_of(mine, theirs):
    for document in (*mine, *theirs):
        if document["event"] == "freeze_changed":
            yield document["record"]


def votes_of(mine, theirs):
    for document in (*mine, *theirs):
        yield from document.get("approval", {}).get("votes", ())
        if "vote" in document and document["event"] == "overridden":
            yield document["vote"]


def an_override_passed_off_as_a_vote(mine, theirs):
    for each in votes_of(mine, theirs):
        each["override"] = False


@every("overridden")
def an_override_that_does_not_stand_apart(document):
    document["event"] = "voted"


def an_override_by_a_click(mine, theirs):
    for each in votes_of(mine, theirs):
        each["evidence"] = {
            "workspace": "T",
            "user": each["person"],
            "channel": "C",
            "ts": "1",
            "nonce": "n",
        }


@every("answered")
def one_override_where_two_are_needed(document):
    del document["approval"]["votes"][1]


@every("answered")
def one_person_as_two(document):
    votes = document["approval"]["votes"]
    votes[1] = {**votes[0], "person": "eli"}


@every("answered")
def a_lowered_quorum_of_people(document):
    document["approval"]["verdict"]["override"]["people"] = ["dee", "eva"]


def a_vote_of_another_time(mine, theirs):
    for each in votes_of(mine, theirs):
        each["at"] -= 600_000


@every("overridden")
def a_vote_that_the_record_does_not_hold(document):
    document["approval"]["votes"] = []


@every("learned")
def another_outcome_learned(document):
    document["approval"]["final"] |= {"outcome": "REJECT", "cause": "timeout"}


@every("finalized")
def another_outcome_decided(document):
    document["approval"]["final"] |= {"outcome": "REJECT", "cause": "timeout"}


def another_reason_to_freeze(mine, theirs):
    for record in records_of(mine, theirs):
        for freeze in record["freezes"]:
            freeze["reason"] = "a drill"


def a_narrower_freeze(mine, theirs):
    for record in records_of(mine, theirs):
        for freeze in record["freezes"]:
            freeze["wallet"] = "w1"


def a_freeze_that_nobody_made(mine, theirs):
    for record in records_of(mine, theirs):
        for freeze in record["freezes"]:
            freeze["evidence"] = None


def another_freeze_under_its_name(_mine, theirs):
    for record in records_of((), theirs):
        for freeze in record["freezes"]:
            freeze |= {"person": None, "evidence": None}


def thaws_of(mine, theirs):
    for document in (*mine, *theirs):
        if document["event"] == "freeze_changed":
            yield from document["record"]["thaws"]
            yield from [] if document["vote"] is None else [document["vote"]]


def a_vote_to_thaw_another_freeze(mine, theirs):
    for each in thaws_of(mine, theirs):
        each["evidence"]["statement"] = each["evidence"]["statement"].replace("-3fa1", "-ffff")


def without_votes_to_thaw(mine, theirs):
    for record in records_of(mine, theirs):
        record["thaws"] = []
    mine[:] = [document for document in mine if document.get("what") != "thawing"]


def one_person_thaws_as_two(mine, theirs):
    for each in thaws_of(mine, theirs):
        each["evidence"] = plain(THAWS[0].evidence)


def one_person_thaws_with_two_keys(mine, theirs):
    for each in thaws_of(mine, theirs):
        each["person"] = "dee"


def votes_to_thaw_hours_apart(mine, theirs):
    for each in thaws_of(mine, theirs):
        if each["person"] == "eli":
            each["at"] += HOUR + 1
            each["evidence"] = plain(about("eli", thaw="2-3fa1", at=each["at"]))


def a_freeze_that_disappears(mine, theirs):
    mine[5:] = []
    theirs[5:] = []
    mine.append(json.loads(b"{" + body_of(changed("learned", FreezeRecord(9)), "p1")))


def an_older_freeze_record(mine, _theirs):
    mine.append({**mine[4]})


def an_answer_while_frozen(_mine, theirs):
    theirs[3], theirs[4] = theirs[4], theirs[3]


ATTACKS = [
    (an_override_passed_off_as_a_vote, "the signature of dee is not of this vote"),
    (an_override_that_does_not_stand_apart, "is called voted, and the vote of dee is an override"),
    (an_override_by_a_click, "nobody signed the override of eli"),
    (one_override_where_two_are_needed, "has a final approval that its votes do not support"),
    (one_person_as_two, "the approvals of dee and eli were cast with one key"),
    (a_lowered_quorum_of_people, "has a final approval that its votes do not support"),
    (a_vote_of_another_time, "the signature of eli is not of this vote"),
    (a_vote_that_the_record_does_not_hold, "the record does not hold the vote of dee"),
    (another_outcome_learned, "is APPROVE, and REJECT in {a}, line 4"),
    (another_outcome_decided, "is REJECT, and APPROVE in {a}, line 4"),
    (another_reason_to_freeze, "the signature of dee is not of freeze 2-3fa1"),
    (a_narrower_freeze, "the signature of dee is not of freeze 2-3fa1"),
    (a_freeze_that_nobody_made, "nothing proves who froze (freeze 2-3fa1)"),
    (another_freeze_under_its_name, "is not the one that stands in {a}, line 5"),
    (a_vote_to_thaw_another_freeze, "the signature of dee is not of this vote to thaw freeze"),
    (without_votes_to_thaw, "freeze 2-3fa1 is gone, and no two people signed"),
    (one_person_thaws_as_two, "freeze 2-3fa1 is gone, and no two people signed"),
    (one_person_thaws_with_two_keys, "freeze 2-3fa1 is gone, and no two people signed"),
    (votes_to_thaw_hours_apart, "freeze 2-3fa1 is gone, and no two people signed"),
    (a_freeze_that_disappears, "freeze 2-3fa1 is gone, and no two people signed"),
    (an_older_freeze_record, "line 10 is of freeze epoch 2, and {a}, line 9 of 4 already"),
    (an_answer_while_frozen, "{b}, line 5 answers APPROVE, and freeze 2-3fa1 of everything stood"),
]


@pytest.mark.parametrize(("attack", "said"), ATTACKS, ids=lambda one: getattr(one, "__name__", ""))
def test_evidence_that_was_written_again_does_not_agree(tmp_path, attack, said):
    mine, theirs = stories()
    attack(mine, theirs)
    findings = checked(tmp_path, mine, theirs).findings
    names = {"a": tmp_path / f"{A}-000001-20260921.jsonl"}
    names["b"] = tmp_path / f"{B}-000001-20260921.jsonl"
    assert any(said.format(**names) in finding for finding in findings), findings


# What may be


def begun(why, record):
    """How a file of a chain begins: what it carries along."""
    return {
        "process": "p1",
        "at": NOW,
        "event": "opened",
        "why": why,
        "standing": None if record is None else plain(record),
    }


def test_a_thaw_of_which_only_the_end_was_seen_is_proved_by_the_other_gateway_alone(tmp_path):
    mine, theirs = stories()
    del theirs[5]
    theirs[5]["record"] |= {"epoch": 9, "thaws": []}
    said = "freeze 2-3fa1 was ended at another gateway: its audit is wanted too"
    for others, notes in ((mine, 0), ([], 1)):
        report = checked(tmp_path, others, theirs)
        assert report.findings == []
        assert len([note for note in report.notes if said in note]) == notes


def test_votes_that_were_about_to_be_stored_prove_a_thaw_too(tmp_path):
    mine, theirs = stories()
    for record in records_of(mine, theirs):
        record["thaws"] = []
    assert checked(tmp_path, mine, theirs).findings == []


@pytest.mark.parametrize(
    ("why", "record", "answers"),
    [
        ("start", None, True),
        ("start", FROZEN, False),
        ("start", THAWED, True),
        ("day", FROZEN, True),
    ],
)
def test_what_a_file_carries_along_holds_from_a_start_on(tmp_path, why, record, answers):
    """Within a run it may be younger than the first lines that follow it."""
    _, theirs = stories()
    report = checked(tmp_path, [], [begun(why, record), *theirs[1:4]])
    assert (report.findings == []) is answers


def test_a_thaw_whose_line_the_disk_did_not_take_is_carried_along(tmp_path):
    _, theirs = stories()
    thawed = begun("trouble", THAWED) | {"event": "continued"}
    report = checked(tmp_path, [], [theirs[0], theirs[4], thawed, *theirs[1:4]])
    assert report.findings == []


def test_a_line_of_another_form_is_found_and_no_failure(tmp_path):
    mine, theirs = stories()
    mine[4]["record"] = "frozen"
    theirs[3]["approval"]["verdict"]["effect"] = "maybe"
    findings = checked(tmp_path, mine, theirs).findings
    assert any("line 5 is not as we write it (TypeError)" in finding for finding in findings)
    assert any("line 4 is not as we write it (AssertionError)" in finding for finding in findings)
