"""`policy explain` for people: the same as a tree for each part."""

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Final, assert_never

from approvals.findings import Findings, Integrity, KeyFacts, Passed, Refused, Unverified
from approvals.model import Approval, Attempts
from approvals.policy.answers import NO, YES
from approvals.policy.spoken import spoken, spoken_escalation, spoken_override
from approvals.request import RequestType
from gateway.oncall.tree import Branch, Tone
from gateway.rules.explaining import Explanation
from notifiers.story import names_of
from notifiers.words.facts import PAGE, Fact
from notifiers.words.headline import headline
from notifiers.words.readable import visible
from notifiers.words.sheet import Sheet, sheet_of

_LONGEST_HEX: Final = 16
_HEX_HEAD, _HEX_TAIL = 8, 4
_LONGEST: Final = 400
_HASHES_SHOWN: Final = 8
_TONES: Final[dict[str, Tone]] = {"yes": "good", "no": "plain", "unknown": "doubt"}
_VERDICTS: Final[dict[str, Tone]] = {"approve": "good", "ask": "doubt", "reject": "bad"}


def as_trees(told: Explanation) -> list[Branch]:
    """For people: a tree for each part, in the order in which one follows from the other."""
    findings = told.findings
    names = names_of(told.policy)
    trees = [Branch(headline(findings, names), tone="head"), _checks(findings)]
    trees += [_seen(told), _bytes(told), _message(told), _claimed(told), _rules(told)]
    verdict = Branch(f"verdict: {_safe(spoken(told.verdict))}", tone=_VERDICTS[told.verdict.effect])
    override = told.verdict.override
    if told.verdict.effect == "ask" and override is not None:
        verdict.add(f"or by override: {_safe(spoken_override(override))}")
    for escalation in told.verdict.escalations:
        verdict.add(f"calls, if it still waits: {_safe(spoken_escalation(escalation))}")
    return [tree for tree in trees if tree.below or not tree.text.endswith(":")] + [verdict]


def _checks(findings: Findings) -> Branch:
    tree = _outcome(findings.integrity)
    if not isinstance(findings.integrity, Passed):
        for reason in findings.integrity.reasons:
            tree.add(f"check {reason.check}: {_safe(reason.text)}")
    for digest in findings.hashes[:_HASHES_SHOWN]:
        tree.add(f"to be signed: {digest}")
    if len(findings.hashes) > _HASHES_SHOWN:
        tree.add(f"and {len(findings.hashes) - _HASHES_SHOWN} more hashes")
    return tree


def _outcome(integrity: Integrity) -> Branch:
    match integrity:
        case Passed():
            return Branch("checks: passed", tone="good")
        case Refused(cause=cause):
            return Branch(f"checks: refused, {cause}", tone="bad")
        case Unverified():
            return Branch("checks: not verified", tone="doubt")
        case _ as never:
            assert_never(never)


def _seen(told: Explanation) -> Branch:
    """What follows from the bytes, and what is wrong with it."""
    findings = told.findings
    signs = findings.type == RequestType.KEY_SIGN
    basis = "the bytes that are signed" if signs else "request_detail"
    tree = Branch(f"what it does, from {basis}:", tone="head")
    for flag in findings.flags:
        said = "" if flag.proved else " (Cobo says)"
        tree.add(f"{flag.risk}: {_safe(flag.text)}{said}", "bad")
    for number, effect in enumerate(findings.effects, start=1):
        alone = replace(_bare(findings), effects=(effect,), complete=True)
        facts = tree.add(f"effect {number}: {effect.kind}")
        _add_facts(facts, _sheet(told, alone).proved)
    if findings.effects and not findings.complete:
        tree.add("possibly more: not all that it does is known", "doubt")
    whole = replace(findings, effects=(), complete=False, flags=(), notes=(), keys=None, hashes=())
    _add_facts(tree, _sheet(told, whole).proved)
    if findings.summary:
        tree.add(_safe(findings.summary))
    notes = [Fact(note.label, note.text) for note in findings.notes if note.proved]
    if findings.keys is not None:
        _add_keys(tree, findings.keys, {note.value for note in notes})
    _add_facts(tree, notes)
    return tree


