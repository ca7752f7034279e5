"""The judge: what was seen from outside, held against what was promised. Pure.

Every check is a function of the whole case and yields what is wrong with it. Where a promise has
a limit, the limit stands in the docstring of the check, and nowhere else.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from gateway.simulate.attempts import Answer, BadAnswer, ErrorStatus, HttpError, NoResponse
from tests.chaos.evidence import Entry, VoteLine
from tests.chaos.freezes import (
    freezes_are_kept,
    freezes_end_by_two,
    frozen_is_frozen,
    no_yes_under_a_freeze,
    nobody_else_froze,
    who_knows_a_freeze_is_silent,
)
from tests.chaos.history import Asked, Fell, Voted
from tests.chaos.rules import REASONED, Kind
from tests.chaos.telling import clicks_get_a_word, messages_show_what_is_stored
from tests.chaos.trial import Case, Trial
from tests.chaos.violation import Violation

OfACase: TypeAlias = Callable[[Case, Trial], Iterator[Violation]]


def judged(trial: Trial, *, but: OfACase | None = None) -> list[Violation]:
    """Everything that is wrong; `but` is a check to leave out."""
    checks = [check for check in OF_A_CASE if check is not but]
    found = [wrong for case in trial.cases.values() for c in checks for wrong in c(case, trial)]
    return found + [wrong for check in OF_ALL for wrong in check(trial)]


# Of one request


def one_answer(case: Case, trial: Trial) -> Iterator[Violation]:
    """A request never gets two answers, whoever gives them and whenever it asks.

    A final fact is one to the letter, but where Redis forgot it: then the gateway whose audit
    knows it writes the same outcome anew.
    """
    actions = {answer.action for _, _, answer in case.answers}
    if len(actions) > 1:
        yield Violation("3 one decision", case.name, "it was answered both APPROVE and REJECT")
    finals = {entry.final for entry in case.entries if entry.final is not None}
    if len({final[0] for final in finals}) > 1:
        yield Violation("3 one decision", case.name, "audits hold two outcomes")
    elif len(finals) > 1 and not trial.redis_forgets:
        yield Violation("3 one decision", case.name, f"audits hold {len(finals)} final facts")


def every_answer_is_good(case: Case, _trial: Trial) -> Iterator[Violation]:
    """What comes with HTTP 200 is signed for this very request; there is no other HTTP status."""
    for heard in case.heard.values():
        match heard.what:
            case BadAnswer(why=why):
                yield Violation("1 bytes", case.name, f"an answer that does not hold: {why}")
            case HttpError(status=status):
                yield Violation("5 silence", case.name, f"HTTP {status} instead of silence")
            case ErrorStatus(status=status) if case.wished.kind is not Kind.OUTER_JUNK:
                yield Violation("5 silence", case.name, f"status {status} to what is well formed")
            case Answer() if case.wished.kind is Kind.OUTER_JUNK:
                yield Violation("1 bytes", case.name, "a decision on what is no request")
            case _:
                pass


def yes_is_supported(case: Case, trial: Trial) -> Iterator[Violation]:
    """APPROVE needs the votes that some policy in force at some gateway wanted.

    Seen from outside, votes whose fate nobody knows count as given; in the record that was spoken
    from, those that were stored before its deadline.
    """
    for asked, heard, answer in case.answers:
        if answer.action != "APPROVE":
            continue
        approvers = case.may_approve()
        policies = trial.in_force(case, heard.at)
        if not case.could_be_approved_by(heard.at, policies):
            who = ", ".join(sorted(approvers)) or "nobody"
            yield Violation("4 no default is yes", case.name, f"APPROVE, approved by {who}")
        for entry in _spoken(case, asked):
            in_time = _in_time(entry)
            if not any(policy.supports(case.wished.kind, *in_time) for policy in policies):
                said = "APPROVE by fewer votes in time than any policy wants"
                yield Violation("4 no default is yes", case.name, said)


def no_yes_after_no(case: Case, _trial: Trial) -> Iterator[Violation]:
    """A refusal that its maker was told is stored can not be followed, nor preceded, by a yes."""
    refused = [
        vote.person
        for name, vote in case.votes.items()
        if vote.choice == "reject" and case.told_of(name) == "counted"
    ]
    if refused and any(answer.action == "APPROVE" for _, _, answer in case.answers):
        yield Violation("7 no stays no", case.name, f"APPROVE though {refused[0]} refused")


def timeouts_are_fair(case: Case, trial: Trial) -> Iterator[Violation]:
    """REJECT(timeout) only if the votes stored before the deadline do not suffice, and after it.

    The deadline is the record's; votes and the final fact carry the times of whoever stored them,
    so the first half holds whatever clocks say. The second is asked only of gateways whose clocks
    were right. Where two policies were in force, what both of them support must not time out.
    """
    for asked, heard, answer in case.answers:
        if not answer.error.startswith("timeout"):
            continue
        policies = trial.in_force(case, heard.at)
        for entry in _spoken(case, asked):
            in_time = _in_time(entry)
            if policies and all(policy.supports(case.wished.kind, *in_time) for policy in policies):
                yield Violation("3 votes in time", case.name, "timed out with enough approvals")
            clocks_off = any(
                span.what.startswith("clock") and span.meets(case.wished.at, heard.at)
                for span in trial.faults
            )
            if heard.at < entry.deadline and not clocks_off:
                early = entry.deadline - heard.at
                yield Violation("3 votes in time", case.name, f"timed out {early} ms early")


def votes_are_kept(case: Case, trial: Trial) -> Iterator[Violation]:
    """What somebody was told is counted is in every final record, or else in some audit.

    A Redis that may forget may forget approvals, but only where the gateway that took the vote
    could not write its audit either.
    """
    finals = [entry for entry in case.entries if entry.final is not None]
    for name, vote in case.votes.items():
        if case.told_of(name) != "counted":
            continue
        if not any(_holds(entry, vote) for entry in case.entries):
            stored = [s for s in trial.shown or () if s.digest == case.wished.digest]
            told = case.told[name].at
            disk = any(
                "disk" in s.what or "fsync" in s.what
                for s in trial.faults
                if s.meets(vote.at, told)
            )
            in_store = any(_is_same(line, vote) for s in stored for line in s.votes)
            if not in_store and not (disk and (trial.redis_forgets or trial.shown is None)):
                yield Violation("6 evidence", case.name, f"the vote of {vote.person} is nowhere")
        elif not trial.redis_forgets and not all(_holds(entry, vote) for entry in finals):
            yield Violation("3 one decision", case.name, f"decided without {vote.person}'s vote")


def refused_votes_are_nowhere(case: Case, _trial: Trial) -> Iterator[Violation]:
    """Who was told that nothing was stored finds nothing stored. Known by the vote's own reason."""
    for name, vote in case.votes.items():
        stored = any(line.reason == vote.reason for e in case.entries for line in e.votes)
        if stored and vote.reason and case.told_of(name) == "refused":
            said = case.told[name].sentence
            yield Violation("9 telling", case.name, f'stored, though they were told "{said}"')


def evidence_is_on_disk(case: Case, _trial: Trial) -> Iterator[Violation]:
    """Whoever answered has in its own audit: the answer, its final fact, and the exact request."""
    for asked, heard in ((case.asked[name], heard) for name, heard in case.heard.items()):
        if not isinstance(heard.what, Answer | ErrorStatus):
            continue
        own = [entry for entry in case.entries if entry.gateway == asked.gateway]
        if case.wished.kind is Kind.OUTER_JUNK:
            if not any(e.event == "malformed" and e.token == asked.token for e in own):
                yield Violation("6 evidence", case.name, "malformed, answered, not in the audit")
            continue
        spoken = [e for e in own if e.event == "answered" and e.token == asked.token]
        if not spoken:
            yield Violation("6 evidence", case.name, f"no answer in the audit of {asked.gateway}")
        if isinstance(heard.what, Answer):
            wrong = [entry for entry in spoken if entry.outcome != heard.what.action]
            if wrong:
                yield Violation("6 evidence", case.name, "the audit holds another outcome")
        bytes_kept = any(e.event == "asked" and e.content == case.wished.content for e in own)
        if not bytes_kept and case.wished.kind is not Kind.INNER_JUNK:
            yield Violation("6 evidence", case.name, f"its bytes are not with {asked.gateway}")


def reasons_are_given(case: Case, _trial: Trial) -> Iterator[Violation]:
    """Where the rules want a reason with each vote, no vote without one is stored."""
    silent = {line.person for e in case.entries for line in e.votes if not line.reason.strip()}
    if silent and case.wished.kind in REASONED:
        who = ", ".join(sorted(silent))
        yield Violation("4 no default is yes", case.name, f"no reason, and counted: {who}")


