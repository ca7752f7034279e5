"""Check 16: key generation, resharing and share signing, where both halves come from Cobo.

That they agree proves nothing by itself, so these requests are never Passed. It matters to rules
that pin nodes and threshold: they count only where every check here could be made, and agreed.
"""

from typing import Final

from approvals.details import Extra, KeyGen, KeyReshare, KeyShareSign
from approvals.findings import Note
from approvals.inspect.groups import (
    check_curve,
    check_holders,
    check_new_key,
    check_nodes,
    check_root,
    check_source,
    check_target,
    check_task,
    check_threshold,
    check_type,
)
from approvals.inspect.keys import UNPINNED
from approvals.inspect.messages.preview import NOTE_CHARS, bounded
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import Seen
from approvals.risks import Flag
from approvals.wording import counted

MAX_NOTED: Final = 20
"""Nodes, and messages, that are listed for people; the rest is counted."""

_KEYS: Final = {"secp256k1": "a secp256k1 key", "ed25519": "an ed25519 key"}


def look_at_key_gen(detail: KeyGen, extra: Extra, reasons: Reasons) -> tuple[Seen, str]:
    """Compare the halves; return what people should see, and a line that says it all."""
    curve = check_curve(detail.curve, reasons)
    check_task(detail.biz_task_id, extra, reasons)
    check_type(("KeyGen",), "key generation", extra, reasons)
    check_threshold(detail.threshold, len(detail.node_ids), reasons)
    check_nodes(detail.node_ids, reasons)
    check_target(detail.threshold, detail.node_ids, extra, reasons)
    check_new_key(curve, extra, reasons)
    reasons.unverified(UNPINNED.check, UNPINNED.text)
    many = _many(detail.threshold, detail.node_ids)
    return Seen(
        notes=_names("Holder", detail.node_ids, extra)
    ), f"Generate {_key(curve, detail.curve)}, {many}"


def look_at_key_reshare(detail: KeyReshare, extra: Extra, reasons: Reasons) -> tuple[Seen, str]:
    """Compare the halves; return what people should see, and a line that says it all."""
    curve = check_curve(detail.curve, reasons)
    check_root(detail.root_pub_key, curve, reasons)
    check_task(detail.biz_task_id, extra, reasons)
    check_type(("KeyGenFromKeyGroup", "Recovery"), "resharing", extra, reasons)
    check_threshold(detail.new_threshold, len(detail.new_node_ids), reasons)
    check_nodes(detail.new_node_ids, reasons)
    check_target(detail.new_threshold, detail.new_node_ids, extra, reasons)
    check_source(detail, curve, extra, reasons)
    reasons.unverified(UNPINNED.check, UNPINNED.text)
    many = _many(detail.new_threshold, detail.new_node_ids)
    seen = Seen(flags=_reshare_flags(detail, extra), notes=_reshare_notes(detail, extra))
    return seen, f"Reshare {_key(curve, detail.curve)} to {many}"


def look_at_key_share_sign(
    detail: KeyShareSign, extra: Extra, reasons: Reasons
) -> tuple[Seen, str]:
    """Compare the halves; return what people should see, and a line that says it all."""
    check_nodes((detail.node_id,), reasons)
    check_holders(detail, extra, reasons)
    reasons.unverified(16, "What the messages are for, nobody but Cobo can say.")
    shares = [
        Note(
            "Message",
            f"for {quoted(group_id)}: {bounded(message)}",
            whole=len(message) <= NOTE_CHARS,
        )
        for group_id, message in detail.items[:MAX_NOTED]
    ]
    notes = (
        *shares,
        *_rest(len(detail.items), "message"),
        *_names("Holder", (detail.node_id,), extra),
    )
    many = counted(len(detail.items), "message")
    return Seen(notes=notes), f"Sign {many} with this node's key shares"


def _reshare_flags(detail: KeyReshare, extra: Extra) -> tuple[Flag, ...]:
    """What weakens the key, or lets somebody else in."""
    flags = []
    if detail.new_threshold < detail.old_threshold:
        before = counted(detail.old_threshold, "node")
        sentence = (
            f"It lowers the threshold: {detail.new_threshold} can sign, before it took {before}."
        )
        flags.append(Flag("permission_change", sentence))
    held = extra.source_group.node_ids if extra.source_group else None
    old = {*(held or ()), *detail.used_node_ids}
    for node_id in [node_id for node_id in detail.new_node_ids if node_id not in old][:MAX_NOTED]:
        had = "had none" if held else "who held one before is not known"
        sentence = f"{quoted(node_id)} gets a share and {had}."
        flags.append(Flag("owner_change", sentence, proved=held is None))
    return tuple(flags)


def _reshare_notes(detail: KeyReshare, extra: Extra) -> tuple[Note, ...]:
    held = (extra.source_group.node_ids if extra.source_group else None) or ()
    lost = tuple(node_id for node_id in held if node_id not in detail.new_node_ids)
    kept = _names("New holder", detail.new_node_ids, extra)
    return (*kept, *_names("Keeps no share", lost, extra), *_rest(len(lost), "node", proved=False))


def _names(label: str, node_ids: tuple[str, ...], extra: Extra) -> tuple[Note, ...]:
    """What Cobo calls the holders of these nodes, numbered as the nodes are."""
    groups = (extra.target_group, extra.source_group, *extra.validity_groups)
    holders = {
        holder.node_id: holder for group in groups if group for holder in reversed(group.holders)
    }
    notes = []
    for number, node_id in enumerate(node_ids[:MAX_NOTED], start=1):
        holder = holders.get(node_id)
        if holder is not None:
            kind = f" ({quoted(holder.type)})" if holder.type else ""
            named = f"'{quoted(holder.name)}'{kind}" if holder.name else f"without a name{kind}"
            note = Note(f"{label} {number}", f"{quoted(node_id)} is {named}", proved=False)
            notes.append(note)
    return tuple(notes)


def _rest(count: int, what: str, *, proved: bool = True) -> list[Note]:
    more = count - MAX_NOTED
    said = counted(more, f"more {what}")
    return [Note("Not shown", said, proved, whole=False)] if more > 0 else []


def _key(curve: str | None, number: int) -> str:
    return f"a key of the unknown curve {number}" if curve is None else _KEYS[curve]


def _many(threshold: int, node_ids: tuple[str, ...]) -> str:
    return f"{threshold} of {len(node_ids)}"