def _add_keys(tree: Branch, keys: KeyFacts, noted: Container[str]) -> None:
    """What rules ask of the key, but for what a note says too."""
    leaving = [node for node in keys.used_node_ids if node not in keys.node_ids]
    said = (
        ("curve", keys.curve),
        ("threshold", keys.threshold and str(keys.threshold)),
        ("threshold so far", keys.old_threshold and str(keys.old_threshold)),
        ("root", keys.root_pub_key),
        *(("node", node) for node in keys.node_ids),
        *(("lender that keeps no share", node) for node in leaving),
    )
    facts = [Fact(label, value) for label, value in said if value and value not in noted]
    if facts:
        _add_facts(tree.add("the key:"), facts)


def _bytes(told: Explanation) -> Branch:
    """The spans, those inside another below it."""
    tree = Branch(f"unsigned_raw_tx, {len(told.raw):,} bytes:", tone="head")
    above = [tree]
    for span in told.spans:
        del above[span.depth + 1 :]
        data = _shortened(told.raw[span.start : span.end])
        place = f"[{span.start}..{span.end}] {data}".strip()
        above.append(above[-1].add(f"{place}  {_safe(span.label)}: {_safe(span.value)}"))
    return tree


def _message(told: Explanation) -> Branch:
    """A message has no unsigned_raw_tx; its first line is its hash."""
    signed = bool(told.message) and (told.message[0].text,) == told.findings.hashes
    basis = "which is signed" if signed else "as Cobo states it: not proved to be what is signed"
    tree = Branch(f"the message, {basis}:", tone="head" if signed else "doubt")
    _add_facts(tree, [Fact(line.label, line.text) for line in told.message])
    return tree


def _claimed(told: Explanation) -> Branch:
    tree = Branch("Cobo says:", tone="head")
    _add_facts(tree, _sheet(told, told.findings).claimed)
    return tree


def _rules(told: Explanation) -> Branch:
    tree = Branch("rules:", tone="head")
    for rule in told.rules:
        word = rule.answer.word
        branch = tree.add(f"rule {rule.id} ({rule.effect}): {word}", _TONES[word])
        if rule.answer is not NO:
            branch.add(f"why: {_safe(rule.why)}")
        claimed = {each.key for each in rule.matchers if not each.proved}
        for each in rule.deciders:
            of = each.of or ("Cobo says" if each.key in claimed else "")
            branch.add(f"{each.key}: {each.answer.word}{f' ({of})' if of else ''}")
        if rule.answer is YES and rule.matchers:
            agreed = (f"{m.key}{'' if m.proved else ' (Cobo says)'}" for m in rule.matchers)
            branch.add(f"all say yes: {', '.join(agreed)}")
    return tree


def _sheet(told: Explanation, findings: Findings) -> Sheet:
    return sheet_of(_as_asked(told), findings, names_of(told.policy), room=PAGE)


def _bare(findings: Findings) -> Findings:
    """The findings without what is no effect's own."""
    less = replace(findings, chain=None, source=None, fee=None)
    return replace(less, flags=(), notes=(), keys=None)


def _as_asked(told: Explanation) -> Approval:
    """The record that this request would begin, for sheets are made of records."""
    request = told.request
    return Approval(
        node=request.node,
        request_id=request.request_id,
        type=request.type,
        digest=request.digest,
        policy=told.policy.digest,
        asked_at=0,
        deadline=0,
        answer_until=0,
        verdict=told.verdict,
        attempts=Attempts(0, 0, None, "", ()),
    )


def _add_facts(tree: Branch, facts: Iterable[Fact]) -> None:
    for fact in facts:
        tree.add(f"{_safe(fact.label)}: {_safe(fact.value)}")


def _shortened(data: bytes) -> str:
    """`a9059cbb`, `0000000000000000…83fed1e9`."""
    if len(data) <= _LONGEST_HEX:
        return data.hex()
    return f"{data[:_HEX_HEAD].hex()}…{data[-_HEX_TAIL:].hex()}"


def _safe(text: str) -> str:
    return visible(text, _LONGEST)
