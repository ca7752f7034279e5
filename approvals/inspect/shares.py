"""Check 16: key generation, resharing and share signing, where both halves come from Cobo."""

from typing import Final

from approvals.details import Extra, GroupClaim, KeyGen, KeyReshare, KeyShareSign
from approvals.inspect.reasons import Reasons

_CURVES: Final = {0: "a secp256k1 key", 2: "an ed25519 key"}
_UNPINNED: Final = "Both halves of the request come from Cobo and are not pinned in the policy."


def look_at_key_gen(detail: KeyGen, extra: Extra, reasons: Reasons) -> str:
    """Compare the halves; return the summary."""
    _check_task(detail.biz_task_id, extra, reasons)
    _check_members(detail.threshold, detail.node_ids, reasons)
    group = extra.target_group
    if group is not None:
        _check_group(group, detail.threshold, detail.node_ids, reasons)
    if extra.tss_request_type not in (None, "KeyGen"):
        reasons.contradiction(16, "extra_info describes something else than key generation.")
    reasons.unverified(16, _UNPINNED)
    many = f"{detail.threshold} of {len(detail.node_ids)}"
    return f"Generate {_curve(detail.curve, reasons)}, {many}"


def look_at_key_reshare(detail: KeyReshare, extra: Extra, reasons: Reasons) -> str:
    """Compare the halves; return the summary."""
    _check_task(detail.biz_task_id, extra, reasons)
    _check_members(detail.new_threshold, detail.new_node_ids, reasons)
    if len(detail.used_node_ids) < detail.old_threshold:
        reasons.contradiction(16, "Fewer nodes lend their shares than the old threshold demands.")
    if extra.target_group is not None:
        _check_group(extra.target_group, detail.new_threshold, detail.new_node_ids, reasons)
    if extra.source_group is not None:
        _check_source(extra.source_group, detail, reasons)
    if extra.tss_request_type == "KeyGen":
        reasons.contradiction(16, "extra_info describes key generation, not resharing.")
    reasons.unverified(16, _UNPINNED)
    many = f"{detail.new_threshold} of {len(detail.new_node_ids)}"
    return f"Reshare {_curve(detail.curve, reasons)} to {many}"


def look_at_key_share_sign(detail: KeyShareSign, extra: Extra, reasons: Reasons) -> str:
    """Compare the halves; return the summary."""
    groups = extra.validity_groups
    known = {group_id for group in groups for group_id, _ in group.keys}
    asked = {group_id for group_id, _ in detail.items}
    if known and not asked <= known:
        reasons.contradiction(16, "A key share is asked for that extra_info does not list.")
    holders = [group.node_ids for group in groups]
    if holders and all(holders) and not any(detail.node_id in (ids or ()) for ids in holders):
        reasons.contradiction(16, "The node is not among the holders that extra_info lists.")
    reasons.unverified(16, _UNPINNED)
    many = len(detail.items)
    return f"Sign {many} {'message' if many == 1 else 'messages'} with this node's key shares"


def _check_task(task: str | None, extra: Extra, reasons: Reasons) -> None:
    """Check 4 of what has a TSS request in place of a transaction."""
    if not task or not extra.tss_request_id:
        reasons.unverified(4, "The task and the TSS request do not both say which they are.")
    elif task != extra.tss_request_id:
        reasons.contradiction(4, "The task is for another TSS request than extra_info describes.")


def _check_members(threshold: int, node_ids: tuple[str, ...], reasons: Reasons) -> None:
    if not 1 <= threshold <= len(node_ids):
        reasons.contradiction(16, f"{threshold} of {len(node_ids)} nodes is no threshold.")
    if len(set(node_ids)) != len(node_ids):
        reasons.contradiction(16, "A node is named twice.")


def _check_group(
    group: GroupClaim, threshold: int, node_ids: tuple[str, ...], reasons: Reasons
) -> None:
    if group.threshold is not None and group.threshold != threshold:
        found = f"The threshold is {threshold}"
        reasons.contradiction(16, f"{found}, and {group.threshold} in extra_info.")
    if group.node_ids is not None and set(group.node_ids) != set(node_ids):
        reasons.contradiction(16, "The nodes are not the ones that extra_info lists.")


def _check_source(group: GroupClaim, detail: KeyReshare, reasons: Reasons) -> None:
    if group.threshold is not None and group.threshold != detail.old_threshold:
        found = f"The old threshold is {detail.old_threshold}"
        reasons.contradiction(16, f"{found}, and {group.threshold} in extra_info.")
    if group.node_ids is not None and not set(detail.used_node_ids) <= set(group.node_ids):
        reasons.contradiction(16, "A node lends a share that extra_info does not give it.")
    roots = {root for group_id, root in group.keys if group_id == detail.old_group_id}
    if group.keys and not roots:
        reasons.contradiction(16, "The old key is not among those that extra_info lists.")
    elif roots - {None, detail.root_pub_key}:
        reasons.contradiction(16, "The old key has another root in extra_info.")


def _curve(number: int, reasons: Reasons) -> str:
    if number not in _CURVES:
        reasons.unverified(16, f"The curve {number} is not known.")
    return _CURVES.get(number, f"a key of the unknown curve {number}")
