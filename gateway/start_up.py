"""The first lines a gateway says: what it is connected to, and what it would change."""

from approvals.freezes.model import Freeze
from approvals.redis.health import FAIL_OVER_FORGETS, examine
from approvals.redis.link import Link, StoreDown
from approvals.service import Service
from approvals.wording import counted
from gateway.config.settings import Node, Settings
from gateway.doctor.key_files import left_by_init
from gateway.doctor.windows import spoken_window, window_warnings
from keys.rsa import fingerprint, load_public_key
from notifiers.words.freeze_lines import headline_of, thaw_wanted
from notifiers.words.readable import visible
from notifiers.words.status import day_and_clock


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
    return f"Node {node.name}: key {prints}; {spoken_window(node.window)}."


def _warnings(node: Node) -> list[str]:
    checks = [*left_by_init(node), *window_warnings(node)]
    return [f"Warning: {check.sentence}" for check in checks]


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
        lines.append(f"Warning: {FAIL_OVER_FORGETS}")
    return lines
