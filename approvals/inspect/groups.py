"""The parts of check 16: request_detail against the groups and the TSS request of extra_info.

What extra_info says otherwise contradicts; what it does not say cannot be compared.
"""

from collections.abc import Mapping
from typing import Final

from approvals.chains import base58
from approvals.chains.node_id import is_node_id
from approvals.details import Extra, GroupClaim, KeyClaim, KeyReshare, KeyShareSign
from approvals.inspect.keys import CURVES, ROOT_CURVES
from approvals.inspect.reasons import Reasons, quoted
from approvals.wording import counted

_ROOT_SIZE: Final = 78
_CLAIMED_CURVES: Final = {"SECP256K1": "secp256k1", "ED25519": "ed25519"}
_GROUP_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "KeyGen": ("MainGroup",),
    "KeyGenFromKeyGroup": ("SigningGroup", "RecoveryGroup"),
    "Recovery": ("MainGroup", "SigningGroup", "RecoveryGroup"),
}
"""The types of TSS request, and the types of group that each is for."""


def check_curve(number: int, reasons: Reasons) -> str | None:
    """The name of the curve."""
    if number not in CURVES:
        reasons.unverified(16, f"The curve {number} is not known.")
    return CURVES.get(number)


def check_root(root: str, curve: str | None, reasons: Reasons) -> None:
    """The root key is one of this curve."""
    data = base58.decode_check(root)
    kind = ROOT_CURVES.get(root[:4])
    if data is None or len(data) != _ROOT_SIZE or kind is None:
        reasons.unverified(16, "root_pub_key cannot be read.")
    elif curve is not None and kind != curve:
        reasons.contradiction(16, f"root_pub_key is a key of {kind}, and the curve is {curve}.")


def check_task(task: str | None, extra: Extra, reasons: Reasons) -> None:
    """Check 4 of what has a TSS request in place of a transaction."""
    claimed = extra.tss_request.request_id
    if not task or not claimed:
        reasons.unverified(4, "The task and the TSS request do not both say which they are.")
    elif task != claimed:
        reasons.contradiction(4, "The task is for another TSS request than extra_info describes.")


def check_type(expected: tuple[str, ...], what: str, extra: Extra, reasons: Reasons) -> None:
    """The TSS request is of a type that fits the request."""
    found = extra.tss_request.type
    if not found:
        reasons.unverified(16, "extra_info does not say what kind of TSS request it is.")
    elif found not in _GROUP_TYPES:
        reasons.unverified(16, f"The kind of TSS request '{quoted(found)}' is not known.")
    elif found not in expected:
        reasons.contradiction(16, f"The request is for {what}, and extra_info describes {found}.")


def check_threshold(threshold: int, nodes: int, reasons: Reasons) -> None:
    """Some of the nodes can sign, and not more than there are."""
    if not 1 <= threshold <= nodes:
        reasons.contradiction(16, f"{threshold} of {counted(nodes, 'node')} is no threshold.")


def check_nodes(node_ids: tuple[str, ...], reasons: Reasons) -> None:
    """Each node once, under an id that a node can have."""
    if len(set(node_ids)) != len(node_ids):
        reasons.contradiction(16, "A node is named twice.")
    strange = next((node_id for node_id in node_ids if not is_node_id(node_id)), None)
    if strange is not None:
        reasons.unverified(16, f"'{quoted(strange)}' is not formed as the id of a node.")


def check_target(threshold: int, node_ids: tuple[str, ...], extra: Extra, reasons: Reasons) -> None:
    """The group that is to hold the key: it is the one of the TSS request, and has these nodes."""
    group, request = extra.target_group, extra.tss_request
    if group is None:
        reasons.unverified(16, "extra_info does not describe the group that will hold the key.")
        return
    _check_id(group, request.target_group_id, reasons)
    _check_numbers(group, threshold, "threshold", reasons)
    if group.node_ids is None:
        reasons.unverified(16, "extra_info does not name every node that will hold the key.")
    elif sorted(group.node_ids) != sorted(node_ids):
        reasons.contradiction(16, "The nodes are not the ones that extra_info lists.")
    usual = _GROUP_TYPES.get(request.type or "", ())
    if usual and group.type not in usual:
        kind = f"of the type '{quoted(group.type)}'" if group.type else "of a type that is not said"
        reasons.unverified(16, f"The group is {kind}, which {request.type} is not known to be for.")


def check_new_key(curve: str | None, extra: Extra, reasons: Reasons) -> None:
    """There is no such key yet, and no group that it comes from."""
    request, group = extra.tss_request, extra.target_group
    if extra.source_group or request.source_group_id or request.source_node_ids:
        reasons.contradiction(16, "extra_info names a group that the new key comes from.")
    if extra.vault_keys is None:
        reasons.unverified(16, "extra_info does not say which keys the vault has.")
    if any(_curve_of(key) in (curve, None) for key in extra.vault_keys or ()):
        reasons.unverified(16, "The vault already has a key of this curve, or of an unknown one.")
    if any(_curve_of(key) in (curve, None) for key in (group.keys if group else ())):
        reasons.unverified(16, "The group already has a key of this curve, or of an unknown one.")


