"""All that an approver reads, in order: warnings, what is proved, and apart what Cobo says."""

from collections.abc import Sequence
from dataclasses import dataclass

from approvals.acquaintance import Remark
from approvals.findings import Findings, Signing
from approvals.model import Approval
from notifiers.words.claimed import claimed_facts
from notifiers.words.effects import effect_facts
from notifiers.words.facts import MESSAGE, Fact, Room, exact, not_shown, numbered, pairs, paragraph
from notifiers.words.headline import Integrity, badge, grounds, headline, integrity_of, pledge
from notifiers.words.keys import key_facts
from notifiers.words.readable import visible
from notifiers.words.text import ADDRESS_CHARS, NO_NAMES, Names, amount, chain_name
from notifiers.words.warnings import flag_facts, flags_of, remark_facts, worst_of


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that an approver sees of a request that does not change while people decide.

    `worst` names the worst of the warnings, where one line must do. `pledge` is what the confirm
    dialog repeats: what may move, and the whole destination. `badge` is `integrity` with its
    `grounds`, for a terminal. `remarks` are our own records' say. `ids` are what it is called by.
    `whole` is False where something proved did not fit: such a sheet may be refused on sight, but
    nobody can approve what is not shown.
    """

    headline: str
    worst: str
    pledge: str
    integrity: Integrity
    badge: str
    grounds: tuple[str, ...]
    flags: tuple[Fact, ...]
    remarks: tuple[Fact, ...]
    proved: tuple[Fact, ...]
    asked: tuple[Fact, ...]
    ids: tuple[Fact, ...]
    claimed: tuple[Fact, ...]
    whole: bool

    @property
    def verified(self) -> bool:
        """Whether every check could be made, and agreed."""
        return self.integrity == "VERIFIED"

    @property
    def confirmed(self) -> str:
        """What the confirm dialog says: the worst of the warnings, and the pledge."""
        return f"{self.worst}. {self.pledge}" if self.worst else self.pledge

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Every fact in reading order."""
        request, checked = Fact("Request", self.headline), Fact("Checked", self.badge)
        warned = (*self.flags, *self.remarks)
        return (request, *warned, checked, *self.proved, *self.asked, *self.ids, *self.claimed)


def sheet_of(
    approval: Approval,
    findings: Findings,
    names: Names = NO_NAMES,
    *,
    remarks: Sequence[Remark] = (),
    room: Room = MESSAGE,
) -> Sheet:
    """Everything that stays the same while people decide."""
    flags = flags_of(approval, findings)
    warned, remarked = flag_facts(flags, room), remark_facts(remarks, room)
    proved = _proved(findings, names, room)
    return Sheet(
        headline=headline(findings, names),
        worst=worst_of(flags, remarks),
        pledge=pledge(findings, names),
        integrity=integrity_of(findings),
        badge=badge(findings),
        grounds=grounds(findings),
        flags=warned,
        remarks=remarked,
        proved=proved,
        asked=_asked(approval, room),
        ids=_ids(approval),
        claimed=claimed_facts(findings, room),
        whole=all(fact.whole for fact in (*warned, *remarked, *proved)),
    )


def _proved(findings: Findings, names: Names, room: Room) -> tuple[Fact, ...]:
    facts = effect_facts(findings, names, room)
    if not findings.effects:
        facts += pairs("Hash ", numbered(findings.hashes), room)
    if findings.keys is not None:
        facts += key_facts(findings.keys, findings.type, names, room)
    return (*facts, *paragraph(_around(findings, names)), *paragraph(_notes(findings, room)))


def _around(findings: Findings, names: Names) -> list[Fact]:
    """What holds for all effects together: who signs, where, at what price."""
    facts = []
    if findings.source is not None:
        signs = bool(findings.effects) and isinstance(findings.effects[0], Signing)
        label = "Signed by" if signs else "From"
        facts.append(exact(label, findings.source.text, ADDRESS_CHARS))
    if findings.chain is not None:
        facts.append(exact("Chain", chain_name(findings.chain, names)))
    if findings.fee is not None and findings.fee.at_most:
        facts.append(exact("Fee at most", amount(findings.fee.asset, findings.fee.at_most)))
    return facts


def _notes(findings: Findings, room: Room) -> list[Fact]:
    notes = [note for note in findings.notes if note.proved]
    facts = [
        exact(note.label, note.text, room.text, whole=note.whole) for note in notes[: room.rows]
    ]
    return facts + not_shown(len(notes) - room.rows, "more note")


def _asked(approval: Approval, room: Room) -> tuple[Fact, ...]:
    """Who wants to know, and which rules sent it to people."""
    facts = [
        Fact("Rule", visible(f"{rule.id}: {rule.why}", room.claim) + _doubt(rule.answer))
        for rule in approval.verdict.rules[: room.rows]
    ]
    hidden = len(approval.verdict.rules) - room.rows
    if hidden > 0:
        facts.append(Fact("Rules", f"and {hidden} more; `countersign show` lists them"))
    if not facts and approval.verdict.effect == "ask":
        facts.append(Fact("Rule", "no rule matched; the policy's default is to ask"))
    if approval.verdict.barred:
        barred = ", ".join(visible(person, 80) for person in approval.verdict.barred)
        facts.append(Fact("May not approve", f"{barred} (initiated it)"))
    return tuple(facts)


def _ids(approval: Approval) -> tuple[Fact, ...]:
    return (
        exact("Node", approval.node),
        exact("Request id", approval.request_id),
        exact("Digest", approval.digest),
    )


def _doubt(answer: str) -> str:
    return " (the bytes do not tell whether it applies, so it asks)" if answer == "unknown" else ""
