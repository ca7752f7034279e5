"""Calls to Slack: what is posted, updated, said and asked, and which calls may be repeated.

A post is never repeated here unless Slack said that it did not take it (429): one that timed out
may be there for all to see. The teller posts again under a new nonce instead, and every post of
an approval is updated. All other calls may be repeated without harm.

A short Retry-After is waited for here and not by the SDK's own handler, which would wait for any
length: longer than an outbox claim lasts.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from notifiers.settings import SlackSettings
from notifiers.slack.limits import FALLBACK_TEXT, Json, check_message, check_view
from notifiers.slack.text import bare, mrkdwn
from notifiers.slack.trouble import SlackAway, SlackRefused, tried

TIMEOUT_S: Final = 8
"""For one call; a claim of the outbox lasts 30 s."""

BRIEF_S: Final = 2
"""A Retry-After up to this is waited for inside a call; a longer one goes back to the outbox."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who Slack says we are."""

    workspace: str
    bot: str


class SlackClient:
    """One app in one workspace."""

    def __init__(
        self,
        settings: SlackSettings,
        *,
        timeout_s: int = TIMEOUT_S,
        limited: Callable[[], None] = lambda: None,
    ) -> None:
        """No connection is opened before the first call.

        `limited` hears of each call that Slack took only after it had said that we are too fast.
        """
        self._limited = limited

        def client(*handlers: AsyncRetryHandler) -> AsyncWebClient:
            return AsyncWebClient(
                token=settings.bot_token.reveal(),
                base_url=settings.api_url,
                timeout=timeout_s,
                retry_handlers=list(handlers),
                logger=quiet_logger(),
            )

        self._api_url = settings.api_url
        self._timeout_s = timeout_s
        self._once = client()
        self._again = client(
            AsyncServerErrorRetryHandler(max_retry_count=1),
            AsyncConnectionErrorRetryHandler(max_retry_count=1),
        )

    async def who_am_i(self) -> Identity:
        """`auth.test`: raises SlackRefused where the token is no good."""
        answer = await self._called(self._again.auth_test)
        return Identity(str(answer["team_id"]), str(answer["user_id"]))

    async def ask(self, method: str, **arguments: str) -> tuple[Json, Mapping[str, str]]:
        """Any other method that changes nothing: its answer, and the headers in lower case."""
        answer = await self._called(lambda: self._again.api_call(method, data=arguments))
        data = answer.data if isinstance(answer.data, dict) else {}
        return data, {str(key).lower(): str(value) for key, value in answer.headers.items()}

    async def post(
        self, channel: str, text: str, blocks: Sequence[Json], *, thread: str | None = None
    ) -> str:
        """`chat.postMessage`, in a thread if one is given; returns the message's `ts`."""
        check_message(text, blocks)
        answer = await self._called(
            lambda: self._once.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                text=text,
                blocks=blocks,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, text: str, blocks: Sequence[Json]) -> None:
        """`chat.update`; MessageGone where somebody deleted it."""
        check_message(text, blocks)
        await self._called(
            lambda: self._again.chat_update(
                channel=channel, ts=ts, text=text, blocks=blocks, parse="none", link_names=False
            )
        )

    async def whisper(self, channel: str, user: str, text: str) -> None:
        """`chat.postEphemeral`: only `user` sees it."""
        await self._called(
            lambda: self._again.chat_postEphemeral(
                channel=channel, user=user, text=text, parse="none", link_names=False
            )
        )

    async def answer(self, url: str, text: str) -> None:
        """To the `response_url` of a click, for the one who clicked alone; to no other place."""
        if not _is_answer_url(url, self._api_url):
            raise SlackRefused("no_response_url")
        client = AsyncWebhookClient(
            url, timeout=self._timeout_s, retry_handlers=[], logger=quiet_logger()
        )
        try:
            answer = await client.send(text=text, response_type="ephemeral", replace_original=False)
        except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError) as error:
            raise SlackAway(type(error).__name__) from None
        if answer.status_code != HTTPStatus.OK:
            raise SlackRefused(f"http_{answer.status_code}")

    async def say(
        self, channel: str, text: str, *, thread: str | None = None, aside: bool = False
    ) -> str:
        """`chat.postMessage` of text alone, in which Slack reads no markup; returns the `ts`.

        In a `thread` it is shown in the channel as well, unless it is said `aside`: not everybody
        follows every thread.
        """
        answer = await self._called(
            lambda: self._once.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                reply_broadcast=thread is not None and not aside,
                text=bare(text, FALLBACK_TEXT),
                parse="none",
                link_names=False,
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return str(answer["ts"])

    async def call(self, channel: str, text: str, *, thread: str | None, shown: bool) -> str:
        """`chat.postMessage` of text in which Slack reads mentions: all else must be escaped.

        `shown`: in the channel as well.
        """
        answer = await self._called(
            lambda: self._once.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                reply_broadcast=shown and thread is not None,
                text=mrkdwn(text)["text"],
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return str(answer["ts"])

    async def resay(self, channel: str, ts: str, text: str) -> None:
        """`chat.update` of a sentence that `say` posted; MessageGone where somebody deleted it."""
        said = bare(text, FALLBACK_TEXT)
        await self._called(
            lambda: self._again.chat_update(
                channel=channel, ts=ts, text=said, parse="none", link_names=False
            )
        )

    async def open_view(self, trigger: str, view: Json) -> None:
        """`views.open`; a trigger is good once, for three seconds."""
        check_view(view)
        await self._called(lambda: self._once.views_open(trigger_id=trigger, view=view))

    async def _called(
        self, call: Callable[[], Awaitable[AsyncSlackResponse]]
    ) -> AsyncSlackResponse:
        """Made once, and once more after a short Retry-After."""
        try:
            return await tried(call)
        except SlackAway as away:
            if away.retry_after is None or away.retry_after > BRIEF_S:
                raise
            await asyncio.sleep(away.retry_after)
        answer = await tried(call)
        self._limited()
        return answer


def _is_answer_url(url: str, api_url: str) -> bool:
    """Slack's own: on the API's host, or that of its hooks, and never over a weaker scheme."""
    try:
        asked, api = urlsplit(url), urlsplit(api_url)
    except ValueError:
        return False
    return asked.scheme == api.scheme and asked.netloc in (api.netloc, f"hooks.{api.netloc}")


def quiet_logger() -> logging.Logger:
    """The SDK logs whole messages, addresses that hold tickets, a traceback a failure: not here."""
    logger = logging.getLogger("countersign.slack_sdk")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger
