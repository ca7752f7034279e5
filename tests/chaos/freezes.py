"""The judge's part about freezes: none is passed by, forgotten, made up, or ended by one person."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tests.chaos.evidence import Entry, FreezeLine, Standing
from tests.chaos.history import Asked, FreezeTold, Heard, ThawTold, ThawTried
from tests.chaos.rules import ON_CALL, covers
from tests.chaos.trial import Case, Trial
from tests.chaos.violation import Violation

_PROMISE: Final = "4 freezes hold"
STALE_MS: Final = 10_000
"""How long a gateway that was cut off may go on refusing for a freeze that was thawed elsewhere."""


def no_yes_under_a_freeze(case: Case, trial: Trial) -> Iterator[Violation]:
    """No APPROVE is heard while a freeze that covers it surely holds, unless it came before.

    It surely holds from when its maker was told so until a second person begins to thaw it. An
    attempt that began after that may not hear APPROVE, whenever that was stored. One that waited
    may not hear an APPROVE stored later: one that wants votes which were cast later, or one whose
    `final.at` is later. All times are the machine's own, so nothing is tolerated; but `final.at`
    is a gateway's, and is not asked where any clock was off. A Redis that forgets may keep other
    gateways from hearing of a freeze, so that there it binds the one that took it.
    """
    for asked, heard, answer in case.answers:
        if answer.action != "APPROVE":
            continue
        for frost in trial.frosts:
            if frost.held is None or not covers(frost.tried.scope, case.wished.kind):
                continue
            if trial.redis_forgets and frost.tried.gateway != asked.gateway:
                continue
            if heard.at < frost.held or (frost.thawing is not None and heard.at >= frost.thawing):
                continue
            why = _after(case, asked, heard, frost.held, trial)
            if why:
                said = f"APPROVE during freeze {frost.freeze} ({frost.tried.scope}): {why}"
                yield Violation(_PROMISE, case.name, said)


def _after(case: Case, asked: Asked, heard: Heard, held: int, trial: Trial) -> str:
    """How it is known that the yes came after the freeze; nothing where it is not."""
    if asked.at > held:
        return "it was asked for later"
    if not case.could_be_approved_by(held, trial.in_force(case, heard.at)):
        return "its votes came later"
    clocks_off = any(
        span.what.startswith("clock") and span.meets(case.wished.at - 30_000, heard.at)
        for span in trial.faults
    )
    finals = [e.final_at for e in case.entries if e.outcome == "APPROVE" and e.final_at is not None]
    if finals and min(finals) > held and not clocks_off:
        return "it became final later"
    return ""


def frozen_is_frozen(case: Case, trial: Trial) -> Iterator[Violation]:
    """REJECT(frozen) only while some freeze that covers it may have held.

    A gateway that was cut off may say so a little longer. Where Redis forgets, it froze itself.
    """
    for _, heard, answer in case.answers:
        if not answer.error.startswith("frozen") or trial.redis_forgets:
            continue
        if not any(
            covers(frost.tried.scope, case.wished.kind)
            and frost.tried.at <= heard.at
            and (frost.thawed is None or frost.thawed + STALE_MS >= case.wished.at)
            for frost in trial.frosts
        ) and not any(line.own for line in trial.freezes):
            yield Violation(_PROMISE, case.name, "REJECT(frozen), and nothing was")


def who_knows_a_freeze_is_silent(trial: Trial) -> Iterator[Violation]:
    """In no chain an APPROVE is answered after a freeze that covers it, and before its end.

    The first line of a file may be younger than lines that follow: it ends freezes, begins none.
    """
    kinds = {case.wished.digest: case for case in trial.cases.values()}
    lines: list[Entry | FreezeLine] = [*trial.freezes]
    for case in trial.cases.values():
        lines += [e for e in case.entries if e.event == "answered" and e.outcome == "APPROVE"]
    known: defaultdict[str, set[Standing]] = defaultdict(set)
    for line in sorted(lines, key=lambda line: (line.chain, line.place)):
        if isinstance(line, FreezeLine):
            there = {*line.standing}
            known[line.chain] = known[line.chain] & there if line.opens else there
            continue
        case = kinds[line.digest]
        for freeze in known[line.chain]:
            if covers(freeze.scope, case.wished.kind):
                said = f"{line.gateway} answered APPROVE and knew of freeze {freeze.id}"
                yield Violation(_PROMISE, case.name, said)


def freezes_end_by_two(trial: Trial) -> Iterator[Violation]:
    """A freeze that a gateway knew is there for ever, unless two of on-call signed to end it.

    No click did. Told by what people signed, not by the audit.
    """
    refused = {e.vote for e in trial.events if isinstance(e, ThawTold) and e.told == "refused"}
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    signed = set()
    for event in trial.events:
        if isinstance(event, ThawTried):
            if event.vote not in refused:
                wanted[event.freeze].add(event.person)
            signed.add((event.freeze, event.person, event.vote))
    chains: defaultdict[str, list[FreezeLine]] = defaultdict(list)
    for line in sorted(trial.freezes, key=lambda line: line.place):
        chains[line.chain].append(line)
    for chain, lines in chains.items():
        last = {freeze.id for freeze in lines[-1].standing}
        for gone in {freeze.id for line in lines for freeze in line.standing} - last:
            if len(wanted[gone] & {*ON_CALL}) < 2:
                who = ", ".join(sorted(wanted[gone])) or "nobody"
                yield Violation(_PROMISE, chain, f"freeze {gone} ended, thawed by {who}")
    for thaw in {thaw for line in trial.freezes for thaw in line.thaws} - signed:
        yield Violation(_PROMISE, thaw[0], f"a vote to thaw that {thaw[1]} did not sign: {thaw[2]}")


def nobody_else_froze(trial: Trial) -> Iterator[Violation]:
    """Whoever was refused did not freeze, nor anybody who is not on call."""
    refusals = {e.reason for e in trial.events if isinstance(e, FreezeTold) and e.told == "refused"}
    for freeze in {freeze for line in trial.freezes for freeze in line.standing}:
        if freeze.person is not None and freeze.reason in refusals:
            yield Violation(_PROMISE, freeze.id, f"{freeze.person} was told that it is not frozen")
        if freeze.person is not None and freeze.person not in ON_CALL:
            yield Violation(_PROMISE, freeze.id, f"{freeze.person} is not on call, and froze")


def freezes_are_kept(trial: Trial) -> Iterator[Violation]:
    """A freeze that its maker was told of is in some audit, unless no disk would take it then."""
    known = {freeze.reason for line in trial.freezes for freeze in line.standing}
    for frost in trial.frosts:
        if frost.held is None or frost.tried.reason in known:
            continue
        if not any(
            ("disk" in span.what or "fsync" in span.what) and span.meets(frost.tried.at, frost.held)
            for span in trial.faults
        ):
            said = f"the freeze of {frost.tried.person} is in no audit"
            yield Violation(_PROMISE, frost.tried.reason, said)
