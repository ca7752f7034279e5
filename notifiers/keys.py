"""What an operation on a key would do: its curve, its threshold, and every node that holds it."""

from collections.abc import Mapping
from typing import Final

from approvals.findings import KeyFacts
from approvals.request import RequestType
from notifiers.facts import Fact, Room, exact, pairs

_HOLDS: Final[Mapping[int, str]] = {
    RequestType.KEY_GEN: "Holder",
    RequestType.KEY_RESHARE: "New holder",
    RequestType.KEY_SHARE_SIGN: "Signs with its share",
}


def key_facts(keys: KeyFacts, kind: int, room: Room) -> list[Fact]:
    """What request_detail says, which is what the node will do; nothing for a mere signature."""
    holds = _HOLDS.get(kind)
    if holds is None:
        return []
    facts = [exact("Curve", keys.curve or "unknown")]
    if keys.root_pub_key is not None:
        facts.append(exact("Key", keys.root_pub_key))
    if keys.threshold is not None:
        facts.append(exact("Threshold", _threshold(keys, keys.threshold)))
    lend, hold = keys.used_node_ids, keys.node_ids
    facts += pairs(f"{holds} ", _counted(hold, lend, "lends no share"), room)
    return facts + pairs("Lends its share ", _counted(lend, hold, "will hold none"), room)


def _threshold(keys: KeyFacts, new: int) -> str:
    many = f"{new} of {len(keys.node_ids)}"
    if keys.old_threshold is None:
        return many
    before = f"before: {keys.old_threshold}"
    return f"{many}, LOWERED ({before})" if new < keys.old_threshold else f"{many} ({before})"


def _counted(
    nodes: tuple[str, ...], others: tuple[str, ...], otherwise: str
) -> list[tuple[str, str]]:
    """Each node, numbered; where there are others, with a word about those not among them."""
    return [
        (str(number), node if not others or node in others else f"{node} ({otherwise})")
        for number, node in enumerate(nodes, start=1)
    ]
