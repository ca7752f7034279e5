"""What `policy explain` shows: a request from its bytes to the verdict of the rules."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, assert_never

from approvals.details import read_extra
from approvals.findings import Findings, Integrity, KeyFacts, Passed, Refused, Unverified
from approvals.inspect import inspect
from approvals.inspect.families import port_of
from approvals.inspect.keysign import MAX_RAW_BYTES
from approvals.inspect.seen import Span
from approvals.model import Approval, Attempts, Verdict
from approvals.plain import plain
from approvals.policy.answers import NO, YES
from approvals.policy.explain import RuleExplanation, explain
from approvals.policy.judge import judge
from approvals.policy.model import Policy
from approvals.policy.spoken import spoken
from approvals.request import Request
from gateway.tree import Branch, Tone
from notifiers.facts import Fact
from notifiers.headline import headline
from notifiers.readable import visible
from notifiers.sheet import sheet_of
from notifiers.story import names_of

_LONGEST_HEX: Final = 16
_HEX_HEAD, _HEX_TAIL = 8, 4
_LONGEST: Final = 400
_HASHES_SHOWN: Final = 8
_MAX_TEXT: Final = 2 * MAX_RAW_BYTES + 2
_TONES: Final[dict[str, Tone]] = {"yes": "good", "no": "plain", "unknown": "doubt"}
_VERDICTS: Final[dict[str, Tone]] = {"approve": "good", "ask": "doubt", "reject": "bad"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A request, what its bytes do, and what each rule says. `raw` is laid open by `spans`."""

    policy: Policy
    request: Request
    findings: Findings
    raw: bytes
    spans: tuple[Span, ...]
    rules: tuple[RuleExplanation, ...]
    verdict: Verdict


def explanation_of(request: Request, policy: Policy) -> Explanation:
    """Everything that there is to show, computed once."""
    findings = inspect(request, policy.tables)
    raw, spans = _laid_open(request, findings, policy)
    verdict = judge(findings, policy)
    rules = explain(findings, policy)
    return Explanation(policy, request, findings, raw, spans, rules, verdict)


def as_json(told: Explanation) -> dict[str, Any]:
    """The same for machines; the keys stay.

    - `checks`: `passed`, `unverified` or `refused`; `reasons`: each with `check` and `text`.
    - `findings`: the facts, as in the audit.
    - `bytes`: each span of unsigned_raw_tx with `start`, `end` (exclusive), `hex`, `label`,
      `value`, `depth`.
    - `rules`: in the order of the file, each with `id`, `why`, `effect`, `answer` (`yes`, `no`,
      `unknown`), `deciders` (each with `key`, `answer`, `of`) and `matchers` (each with `key`,
      `answer`, and `proved`, false where it rests on what Cobo says).
    - `verdict`: as in the audit; `sentence`: the same in words.
    """
    return {
        "checks": type(told.findings.integrity).__name__.lower(),
        "reasons": plain(getattr(told.findings.integrity, "reasons", ())),
        "findings": plain(told.findings),
        "bytes": [
            {**plain(span), "hex": told.raw[span.start : span.end].hex()} for span in told.spans
        ],
        "rules": [_rule_as_json(rule) for rule in told.rules],
        "verdict": plain(told.verdict),
        "sentence": spoken(told.verdict),
    }


def as_trees(told: Explanation) -> list[Branch]:
    """For people: a tree for each part, in the order in which one follows from the other."""
    findings = told.findings
    names = names_of(told.policy)
    trees = [Branch(headline(findings, names), tone="head"), _checks(findings)]
    trees += [_seen(told), _bytes(told), _claimed(told), _rules(told)]
    verdict = Branch(f"verdict: {_safe(spoken(told.verdict))}", tone=_VERDICTS[told.verdict.effect])
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
    tree = Branch("what it does, from the bytes that are signed:", tone="head")
    for flag in findings.flags:
        said = "" if flag.proved else " (Cobo says)"
        tree.add(f"{flag.risk}: {_safe(flag.text)}{said}", "bad")
    for number, effect in enumerate(findings.effects, start=1):
        alone = replace(_bare(findings), effects=(effect,), complete=True)
        facts = tree.add(f"effect {number}: {effect.kind}")
        _add_facts(facts, _facts(told, alone))
    if findings.effects and not findings.complete:
        tree.add("possibly more: not all that it does is known", "doubt")
    whole = replace(findings, effects=(), complete=False, flags=(), notes=(), keys=None)
    _add_facts(tree, _facts(told, whole))
    if findings.summary:
        tree.add(_safe(findings.summary))
    if findings.keys is not None:
        _add_keys(tree, findings.keys)
    _add_facts(tree, [Fact(note.label, note.text) for note in findings.notes if note.proved])
    return tree


def _add_keys(tree: Branch, keys: KeyFacts) -> None:
    said = (
        ("curve", keys.curve),
        ("threshold", keys.threshold and str(keys.threshold)),
        ("root", keys.root_pub_key),
        *(("node", node) for node in keys.node_ids),
    )
    below = tree.add("the key:")
    _add_facts(below, [Fact(label, value) for label, value in said if value])


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


def _claimed(told: Explanation) -> Branch:
    tree = Branch("Cobo says:", tone="head")
    notes = [Fact(note.label, note.text) for note in told.findings.notes if not note.proved]
    shown = sheet_of(_as_asked(told), told.findings, names_of(told.policy))
    _add_facts(tree, [*shown.claimed, *notes])
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


def _rule_as_json(rule: RuleExplanation) -> dict[str, Any]:
    return {
        "id": rule.id,
        "why": rule.why,
        "effect": rule.effect,
        "answer": rule.answer.word,
        "deciders": [
            {"key": each.key, "answer": each.answer.word, "of": each.of} for each in rule.deciders
        ],
        "matchers": [
            {"key": each.key, "answer": each.answer.word, "proved": each.proved}
            for each in rule.matchers
        ],
    }


def _laid_open(
    request: Request, findings: Findings, policy: Policy
) -> tuple[bytes, tuple[Span, ...]]:
    """The bytes of unsigned_raw_tx, and what its family reads in them; empty if none reads them."""
    extra = read_extra(request.extra).value
    text = "" if extra is None else extra.unsigned_raw_tx or ""
    chain = policy.tables.chain(findings.chain or findings.claims.chain_id or "")
    port = None if chain is None else port_of(chain.family)
    raw = None if port is None or len(text) > _MAX_TEXT else port.unpack(text)
    if port is None or not raw:
        return b"", ()
    return raw, port.dissect(raw)


def _facts(told: Explanation, findings: Findings) -> tuple[Fact, ...]:
    return sheet_of(_as_asked(told), findings, names_of(told.policy)).proved


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
