"""What rules may look at: a request's findings, with None where nobody knows."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from approvals.chains.tables import Tables
from approvals.findings import Claims, Findings, KeyFacts, Passed, Refused
from approvals.policy.rows import NOTHING_KNOWN, Row, claimed_rows, decoded_rows
from approvals.request import RequestType
from approvals.risks import Risk

_HIDES_IN_EFFECTS: Final = frozenset[Risk](
    ("permission_change", "owner_change", "delegatecall", "unlimited_allowance")
)
CLAIMABLE: Final = frozenset[Risk](
    ("blind", "unverified", "calldata_mismatch", "replacement", "unknown_initiator")
)
"""Risks that show, or do not, by what Cobo says or leaves out: no yes of theirs is proved."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One request, ready for every rule.

    `rows` are the decoded effects. Where they may not be all (`complete` is False) they are
    followed by the transaction as Cobo claims it, and by an effect that may be anything: then a
    matcher can say yes or unknown, never no.

    `pinnable`: this makes or moves a key, and nothing is wrong with it but that both halves come
    from Cobo. `risks` are those that were seen, and whether proved facts show them; `hidden` are
    those that may be there unseen.
    """

    type: RequestType
    passed: bool
    complete: bool
    pinnable: bool
    rows: tuple[Row, ...]
    keys: KeyFacts | None
    risks: dict[Risk, bool]
    hidden: frozenset[Risk]
    initiator: str | None
    claims: Claims


def facts_of(
    findings: Findings, kind: RequestType, tables: Tables, initiators: Collection[str]
) -> Facts:
    """Read the findings once for all rules. `initiators` are those that a person claims."""
    complete = findings.complete is True and len(findings.effects) > 0
    rows = decoded_rows(findings.effects, findings.fee, complete=complete)
    if not complete:
        rows = (*rows, *claimed_rows(findings.claims, tables), NOTHING_KNOWN)
    pinnable = _is_pinnable(findings, kind)
    initiator = folded(findings.claims.initiator)
    return Facts(
        type=kind,
        passed=isinstance(findings.integrity, Passed),
        complete=complete,
        pinnable=pinnable,
        rows=rows,
        keys=findings.keys,
        risks=_risks(findings, claimed=initiator in initiators),
        hidden=_hidden_in_a_key(kind, findings.keys)
        if pinnable
        else _hidden(findings, complete=complete),
        initiator=initiator,
        claims=findings.claims,
    )


def folded(name: str | None) -> str | None:
    """An initiator's name as it is compared: NFKC, trimmed, case-folded. None: nothing is left."""
    if name is None:
        return None
    return unicodedata.normalize("NFKC", name).strip().casefold() or None


def _is_pinnable(findings: Findings, kind: RequestType) -> bool:
    if kind not in (RequestType.KEY_GEN, RequestType.KEY_RESHARE):
        return False
    agreed = findings.keys is not None and findings.keys.agreed is True
    return agreed and not isinstance(findings.integrity, Refused)


def _risks(findings: Findings, *, claimed: bool) -> dict[Risk, bool]:
    risks: dict[Risk, bool] = {} if claimed else {"unknown_initiator": False}
    for flag in findings.flags:
        proved = flag.proved and flag.risk not in CLAIMABLE
        risks[flag.risk] = proved or risks.get(flag.risk, False)
    return risks


def _hidden_in_a_key(kind: RequestType, keys: KeyFacts | None) -> frozenset[Risk]:
    """Whoever lends a share had one; that anybody else had one, Cobo alone says."""
    if kind is RequestType.KEY_GEN or keys is None or {*keys.node_ids} <= {*keys.used_node_ids}:
        return frozenset()
    return frozenset({"owner_change"})


def _hidden(findings: Findings, *, complete: bool) -> frozenset[Risk]:
    hidden = frozenset[Risk]() if complete else _HIDES_IN_EFFECTS
    if not findings.effects:
        hidden |= {"blind"}
    if findings.fee is None:
        hidden |= {"fee_unusual"}
    return hidden
