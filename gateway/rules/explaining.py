"""What `policy explain` knows: a request from its bytes to the verdict of the rules."""

from dataclasses import dataclass
from typing import Any, Final

from approvals.chains.tables import Tables
from approvals.details import Extra, read_extra
from approvals.findings import Findings, Note
from approvals.inspect import inspect
from approvals.inspect.families import family_of, port_of
from approvals.inspect.keysign import MAX_RAW_BYTES
from approvals.inspect.messages import dissect_message
from approvals.inspect.seen import Span
from approvals.model import Verdict
from approvals.plain import plain
from approvals.policy.explain import RuleExplanation, explain
from approvals.policy.judge import judge
from approvals.policy.model import Policy
from approvals.policy.spoken import spoken
from approvals.request import Request

_MAX_TEXT: Final = 2 * MAX_RAW_BYTES + 2


@dataclass(frozen=True, slots=True)
class Explanation:
    """A request, what its bytes do, and what each rule says.

    `raw` is laid open by `spans`. Where there are no such bytes, `message` is what is to be signed
    in their place, value by value: as Cobo states it, so that only the checks say whether it is.
    """

    policy: Policy
    request: Request
    findings: Findings
    raw: bytes
    spans: tuple[Span, ...]
    message: tuple[Note, ...]
    rules: tuple[RuleExplanation, ...]
    verdict: Verdict


def explanation_of(request: Request, policy: Policy) -> Explanation:
    """Everything that there is to show, computed once."""
    findings = inspect(request, policy.tables)
    extra = read_extra(request.extra).value
    raw, spans = (b"", ()) if extra is None else _laid_open(extra, findings, policy.tables)
    message = () if extra is None or extra.unsigned_raw_tx else dissect_message(extra)
    verdict = judge(findings, policy)
    rules = explain(findings, policy)
    return Explanation(policy, request, findings, raw, spans, message, rules, verdict)


def as_json(told: Explanation) -> dict[str, Any]:
    """The same for machines; the keys stay.

    - `checks`: `passed`, `unverified` or `refused`; `reasons`: each with `check` and `text`.
    - `findings`: the facts, as in the audit.
    - `bytes`: each span of unsigned_raw_tx with `start`, `end` (exclusive), `hex`, `label`,
      `value`, `depth`.
    - `message`: where there are no such bytes, what Cobo says is signed; each with `label`, `text`.
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
        "message": [{"label": line.label, "text": line.text} for line in told.message],
        "rules": [_rule_as_json(rule) for rule in told.rules],
        "verdict": plain(told.verdict),
        "sentence": spoken(told.verdict),
    }


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


def _laid_open(extra: Extra, findings: Findings, tables: Tables) -> tuple[bytes, tuple[Span, ...]]:
    """The bytes of unsigned_raw_tx, and what a family reads in them; empty if none reads them.

    The family is the one whose hashes are to be signed, else that of the chain.
    """
    text = extra.unsigned_raw_tx or ""
    if not text or len(text) > _MAX_TEXT:
        return b"", ()
    chain = tables.chain(findings.chain or findings.claims.chain_id or "")
    hashes = tuple(bytes.fromhex(digest.removeprefix("0x")) for digest in findings.hashes)
    family = family_of(text, hashes) or (None if chain is None else chain.family)
    port = None if family is None else port_of(family)
    raw = None if port is None else port.unpack(text)
    return (raw, port.dissect(raw)) if port and raw else (b"", ())
