"""request_detail: what the TSS Node will execute if it is told APPROVE."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from approvals.chains.bip32 import Path, parse_path
from approvals.details.documents import Document, open_document
from approvals.details.fields import Fields, hex_bytes
from approvals.request import RequestType


class SignatureType(IntEnum):
    """The `signature_type` numbers of a KeySign."""

    ECDSA = 1
    EDDSA = 2
    SCHNORR = 3


@dataclass(frozen=True, slots=True)
class KeyGen:
    """Make a key of which `threshold` of the nodes can sign. `curve` is the wire number."""

    threshold: int
    node_ids: tuple[str, ...]
    curve: int
    task_id: str | None
    biz_task_id: str | None


@dataclass(frozen=True, slots=True)
class KeySign:
    """Sign `hashes[i]` with the key at `paths[i]` below `root_pub_key`.

    `signature_type` is the wire number, which may be one that we do not know.
    """

    group_id: str | None
    root_pub_key: str
    used_node_ids: tuple[str, ...]
    paths: tuple[Path, ...]
    hashes: tuple[bytes, ...]
    tweaks: tuple[bytes, ...]
    signature_type: int
    tss_protocol: int | None
    task_id: str | None
    biz_task_id: str | None


@dataclass(frozen=True, slots=True)
class KeyReshare:
    """Give new shares of a key to `new_node_ids`; `used_node_ids` lend the old ones."""

    old_group_id: str
    root_pub_key: str
    curve: int
    used_node_ids: tuple[str, ...]
    old_threshold: int
    new_threshold: int
    new_node_ids: tuple[str, ...]
    task_id: str | None
    biz_task_id: str | None


@dataclass(frozen=True, slots=True)
class KeyShareSign:
    """Sign messages with the bare key shares of one node; `items` are (group id, message)."""

    node_id: str
    items: tuple[tuple[str, str], ...]
    task_id: str | None
    biz_task_id: str | None


Detail: TypeAlias = KeyGen | KeySign | KeyReshare | KeyShareSign


def read_detail(request_type: RequestType, text: str) -> Document[Detail]:
    """Read `request_detail`; one fault is enough to have no value."""
    fields = open_document("request_detail", text)
    if isinstance(fields, str):
        return Document(None, faults=(fields,))
    read, known = _READERS[request_type]
    value = read(fields)
    unknown = fields.unknown((*known, "task_id", "biz_task_id"))
    return Document(None if fields.faults else value, tuple(fields.faults), unknown)


def _key_gen(fields: Fields) -> KeyGen:
    return KeyGen(
        threshold=fields.required_number("threshold"),
        node_ids=fields.required_texts("node_ids"),
        curve=fields.required_number("curve"),
        task_id=fields.text("task_id"),
        biz_task_id=fields.text("biz_task_id"),
    )


def _key_sign(fields: Fields) -> KeySign:
    return KeySign(
        group_id=fields.text("group_id"),
        root_pub_key=fields.required_text("root_pub_key"),
        used_node_ids=fields.texts("used_node_ids") or (),
        paths=_paths(fields),
        hashes=_hex(fields, "msg_hash_list", fields.required_texts("msg_hash_list")),
        tweaks=_hex(fields, "tweak_list", fields.texts("tweak_list") or ()),
        signature_type=fields.required_number("signature_type"),
        tss_protocol=fields.number("tss_protocol"),
        task_id=fields.text("task_id"),
        biz_task_id=fields.text("biz_task_id"),
    )


def _key_reshare(fields: Fields) -> KeyReshare:
    return KeyReshare(
        old_group_id=fields.required_text("old_group_id"),
        root_pub_key=fields.required_text("root_pub_key"),
        curve=fields.required_number("curve"),
        used_node_ids=fields.required_texts("used_node_ids"),
        old_threshold=fields.required_number("old_threshold"),
        new_threshold=fields.required_number("new_threshold"),
        new_node_ids=fields.required_texts("new_node_ids"),
        task_id=fields.text("task_id"),
        biz_task_id=fields.text("biz_task_id"),
    )


def _key_share_sign(fields: Fields) -> KeyShareSign:
    items = fields.children("details")
    if not items:
        fields.fault("request_detail.details is missing or empty.")
    return KeyShareSign(
        node_id=fields.required_text("node_id"),
        items=tuple(
            (item.required_text("group_id"), item.required_text("message")) for item in items
        ),
        task_id=fields.text("task_id"),
        biz_task_id=fields.text("biz_task_id"),
    )


_READERS: Final[dict[RequestType, tuple[Callable[[Fields], Detail], tuple[str, ...]]]] = {
    RequestType.KEY_GEN: (_key_gen, ("threshold", "node_ids", "curve")),
    RequestType.KEY_SIGN: (
        _key_sign,
        (
            "group_id",
            "root_pub_key",
            "used_node_ids",
            "bip32_path_list",
            "msg_hash_list",
            "tweak_list",
            "signature_type",
            "tss_protocol",
        ),
    ),
    RequestType.KEY_RESHARE: (
        _key_reshare,
        (
            "old_group_id",
            "root_pub_key",
            "curve",
            "used_node_ids",
            "old_threshold",
            "new_threshold",
            "new_node_ids",
        ),
    ),
    RequestType.KEY_SHARE_SIGN: (_key_share_sign, ("node_id", "details")),
}


def _paths(fields: Fields) -> tuple[Path, ...]:
    paths = []
    for text in fields.required_texts("bip32_path_list"):
        path = parse_path(text)
        if path is None:
            fields.fault("request_detail.bip32_path_list holds what is no plain BIP-32 path.")
            return ()
        paths.append(path)
    return tuple(paths)


def _hex(fields: Fields, key: str, texts: tuple[str, ...]) -> tuple[bytes, ...]:
    found = []
    for text in texts:
        data = hex_bytes(text)
        if data is None:
            fields.fault(f"request_detail.{key} holds what is not hex.")
            return ()
        found.append(data)
    return tuple(found)
