"""One Socket Mode connection: the SDK's client, and what it does not do for itself.

The SDK connects again after everything, and for ever. Three things need us: an answer that no
repetition will change (a revoked token, a disabled app) must end it; a fresh URL that cannot be
used is tried again and again (seen: 81 times in 40 s, without asking for another); and a client
that is past help must be replaced.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from notifiers.settings import SlackSettings
from notifiers.slack.client import quiet_logger

FATAL: Final = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "link_disabled",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""Slack's answers that no repetition changes: somebody must repair the app or its token."""

PING_S: Final = 5.0
REBUILD_AFTER: Final = 6
"""Looks at a dead connection in a row; then the client is replaced."""
CROWDED_S: Final = (5.0, 30.0)
"""How long a connection that was one too many waits, so that they do not all come back at once."""
CLOSE_WITHIN_S: Final = 2.0
OPEN_WITHIN_S: Final = 8

Listener = Callable[[AsyncBaseSocketModeClient, SocketModeRequest], Awaitable[None]]


class MortalClient(SocketModeClient):
    """The SDK's client, which knows when to stop. `fatal` is Slack's word for why it did."""

    fatal: str | None = None
    crowded_s: tuple[float, float] = CROWDED_S

    @override
    async def issue_new_wss_url(self) -> str:
        try:
            return str(await super().issue_new_wss_url())
        except SlackApiError as error:
            word = error.response.get("error")
            if word in FATAL:
                self._die(str(word))
            raise

    @override
    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        if message.get("type") == "disconnect":
            reason = message.get("reason")
            if reason in FATAL:
                self._die(str(reason))
                await self.disconnect()  # type: ignore[no-untyped-call]
                return
            if reason == "too_many_websockets":
                await asyncio.sleep(random.uniform(*self.crowded_s))  # noqa: S311 - no secret
        await super().run_message_listeners(message, raw_message)

    def _die(self, word: str) -> None:
        self.fatal = word
        self.closed = True
        self.auto_reconnect_enabled = False


class Line:
    """One connection and its watchdog: `look` from time to time."""

    def __init__(
        self,
        settings: SlackSettings,
        listener: Listener,
        *,
        ping_s: float = PING_S,
        rebuild_after: int = REBUILD_AFTER,
        crowded_s: tuple[float, float] = CROWDED_S,
    ) -> None:
        """Nothing is opened before `start`."""
        self._settings = settings
        self._listener = listener
        self._ping_s = ping_s
        self._rebuild_after = rebuild_after
        self._crowded_s = crowded_s
        self._client: MortalClient | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.bad_looks = 0
        self.rebuilt = 0

    @property
    def fatal(self) -> str | None:
        """Slack's word for why this line stopped for good."""
        return self._client.fatal if self._client else None

    def start(self) -> None:
        """Begin to connect; the client itself tries until it succeeds, or it is told never to."""
        if self._settings.app_token is None:
            raise ValueError("Socket Mode needs app_token")
        logger = quiet_logger()
        web = AsyncWebClient(
            base_url=self._settings.api_url,
            timeout=OPEN_WITHIN_S,
            retry_handlers=[],
            logger=logger,
        )
        client = MortalClient(
            app_token=self._settings.app_token.reveal(),
            web_client=web,
            logger=logger,
            ping_interval=self._ping_s,
        )
        client.crowded_s = self._crowded_s
        client.socket_mode_request_listeners.append(self._listener)
        self._client = client
        self._connecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]

    async def look(self) -> bool:
        """Whether it works; if not: drop a dead URL at once, replace the client at last."""
        client = self._client
        if client is None or client.fatal is not None:
            return False
        if await self._works(client):
            self.bad_looks = 0
            return True
        self.bad_looks += 1
        client.wss_uri = None
        if self.bad_looks % self._rebuild_after == 0:
            self.rebuilt += 1
            await self.close()
            self.start()
        return False

    async def close(self) -> None:
        """Close what is open, politely for a moment, then without asking."""
        client, self._client = self._client, None
        connecting, self._connecting = self._connecting, None
        if connecting is not None:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        if client is None:
            return
        with suppress(Exception):  # it is of no use any more, whatever it says
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await client.close()  # type: ignore[no-untyped-call]
        for task in (
            client.message_processor,
            client.current_session_monitor,
            client.message_receiver,
        ):
            if task is not None:
                task.cancel()
        await client.aiohttp_client_session.close()

    async def _works(self, client: MortalClient) -> bool:
        """Connected, answered by pings, and with every task alive that makes it hear."""
        tasks = (
            client.message_processor,
            client.current_session_monitor,
            client.message_receiver,
        )
        alive = all(task is not None and not task.done() for task in tasks)
        return alive and await client.is_connected()
