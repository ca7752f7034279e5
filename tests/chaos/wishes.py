"""What nodes ask: fresh requests of every kind, drawn from a seed."""

import json
import random
from dataclasses import dataclass
from typing import Final

from approvals.request import Request
from tests.chaos.history import content_of
from tests.chaos.mood import Mood
from tests.chaos.rules import Kind
from tests.support.requests import Sample, sample

_SAMPLES: Final = {
    Kind.AUTO: "keysign_erc20_usdt",
    Kind.ONE: "keysign_eth_transfer_eip1559",
    Kind.TWO: "keysign_spl_usdc",
    Kind.SIGNED: "keysign_eip712_permit",
    Kind.KEY_GEN: "keygen_secp256k1",
    Kind.BARRED: "keysign_tron_trx",
    Kind.CONTRADICTION: "bad_hash_mismatch",
    Kind.SECOND_BODY: "keysign_eth_transfer_eip1559",
    Kind.INNER_JUNK: "keysign_erc20_usdt",
    Kind.OUTER_JUNK: "keysign_erc20_usdt",
}

NODES: Final = ("node-1", "node-2")


@dataclass(frozen=True, slots=True)
class Wish:
    """One request of one node. `content` names its exact bytes; `digest` is what people vote on."""

    case: str
    node: str
    kind: Kind
    request_id: str
    digest: str
    content: str
    package: bytes

    @property
    def member(self) -> str:
        """The name of its record, if it is the first body under its id."""
        return f"{self.node}/{self.request_id}"


def draw(rng: random.Random, number: int, mood: Mood) -> list[Wish]:
    """The next request, now and then with a twin of another node, or with a second body."""
    (kind,) = rng.choices(list(mood.kinds), list(mood.kinds.values()))
    node = rng.choice(mood.nodes)
    fresh = sample(_SAMPLES[kind]).fresh(number)
    wishes = [_wish(kind, node, _spoiled(kind, fresh))]
    luck = rng.random()
    if kind in {Kind.ONE, Kind.AUTO} and luck < mood.twins:
        other = next(name for name in NODES if name != node)
        wishes.append(_wish(kind, other, fresh))
    elif kind is Kind.ONE and luck < mood.twins + mood.second_bodies:
        changed = fresh.with_transaction("description", f"changed {number}")
        wishes.append(_wish(Kind.SECOND_BODY, rng.choice(NODES), changed))
    return wishes


def _spoiled(kind: Kind, fresh: Sample) -> Sample:
    return fresh.with_texts(detail='{"task_id": 1') if kind is Kind.INNER_JUNK else fresh


def _wish(kind: Kind, node: str, what: Sample) -> Wish:
    request: Request = what.with_outer(node=node).request
    package = what.package
    if kind is Kind.OUTER_JUNK:
        package = json.dumps({**json.loads(package), "request_type": "2"}).encode()
    name = f"{node}/{request.request_id} {kind}"
    content = content_of(node, request.request_id, request.type, request.detail, request.extra)
    return Wish(name, node, kind, request.request_id, request.digest, content, package)