def not_forgotten(case: Case, trial: Trial) -> Iterator[Violation]:
    """Each request ends with an answer, or its node gives up while nothing could be decided.

    That is: while a fault that blocks lasted, or shortly after, at a gateway that it asked last.
    Or while its first attempt went unseen: then its schedule is not known, and its last attempt
    looks like an earlier one. Of a node that repeats one token, or that is ahead of its schedule,
    nobody can tell which attempt is its last: a fault at any of them excuses it. And a yes that
    was final before a freeze is kept back while that lasts.
    """
    if case.gave_up is None or case.answers or excuse(case, trial):
        return
    what = case.heard[case.gave_up.last[-1]].what
    why = what.why if isinstance(what, NoResponse) else type(what).__name__
    yield Violation("3 no request forgotten", case.name, f"given up without a fault: {why}")


def excuse(case: Case, trial: Trial) -> str | None:
    """What kept a request that was given up from being decided."""
    if case.gave_up is None:
        return None
    if any(isinstance(heard.what, ErrorStatus) for heard in case.heard.values()):
        return "it was no request"
    until = case.gave_up.at
    for name in case.gave_up.last if case.wished.regular else case.asked:
        asked = case.asked[name]
        for span in trial.blocks:
            if span.meets(asked.at, until, asked.gateway):
                return span.what
    first = next(iter(case.asked.values()))
    for span in trial.blocks:
        if span.meets(first.at, case.heard[first.attempt].at, first.gateway):
            return f"first attempt unseen: {span.what}"
    if any(entry.outcome == "APPROVE" for entry in case.entries) and trial.icy(case, until):
        return "approved, then frozen"
    return None


# Of everything


def one_content_per_id(trial: Trial) -> Iterator[Violation]:
    """Of two bodies under one request id, one at most is approved: whichever came first."""
    approved: defaultdict[str, set[bool]] = defaultdict(set)
    for case in trial.cases.values():
        if any(answer.action == "APPROVE" for _, _, answer in case.answers):
            approved[case.wished.request_id].add(case.wished.kind is Kind.SECOND_BODY)
    for request_id, bodies in approved.items():
        if len(bodies) > 1:
            yield Violation("1 bytes", request_id, "two bodies under this id were approved")


def audits_are_whole(trial: Trial) -> Iterator[Violation]:
    """`audit verify` finds nothing in all audits together."""
    for finding in trial.audit:
        yield Violation("6 evidence", "the audits", finding)


def nobody_falls(trial: Trial) -> Iterator[Violation]:
    """A gateway never ends by itself, and never meets a bug of its own."""
    for event in trial.events:
        if isinstance(event, Fell):
            yield Violation("5 silence", event.gateway, event.said)


OF_A_CASE: Final[tuple[OfACase, ...]] = (
    one_answer,
    every_answer_is_good,
    yes_is_supported,
    no_yes_after_no,
    timeouts_are_fair,
    votes_are_kept,
    refused_votes_are_nowhere,
    evidence_is_on_disk,
    not_forgotten,
    reasons_are_given,
    no_yes_under_a_freeze,
    frozen_is_frozen,
)
OF_ALL: Final[tuple[Callable[[Trial], Iterator[Violation]], ...]] = (
    one_content_per_id,
    nobody_falls,
    messages_show_what_is_stored,
    clicks_get_a_word,
    audits_are_whole,
    who_knows_a_freeze_is_silent,
    freezes_end_by_two,
    nobody_else_froze,
    freezes_are_kept,
)


def _in_time(entry: Entry) -> tuple[set[str], set[str]]:
    """Who approved before the deadline, and who of them by override."""
    votes = [v for v in entry.votes if v.choice == "approve" and v.at < entry.deadline]
    return {v.person for v in votes}, {v.person for v in votes if v.override}


def _spoken(case: Case, asked: Asked) -> list[Entry]:
    return [
        entry
        for entry in case.entries
        if entry.event == "answered"
        and entry.token == asked.token
        and entry.gateway == asked.gateway
    ]


def _holds(entry: Entry, vote: Voted) -> bool:
    return any(_is_same(line, vote) for line in entry.votes)


def _is_same(line: VoteLine, vote: Voted) -> bool:
    """Whether a stored vote is this one; a click has no reason of its own."""
    same = (line.person, line.choice) == (vote.person, vote.choice)
    return same and vote.reason in {"", line.reason}
