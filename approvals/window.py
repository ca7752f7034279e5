"""The node's retry schedule: which attempt this is, and until when an answer can reach it.

A TSS Node tries `1 + retry_times` times; each attempt lasts up to `request_timeout`, with
`sleep_seconds` between (Cobo's `callback:` settings). Nothing in the protocol says "not yet", so
the last moment at which a decision is worth anything is inside the node's last attempt. Refused
connections use up attempts in `sleep_seconds` alone, so attempts are counted by time, never by
what we saw.
"""

from dataclasses import dataclass, replace
from typing import Final

from approvals.model import Attempts

MAX_MARGIN_MS: Final = 2_000
CEILING_MS: Final = 5_000
GRACE_MS: Final = 600_000
TOKENS_KEPT: Final = 256
LATE_MS: Final = 10_000
"""For a gateway that restarts, or a balancer that moves, while the node comes back: it then sleeps
once more."""


@dataclass(frozen=True, slots=True)
class Window:
    """One node's callback settings. Times are milliseconds above 0."""

    retry_times: int
    sleep_ms: int
    timeout_ms: int

    @property
    def margin_ms(self) -> int:
        """What the last attempt keeps for swapping, auditing and signing the answer."""
        return min(MAX_MARGIN_MS, self.timeout_ms // 4)

    @property
    def ceiling_ms(self) -> int:
        """How long a connection is held at most: past this the node has surely hung up."""
        return self.timeout_ms + CEILING_MS

    @property
    def span_ms(self) -> int:
        """From the first attempt's beginning to the last one's end, each lasting its limit."""
        return self.retry_times * (self.sleep_ms + self.timeout_ms) + self.timeout_ms

    @property
    def people_have_ms(self) -> int:
        """What the window leaves people, counted from the first attempt."""
        return self.span_ms - self.margin_ms

    @property
    def listening_share(self) -> float:
        """The share of the window in which the node holds a connection open: 0 to 1."""
        return (self.retry_times + 1) * self.timeout_ms / self.span_ms

    @property
    def worst_delay_ms(self) -> int:
        """The longest a decision may wait for the node to ask again."""
        return self.sleep_ms if self.retry_times else 0

    def deadline(self, attempts: Attempts) -> int:
        """The last useful moment, seen from the attempt at hand (Unix milliseconds)."""
        left = self.retry_times - attempts.number
        rest = left * (self.timeout_ms + self.sleep_ms)
        return attempts.began + rest + self.timeout_ms - self.margin_ms

    def due_back(self, attempts: Attempts) -> int:
        """When a node that was not answered should have asked again (Unix milliseconds).

        It sleeps once, from when it hung up, or must have; its sleep may be longer than it says by
        a quarter, and by LATE_MS whatever it says.
        """
        ended = attempts.began + self.timeout_ms if attempts.ended is None else attempts.ended
        return ended + self.sleep_ms + max(LATE_MS, self.sleep_ms // 4)

    def answer_until(self, began: int) -> int:
        """When an approval that nobody came for is given up: the window's end and ten minutes."""
        return began + self.span_ms + GRACE_MS


ADVISED: Final = Window(retry_times=60, sleep_ms=2_000, timeout_ms=55_000)
"""What to write at a node and here: an hour, nearly all of which the node listens."""

LITTLE_LISTENING: Final = 0.5
"""A smaller share of the time than this is worth a warning."""


def first_attempt(token: str, began: int, holder: str) -> Attempts:
    """The first attempt seen is number 0: attempts before it cannot be known."""
    return Attempts(number=0, began=began, ended=None, holder=holder, tokens=(token,))


def next_attempt(
    attempts: Attempts, window: Window, *, token: str, began: int, holder: str, others_open: bool
) -> Attempts:
    """Count an attempt by the time that passed; the same object if it does not count.

    A token seen before is a replay, and an attempt beside an open one is no part of the
    schedule: both wait along and move nothing.
    """
    if token in attempts.tokens:
        return attempts
    tokens = (*attempts.tokens, token)[-TOKENS_KEPT:]
    if others_open:
        return replace(attempts, tokens=tokens)
    ended = attempts.began if attempts.ended is None else attempts.ended
    passed = max(1, (began - ended) // window.sleep_ms)
    number = min(attempts.number + passed, window.retry_times)
    return Attempts(number=number, began=began, ended=None, holder=holder, tokens=tokens)


def end_attempt(attempts: Attempts, *, began: int, ended: int) -> Attempts:
    """Note when the node hung up; only for the attempt that is the latest one."""
    if attempts.began != began or attempts.ended is not None:
        return attempts
    return replace(attempts, ended=max(began, ended))