def check_source(detail: KeyReshare, curve: str | None, extra: Extra, reasons: Reasons) -> None:
    """The group that holds the key now: it has this key, and the nodes that lend their shares."""
    used, request, group = detail.used_node_ids, extra.tss_request, extra.source_group
    check_nodes(used, reasons)
    if detail.old_threshold < 1:
        reasons.contradiction(16, f"{detail.old_threshold} is no threshold.")
    if len(used) < detail.old_threshold:
        reasons.contradiction(16, "Fewer nodes lend their shares than the old threshold demands.")
    if not request.source_node_ids:
        reasons.unverified(16, "The TSS request does not say whose shares are lent.")
    elif sorted(request.source_node_ids) != sorted(used):
        reasons.contradiction(16, "The nodes that lend their shares are not those of extra_info.")
    _check_vault(detail.root_pub_key, curve, extra, reasons)
    if group is None:
        reasons.unverified(16, "extra_info does not describe the group that holds the key.")
        return
    _check_id(group, request.source_group_id, reasons)
    _check_numbers(group, detail.old_threshold, "old threshold", reasons)
    if group.node_ids is None:
        reasons.unverified(16, "extra_info does not name every node that holds the key.")
    elif not set(used) <= set(group.node_ids):
        reasons.contradiction(16, "A node lends a share that extra_info does not give it.")
    _check_old_key(detail, curve, group, reasons)


def check_holders(detail: KeyShareSign, extra: Extra, reasons: Reasons) -> None:
    """Each share that signs is one that the node has."""
    groups = extra.validity_groups
    if not groups:
        reasons.unverified(16, "extra_info does not describe the groups that hold the keys.")
        return
    for group_id in dict.fromkeys(group_id for group_id, _ in detail.items):
        holding = [group for group in groups if any(key.group_id == group_id for key in group.keys)]
        if not holding:
            reasons.contradiction(16, "A key share is asked for that extra_info does not list.")
        elif any(group.node_ids is None for group in holding):
            reasons.unverified(16, "extra_info does not name every node that holds the key.")
        elif not any(detail.node_id in (group.node_ids or ()) for group in holding):
            reasons.contradiction(16, "The node is not among the holders that extra_info lists.")


def _check_id(group: GroupClaim, named: str | None, reasons: Reasons) -> None:
    if not group.group_id or not named:
        reasons.unverified(16, "A group and the TSS request do not both say which group it is.")
    elif group.group_id != named:
        reasons.contradiction(16, "The TSS request is for another group than extra_info describes.")


def _check_numbers(group: GroupClaim, threshold: int, name: str, reasons: Reasons) -> None:
    if group.threshold is None:
        reasons.unverified(16, f"extra_info does not state the {name}.")
    elif group.threshold != threshold:
        found = f"The {name} is {threshold}"
        reasons.contradiction(16, f"{found}, and {group.threshold} in extra_info.")
    if group.participants is None:
        reasons.unverified(16, "extra_info does not say how many hold the key.")
    elif group.holders and group.participants != len(group.holders):
        said = f"extra_info counts {counted(group.participants, 'holder')}"
        reasons.contradiction(16, f"{said}, and lists {len(group.holders)}.")


def _check_vault(root: str, curve: str | None, extra: Extra, reasons: Reasons) -> None:
    keys = [key for key in extra.vault_keys or () if key.root_pub_key == root]
    if extra.vault_keys is None:
        reasons.unverified(16, "extra_info does not say which keys the vault has.")
    elif not keys:
        reasons.contradiction(16, "The vault does not have the key that is reshared.")
    for key in keys:
        _check_key_curve(key, curve, reasons)


def _check_old_key(
    detail: KeyReshare, curve: str | None, group: GroupClaim, reasons: Reasons
) -> None:
    keys = [key for key in group.keys if key.group_id == detail.old_group_id]
    if not group.keys:
        reasons.unverified(16, "extra_info does not list the keys of the group that holds them.")
    elif not keys:
        reasons.contradiction(16, "The old key is not among those that extra_info lists.")
    for key in keys:
        if not key.root_pub_key:
            reasons.unverified(16, "extra_info does not state the root of the old key.")
        elif key.root_pub_key != detail.root_pub_key:
            reasons.contradiction(16, "The old key has another root in extra_info.")
        _check_key_curve(key, curve, reasons)


def _check_key_curve(key: KeyClaim, curve: str | None, reasons: Reasons) -> None:
    found = _curve_of(key)
    if found is None:
        reasons.unverified(16, "extra_info does not state the curve of the key.")
    elif curve is not None and found != curve:
        reasons.contradiction(16, f"The curve is {curve}, and {found} in extra_info.")


def _curve_of(key: KeyClaim) -> str | None:
    return _CLAIMED_CURVES.get(key.curve or "")
