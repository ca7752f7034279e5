"""The parts of `extra_info` about keys: who holds shares, of which keys, and what is to be done."""

from dataclasses import dataclass
from typing import Final

from approvals.details.fields import Fields


@dataclass(frozen=True, slots=True)
class HolderClaim:
    """One of `key_share_holders`: a node, and the name that people gave it. `type` is as `API`."""

    name: str | None
    type: str | None
    node_id: str | None


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """One key of a group or a vault. `curve` is as `SECP256K1`; a vault's has no `group_id`."""

    group_id: str | None
    curve: str | None
    root_pub_key: str | None


@dataclass(frozen=True, slots=True)
class GroupClaim:
    """A key share holder group, and the keys that it holds. `type` is as `MainGroup`."""

    group_id: str | None
    type: str | None
    threshold: int | None
    participants: int | None
    holders: tuple[HolderClaim, ...]
    keys: tuple[KeyClaim, ...]

    @property
    def node_ids(self) -> tuple[str, ...] | None:
        """The nodes that hold shares; None unless every holder's is stated."""
        node_ids = tuple(holder.node_id for holder in self.holders if holder.node_id)
        return node_ids if node_ids and len(node_ids) == len(self.holders) else None


@dataclass(frozen=True, slots=True)
class TssClaim:
    """`tss_request`: what Cobo says is to be done. `type` is as `KeyGenFromKeyGroup`."""

    request_id: str | None
    type: str | None
    target_group_id: str | None
    source_group_id: str | None
    source_node_ids: tuple[str, ...] | None


NO_TSS_REQUEST: Final = TssClaim(None, None, None, None, None)


def read_group(fields: Fields) -> GroupClaim:
    """A KeyShareHolderGroup."""
    return GroupClaim(
        group_id=fields.text("key_share_holder_group_id"),
        type=fields.text("type"),
        threshold=fields.number("threshold"),
        participants=fields.number("participants"),
        holders=tuple(
            HolderClaim(holder.text("name"), holder.text("type"), holder.text("tss_node_id"))
            for holder in fields.children("key_share_holders")
        ),
        keys=tuple(map(_key, fields.children("tss_key_share_groups"))),
    )


def read_tss_request(fields: Fields) -> TssClaim:
    """A TSSRequest."""
    source = fields.child("source_key_share_holder_group")
    return TssClaim(
        request_id=fields.text("tss_request_id"),
        type=fields.text("type"),
        target_group_id=fields.text("target_key_share_holder_group_id"),
        source_group_id=source.text("key_share_holder_group_id"),
        source_node_ids=source.texts("tss_node_ids"),
    )


def read_vault_keys(fields: Fields) -> tuple[KeyClaim, ...] | None:
    """The root keys that an MPCVault has; None where it does not say."""
    if not fields.has("root_pubkeys"):
        return None
    return tuple(map(_key, fields.children("root_pubkeys")))


def _key(fields: Fields) -> KeyClaim:
    return KeyClaim(
        group_id=fields.text("tss_key_share_group_id"),
        curve=fields.text("curve"),
        root_pub_key=fields.text("root_pubkey"),
    )
