"""What request_detail says about a key, for rules that pin it and for people."""

from collections.abc import Mapping
from typing import Final, assert_never

from approvals.details import Detail, KeyGen, KeyReshare, KeyShareSign, KeySign
from approvals.findings import Integrity, KeyFacts, Reason, Unverified

CURVES: Final[Mapping[int, str]] = {0: "secp256k1", 2: "ed25519"}
"""The numbers that request_detail gives to curves."""

ROOT_CURVES: Final[Mapping[str, str]] = {"xpub": "secp256k1", "cpub": "ed25519"}
"""The curve of an extended public key, by how it begins."""

UNPINNED: Final = Reason(
    16,
    "Only Cobo says who the nodes are: compare them with your own list."
    " No rule may approve this unless it pins them.",
)
"""The only reason for Unverified that is left where everything about a key agrees."""


def key_facts(detail: Detail, integrity: Integrity) -> KeyFacts:
    """What the node will do. `agreed` is said of key generation and resharing alone."""
    agreed = integrity == Unverified((UNPINNED,))
    match detail:
        case KeyGen():
            return KeyFacts(
                curve=CURVES.get(detail.curve),
                node_ids=detail.node_ids,
                threshold=detail.threshold,
                agreed=agreed,
            )
        case KeyReshare():
            return KeyFacts(
                curve=CURVES.get(detail.curve),
                node_ids=detail.new_node_ids,
                threshold=detail.new_threshold,
                root_pub_key=detail.root_pub_key,
                old_threshold=detail.old_threshold,
                used_node_ids=detail.used_node_ids,
                agreed=agreed,
            )
        case KeySign():
            root, nodes = detail.root_pub_key, detail.used_node_ids
            return KeyFacts(ROOT_CURVES.get(root[:4]), nodes, root_pub_key=root)
        case KeyShareSign():
            return KeyFacts(None, (detail.node_id,))
        case _ as never:
            assert_never(never)
