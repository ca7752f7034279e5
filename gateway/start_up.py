"""The first lines a gateway says: what it is connected to, and what it would change."""

from typing import Final

from approvals.freeze import Freeze
from approvals.redis_health import examine
from approvals.redis_link import Link, StoreDown
from approvals.service import Service
from approvals.wording import counted
from gateway.init import TEST_NODE_KEY
from gateway.settings import Node, Settings
from keys.rsa import fingerprint, load_public_key
from notifiers.freeze_lines import headline_of, thaw_wanted
from notifiers.readable import visible
from notifiers.status import day_and_clock

LITTLE_LISTENING: Final = 0.5


async def start_up_lines(
    settings: Settings, service: Service, link: Link, *, people: str, public: str, operator: str
) -> list[str]:
    """One plain sentence each; warnings last, and what is frozen at the very end.

    `people` says where approvals are told.
    """
    policy = service.policy
    rules = f"{counted(len(policy.rules), 'rule')}, default {policy.default}"
    lines = [
        f"Answering TSS Nodes at {public}/v2/check; operators at {operator}.",
        *(_node(node) for node in settings.nodes),
        *await _redis(settings, link),
        people,
        f"Policy {policy.digest[:16]} from {settings.policy}: {rules}.",
    ]
    warnings = [warning for node in settings.nodes for warning in _warnings(node)]
    return [*lines, *warnings, *await _frozen(service)]


async def _frozen(service: Service) -> list[str]:
    """What is frozen, each freeze in one line; of a store that is away, `_redis` has spoken."""
    try:
        record = await service.freezing.look()
    except StoreDown:
        return []
    return [_freeze(freeze) for freeze in record.freezes]


def _freeze(freeze: Freeze) -> str:
    who = "Countersign itself" if freeze.person is None else visible(freeze.person)
    why = f"by {who}, {day_and_clock(freeze.at)}: {visible(freeze.reason)}"
    return f"{headline_of(freeze)}, {why.rstrip('.')}. {thaw_wanted(freeze.id, 0)}"


def _node(node: Node) -> str:
    prints = ", ".join(fingerprint(load_public_key(path)) for path in node.keys)
    window = node.window
    return (
        f"Node {node.name}: key {prints}; people have up to {_span(window.people_have_ms)},"
        f" and it listens {window.listening_share:.0%} of that time."
    )


def _warnings(node: Node) -> list[str]:
    window, warnings = node.window, []
    if any((path.parent / TEST_NODE_KEY.name).exists() for path in node.keys):
        warnings.append(
            f"Warning: node {node.name} may be the test node that `init` made, whose private key"
            " lies here: before real use, put your TSS Node's public key in its place and delete"
            f" {TEST_NODE_KEY.name}."
        )
    if window.retry_times == 0:
        warnings.append(
            f"Warning: node {node.name} asks once (retry_times = 0): people have"
            f" {_span(window.people_have_ms)}, and what that means to a node is not documented."
        )
    elif window.listening_share < LITTLE_LISTENING:
        warnings.append(
            f"Warning: node {node.name} may hear of a decision up to"
            f" {_span(window.worst_delay_ms)} late; request_timeout = 55 with sleep_seconds = 2"
            " would let it listen nearly all the time."
        )
    return warnings


async def _redis(settings: Settings, link: Link) -> list[str]:
    where = "embedded server" if settings.redis.url is None else "Redis"
    try:
        await link.ping()
        async with link.reaching():
            facts = await examine(link.client)
    except StoreDown as down:
        return [f"Warning: {where} cannot be used yet ({down}); nothing is decided until it can."]
    if link.fails_over:
        where = link.where
    lines = [f"Store: {where}, {facts.sentence}."]
    if link.fails_over and facts.min_replicas == 0:
        lines.append(
            "Warning: the master also writes while no replica copies it, so a fail-over may forget"
            " votes, and people are asked again: set min-replicas-to-write to 1 or more."
        )
    return lines


def _span(milliseconds: int) -> str:
    """`8 s`, `69 min`: for people."""
    seconds = milliseconds / 1000
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004
