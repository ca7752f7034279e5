"""The integrity checks: a request, whatever it holds, becomes Findings.

Each check notes its number in `Reason.check`; none stops at the first reason. A contradiction,
and what is malformed, is Refused. What cannot be recomputed, or is recomputed but not understood,
is Unverified. Passed is what is left.

 1. The request type is one of four; else it is unsupported.
 2. request_detail and extra_info are JSON objects, and each field that we read has its type.
 3. Nothing is unknown: no outer field that the protocol does not name, no key in request_detail.
 4. biz_task_id is the transaction's (or the TSS request's) id.
 5. There is something to sign, and a path for each hash.
 6. The signature type fits the chain's family and the curve of root_pub_key; hashes for ECDSA and
    Schnorr have 32 bytes.
 7. Tweaks are empty or zero; those of Schnorr keys make the keys of the outputs that are spent.
 8. The claimed chain and kind are known, and fit each other.
 9. unsigned_raw_tx decodes exactly, as a transaction of a form that we read; or, where there is
    none, the claimed message does, and both its forms are one document.
10. Its hashes are msg_hash_list, as a sequence.
11. Its chain is the claimed one, and that of the source addresses.
12. Its token, destination, amount and memo, or its contract, value and calldata, are the claimed
    ones.
13. Its nonce and each part of its fee are the claimed ones, where they are claimed.
14. root_pub_key and path derive to the claimed source: address, path, public key, root.
15. What it does is understood, all of it.
16. KeyGen, KeyReshare, KeyShareSign: both halves agree. Both come from Cobo, so that alone proves
    nothing.

request_detail is what will be executed, extra_info only corroborates. Effects, chain, source and
fee are stated only as they follow from bytes whose hash is the one to be signed.
"""

import re
from typing import Final, assert_never

from approvals.chains.tables import Tables
from approvals.details import (
    Detail,
    Extra,
    KeyGen,
    KeyReshare,
    KeyShareSign,
    KeySign,
    read_detail,
    read_extra,
)
from approvals.findings import Claims, Findings, Unverified
from approvals.inspect.keys import key_facts
from approvals.inspect.keysign import look_at_keysign
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import NOTHING_SEEN, Seen
from approvals.inspect.shares import look_at_key_gen, look_at_key_reshare, look_at_key_share_sign
from approvals.request import Request
from approvals.risks import Flag, worst_first

__all__ = ["inspect"]

_TASK: Final = re.compile(r"[!-~]{1,128}", re.ASCII)


def inspect(request: Request, tables: Tables) -> Findings:
    """Make every check. Pure, bounded in time, and never raises."""
    reasons = Reasons()
    if request.surplus:
        reasons.unverified(3, "The request has fields that the protocol does not name.")
    known_type = request.known_type
    if known_type is None:
        reasons.unsupported(1, f"There is no request type {quoted(str(request.type))}.")
        return Findings(request.digest, request.type, reasons.integrity(), Claims())
    detail, extra = read_detail(known_type, request.detail), read_extra(request.extra)
    for fault in (*detail.faults, *extra.faults):
        reasons.malformed(2, fault)
    for key in detail.unknown:
        reasons.unverified(3, f"request_detail has the key '{quoted(key)}', which is not known.")
    seen, summary = NOTHING_SEEN, ""
    if detail.value is not None and extra.value is not None:
        seen, summary = _look(detail.value, extra.value, tables, reasons)
    hashes = detail.value.hashes if isinstance(detail.value, KeySign) else ()
    integrity = reasons.integrity()
    flags = seen.flags
    if isinstance(integrity, Unverified):
        flags = (*flags, Flag("unverified", "It could not be recomputed, or is not understood."))
    return Findings(
        digest=request.digest,
        type=request.type,
        integrity=integrity,
        claims=extra.value.claims if extra.value else Claims(),
        effects=seen.effects,
        complete=seen.complete,
        chain=seen.chain,
        source=seen.source,
        fee=seen.fee,
        hashes=tuple("0x" + digest.hex() for digest in hashes),
        summary=summary,
        flags=worst_first(flags),
        notes=seen.notes,
        keys=key_facts(detail.value, integrity) if detail.value is not None else None,
        task=_task(detail.value) if detail.value is not None else "",
    )


def _task(detail: Detail) -> str:
    """The biz_task_id, where it could be the name of something."""
    task = detail.biz_task_id or ""
    return task if _TASK.fullmatch(task) else ""


def _look(detail: Detail, extra: Extra, tables: Tables, reasons: Reasons) -> tuple[Seen, str]:
    """Checks 4 to 16, and a line about what has no effects."""
    match detail:
        case KeySign():
            seen = look_at_keysign(detail, extra, tables, reasons)
            return seen, "" if seen.effects else _signatures(len(detail.hashes))
        case KeyGen():
            return look_at_key_gen(detail, extra, reasons)
        case KeyReshare():
            return look_at_key_reshare(detail, extra, reasons)
        case KeyShareSign():
            return look_at_key_share_sign(detail, extra, reasons)
        case _ as never:
            assert_never(never)


def _signatures(count: int) -> str:
    return "Sign one hash" if count == 1 else f"Sign {count} hashes"
