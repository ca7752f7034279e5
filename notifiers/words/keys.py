"""What an operation on a key would do: its curve, its threshold, and every node that holds it."""

from collections.abc import Mapping, Sequence
from typing import Final

from approvals.findings import KeyFacts
from approvals.request import RequestType
from notifiers.words.facts import Fact, Room, exact, numbered, pairs, paragraph
from notifiers.words.readable import visible
from notifiers.words.text import Names

_HOLDS: Final[Mapping[int, str]] = {
    RequestType.KEY_GEN: "Holder",
    RequestType.KEY_RESHARE: "New holder",
    RequestType.KEY_SHARE_SIGN: "Signs with its share",
}

CURVES_ARE_FOR: Final[Mapping[str, str]] = {
    "secp256k1": "Bitcoin, Tron and EVM chains",
    "ed25519": "Solana and others",
}


def key_facts(keys: KeyFacts, kind: int, names: Names, room: Room) -> list[Fact]:
    """What request_detail says, which is what the node will do; nothing for a mere signature."""
    holds = _HOLDS.get(kind)
    if holds is None:
        return []
    facts = []
    if keys.curve is not None or kind != RequestType.KEY_SHARE_SIGN:
        facts.append(exact("Curve", _curve(keys)))
    if keys.root_pub_key is not None:
        facts.append(exact("Key", keys.root_pub_key))
    if keys.threshold is not None:
        facts.append(exact("Who can sign", _threshold(keys, keys.threshold)))
    lend, hold = keys.used_node_ids, keys.node_ids
    leaves = tuple(node for node in lend if node not in hold)
    return [
        *facts,
        *paragraph(pairs(f"{holds} ", _holders(hold, lend, names), room)),
        *paragraph(pairs("Gets no new share ", _holders(leaves, (), names), room)),
    ]


def _curve(keys: KeyFacts) -> str:
    if keys.curve is None:
        return "unknown"
    used = CURVES_ARE_FOR.get(keys.curve)
    return f"{keys.curve} (for {used})" if used else keys.curve


def _threshold(keys: KeyFacts, new: int) -> str:
    said = f"any {new} of these {len(keys.node_ids)} nodes together"
    old = keys.old_threshold
    if old is None:
        return said
    change = f", LOWERED from {old}" if new < old else f" (before: any {old})"
    return f"{said}{change}"


def _holders(holders: Sequence[str], lend: Sequence[str], names: Names) -> list[tuple[str, str]]:
    """Each node, numbered, with its list; where old shares are used, whether its own is."""

    def described(node: str) -> str:
        label = names.node(node)
        said = [visible(label, 80)] if label else []
        if lend:
            said.append("its old share is used" if node in lend else "no old share of it is used")
        return f"{node} ({', '.join(said)})" if said else node

    return numbered([described(node) for node in holders])
