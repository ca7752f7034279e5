"""What can happen to a TSS Node's attempts, and what it does next. Pure.

What each kind of answer means to a node is only partly documented: no HTTP response is retried,
status 0 with an action is final. For the rest a real node may retry or reject, so `Knobs` says.
"""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, assert_never

from approvals.window import Window

Reading: TypeAlias = Literal["retry", "reject"]


@dataclass(frozen=True, slots=True)
class Knobs:
    """How this node differs from the usual one.

    `header` and `claims` replace or extend the JWT's parts; `expires_in_s` is relative to now.
    The readings say what a node makes of an answer whose meaning is not documented.
    """

    header: bytes = b'{"alg":"RS256","typ":"JWT"}'
    claims: dict[str, Any] = field(default_factory=dict)
    expires_in_s: int = 120
    around: str = ""
    on_http_error: Reading = "retry"
    on_bad_answer: Reading = "retry"
    on_error_status: Reading = "retry"


USUAL: Final = Knobs()


@dataclass(frozen=True, slots=True)
class NoResponse:
    """Refused, reset, timed out, or closed without an answer."""

    why: str


@dataclass(frozen=True, slots=True)
class HttpError:
    """An answer with another HTTP status than 200."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class BadAnswer:
    """HTTP 200 with something that is no valid answer to this request."""

    why: str


@dataclass(frozen=True, slots=True)
class ErrorStatus:
    """A verified answer whose `status` is not 0: the callback server itself failed."""

    status: int
    error: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified answer with status 0. `action` is "" only in the answer to a ping."""

    action: Literal["APPROVE", "REJECT", ""]
    error: str


Happened: TypeAlias = NoResponse | HttpError | BadAnswer | ErrorStatus | Answer


@dataclass(frozen=True, slots=True)
class Began:
    """Attempt `number` of `of` begins; `at` is Unix milliseconds."""

    number: int
    of: int
    at: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What attempt `number` came to, after `took_ms`; `retry_in_ms` None: there is no other."""

    number: int
    of: int
    at: int
    took_ms: int
    what: Happened
    retry_in_ms: int | None


Event: TypeAlias = Began | Ended


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the node goes by. `by` says whether the gateway answered or the node gave up."""

    action: Literal["APPROVE", "REJECT", ""]
    by: Literal["server", "gave up", "stopped"]
    error: str
    attempts: int
    elapsed_ms: int


def retry_in_ms(window: Window, knobs: Knobs, number: int, happened: Happened) -> int | None:
    """How long to sleep before the next attempt; None where attempt `number` was the last."""
    match happened:
        case Answer():
            return None
        case NoResponse():
            reading: Reading = "retry"
        case HttpError():
            reading = knobs.on_http_error
        case BadAnswer():
            reading = knobs.on_bad_answer
        case ErrorStatus():
            reading = knobs.on_error_status
        case _:
            assert_never(happened)
    return window.sleep_ms if reading == "retry" and number <= window.retry_times else None


def meaning(
    happened: Happened | None,
) -> tuple[Literal["APPROVE", "REJECT", ""], Literal["server", "gave up", "stopped"], str]:
    """The action a node goes by, who said so, and why."""
    match happened:
        case Answer(action=action, error=error):
            return action, "server", error
        case NoResponse(why=why) | BadAnswer(why=why):
            return "REJECT", "gave up", why
        case HttpError(status=status):
            return "REJECT", "gave up", f"HTTP {status}"
        case ErrorStatus(status=status, error=error):
            return "REJECT", "gave up", f"status {status}: {error}"
        case None:
            return "REJECT", "stopped", "stopped before the node had an answer"
        case _:
            assert_never(happened)
