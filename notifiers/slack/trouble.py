"""What a failure of Slack means: try again, tell somebody to repair it, or forget the message."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

TRANSIENT: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Errors of the Web API that pass by themselves; every other named error needs a person."""

RATE_LIMITED: Final = frozenset({"ratelimited", "rate_limited"})

GONE: Final = frozenset({"message_not_found"})
"""Somebody deleted the message: it cannot be updated, and says nothing any more."""

_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


class SlackTrouble(Exception):  # noqa: N818 - the root of what a call may raise
    """A call did not succeed. `error` is a short word: Slack's own, or the kind of failure.

    `done` is False where Slack surely did nothing, None where nobody can tell.
    """

    def __init__(self, error: str, *, done: bool | None = False) -> None:
        """A word, and whether it may have happened all the same."""
        super().__init__(error)
        self.error = error
        self.done = done


class SlackAway(SlackTrouble):
    """Worth trying again by itself, not before `retry_after` seconds if Slack said so."""

    def __init__(
        self, error: str, *, done: bool | None = None, retry_after: float | None = None
    ) -> None:
        """`retry_after` is Slack's own wish, in seconds."""
        super().__init__(error, done=done)
        self.retry_after = retry_after


class SlackRefused(SlackTrouble):
    """Slack understood and will not: a setting, a scope, or the message is wrong."""


class MessageGone(SlackTrouble):
    """The message to update is no longer there."""


async def tried(call: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
    """One error door for every call. Raises SlackTrouble, and nothing else."""
    try:
        return await call()
    except SlackApiError as error:
        raise _judged(error) from None
    except aiohttp.ClientConnectorError as error:
        raise SlackAway(type(error).__name__, done=False) from None
    except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
        raise SlackAway(type(error).__name__) from None
    except (AttributeError, ValueError):  # the SDK believes that every answer is an object
        raise SlackAway("not_slack") from None


def _judged(error: SlackApiError) -> SlackTrouble:
    """By status and by Slack's word; an answer without a word is a broken server, not a refusal."""
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    named = data.get("error") if isinstance(data, dict) else None
    word = named if isinstance(named, str) else f"http_{status}"
    if status == _TOO_MANY or word in RATE_LIMITED:
        after = _retry_after(getattr(response, "headers", None))
        return SlackAway(word, done=False, retry_after=after)
    if status >= _SERVER_ERROR or word in TRANSIENT or not isinstance(named, str):
        return SlackAway(word)
    return MessageGone(word) if word in GONE else SlackRefused(word)


def _retry_after(headers: object) -> float | None:
    """Seconds, or None where the header is absent or no number."""
    if not isinstance(headers, Mapping):
        return None
    value = next((v for k, v in headers.items() if str(k).lower() == "retry-after"), None)
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return None
