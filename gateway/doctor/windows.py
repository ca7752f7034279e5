"""How long a TSS Node waits, and what that leaves people: the arithmetic of its retries."""

from typing import Final

from approvals.policy.model import Policy
from approvals.policy.seats import WITHIN_IF_ABSENT_MS
from approvals.window import ADVISED, LITTLE_LISTENING, Window
from approvals.wording import in_seconds
from gateway.config.settings import Node
from gateway.doctor.check import Change, Check, ok, warn

NODE_FILE: Final = "the node's cobo-tss-node-config.yaml, callback"
SHORT_MS: Final = 300_000
"""Less than five minutes: nobody reads, looks and decides in that time at night."""

_MINUTES_FROM_S: Final = 120
_MOST: Final = 20


def spoken_window(window: Window) -> str:
    """`people have up to 58 min, and it listens 97% of that time`."""
    return (
        f"people have up to {_span(window.people_have_ms)},"
        f" and it listens {window.listening_share:.0%} of that time"
    )


def check_window(node: Node) -> list[Check]:
    """What one node's three numbers amount to."""
    window = node.window
    late = f"a decision reaches it at most {_span(window.worst_delay_ms)} late"
    numbers = (
        f"(retry_times {window.retry_times}, sleep_seconds {in_seconds(window.sleep_ms)},"
        f" request_timeout {in_seconds(window.timeout_ms)})"
    )
    checks = [
        ok("window.length", f"Node {node.name} {numbers}: {spoken_window(window)}; {late}."),
    ]
    return [*checks, *window_warnings(node)]


def window_warnings(node: Node) -> list[Check]:
    """What is wrong with the numbers themselves, whatever the policy says."""
    window, has = node.window, _span(node.window.people_have_ms)
    if window.retry_times == 0:
        return [
            warn(
                "window.one_attempt",
                f"Node {node.name} asks once (retry_times = 0): people have {has}, and what that"
                " means to a node is not documented.",
                *advice(node),
            )
        ]
    if window.listening_share < LITTLE_LISTENING:
        sleep, timeout = in_seconds(ADVISED.sleep_ms), in_seconds(ADVISED.timeout_ms)
        return [
            warn(
                "window.listening",
                f"Node {node.name} may hear of a decision up to {_span(window.worst_delay_ms)}"
                f" late, for it listens {window.listening_share:.0%} of the time;"
                f" request_timeout = {timeout} with sleep_seconds = {sleep} would let it listen"
                " nearly all the time.",
                *advice(node),
            )
        ]
    if window.people_have_ms < SHORT_MS:
        return [
            warn(
                "window.short",
                f"Node {node.name} gives up {has} after it asked: that is little for people.",
                *advice(node),
            )
        ]
    return []


def advice(node: Node) -> tuple[Change, ...]:
    """The numbers to change, the same in both files; more attempts than advised may stay."""
    window, ours = node.window, f'countersign.toml, [[tss_node]] "{node.name}"'
    wanted: dict[str, str] = {}
    if window.retry_times < ADVISED.retry_times:
        wanted["retry_times"] = str(ADVISED.retry_times)
    if window.sleep_ms != ADVISED.sleep_ms:
        wanted["sleep_seconds"] = in_seconds(ADVISED.sleep_ms)
    if window.timeout_ms != ADVISED.timeout_ms:
        wanted["request_timeout"] = in_seconds(ADVISED.timeout_ms)
    return (
        *(Change(f"{key}: {number}", NODE_FILE) for key, number in wanted.items()),
        *(Change(f"{key} = {number}", ours) for key, number in wanted.items()),
    )


def check_deadlines(node: Node, policy: Policy) -> list[Check]:
    """Whether people really have the time that the policy gives them."""
    has = node.window.people_have_ms
    cut = [(place, within) for place, within in _times(policy) if within > has]
    if not cut:
        sentence = f"Node {node.name} waits as long as the policy gives people."
        return [ok("window.deadline", sentence)]
    return [
        warn(
            "window.deadline",
            f"policy.toml gives people {_span(within)} in {place}, and node {node.name} gives up"
            f" {_span(has)} after it asked: people have the shorter of the two.",
            Change(f'within = "{_duration(has)}"', f"policy.toml, {place}"),
        )
        for place, within in cut[:_MOST]
    ]


def _times(policy: Policy) -> list[tuple[str, int]]:
    """Where the policy itself says how long people have, in milliseconds."""
    general = WITHIN_IF_ABSENT_MS if policy.ask is None else policy.ask.within_ms
    inherited = {general, WITHIN_IF_ABSENT_MS}
    times = [("[ask]", general)] if general != WITHIN_IF_ABSENT_MS else []
    return times + [
        (f'rule "{rule.id}"', rule.terms.within_ms)
        for rule in policy.rules
        if rule.terms is not None and rule.terms.within_ms not in inherited
    ]


def _duration(milliseconds: int) -> str:
    """As a policy writes it, rounded down."""
    seconds = milliseconds // 1000
    return f"{seconds}s" if seconds < _MINUTES_FROM_S else f"{seconds // 60}m"


def _span(milliseconds: int) -> str:
    """`8 s`, `69 min`: for people."""
    seconds = milliseconds / 1000
    return f"{seconds:g} s" if seconds < _MINUTES_FROM_S else f"{seconds / 60:.0f} min"
