"""Clicks by Socket Mode: two connections, so that one can be renewed, and who watches over them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from approvals.events import Alarm, Journal, Trouble
from notifiers.settings import SlackSettings
from notifiers.slack.cures import with_cure
from notifiers.slack.hearing import Heard
from notifiers.slack.line import Line

CONNECTIONS: Final = 2
LOOK_S: Final = 5.0
DEAF_AFTER_MS: Final = 15_000
"""No connection for so long is worth a word: Slack moves connections now and then."""
PART: Final = "slack_socket"


class Hearer(Protocol):
    """Whoever makes votes of clicks."""

    async def hear(self, payload: object) -> Heard:
        """Return as soon as it may be acknowledged."""
        ...


class Sockets:
    """Keeps the connections. A start that fails does not stop anything else: it is tried again."""

    def __init__(
        self,
        settings: SlackSettings,
        hearer: Hearer,
        *,
        journal: Journal,
        now_ms: Callable[[], int],
        make_line: Callable[..., Line] = Line,
        look_s: float = LOOK_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`make_line` takes the settings and a listener."""
        self._hearer = hearer
        self._journal = journal
        self._now = now_ms
        self._look_s = look_s
        self._sleep = sleep
        self._lines = [make_line(settings, self._listen) for _ in range(CONNECTIONS)]
        self._connected = 0
        self._deaf_since: int | None = None
        self._said_deaf: bool | None = None

    @property
    def connected(self) -> int:
        """How many connections worked when they were last looked at."""
        return self._connected

    async def run(self) -> None:
        """Until cancelled, or until Slack refuses every connection for good."""
        try:
            for line in self._lines:
                line.start()
            while not all(line.fatal for line in self._lines):
                await self._sleep(self._look_s)
                await self.look()
            self._journal.note(
                Alarm(
                    self._now(),
                    "slack_refused",
                    "",
                    with_cure(self._lines[0].fatal or "refused"),
                )
            )
        finally:
            self._connected = 0
            await asyncio.gather(*(line.close() for line in self._lines))

    async def look(self) -> None:
        """Look at every connection once; say when none works, and when one does again."""
        self._connected = sum([await line.look() for line in self._lines])
        if self._connected:
            self._deaf_since = None
            if self._said_deaf is not False:
                self._said_deaf = False
                self._journal.note(Trouble(self._now(), PART, down=False, detail=""))
            return
        self._deaf_since = self._now() if self._deaf_since is None else self._deaf_since
        if not self._said_deaf and self._now() - self._deaf_since >= DEAF_AFTER_MS:
            self._said_deaf = True
            detail = next((line.fatal for line in self._lines if line.fatal), "not connected")
            self._journal.note(Trouble(self._now(), PART, down=True, detail=detail))

    async def _listen(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Store, then acknowledge, then all the rest."""
        heard = await self._hearer.hear(request.payload) if _is_click(request) else Heard()
        try:
            await client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id, payload=heard.answer)
            )
        except Exception as error:  # noqa: BLE001 - what is stored is stored, and is shown below
            self._journal.note(Alarm(self._now(), "not_acknowledged", "", type(error).__name__))
        if heard.after is not None:
            await heard.after()


def _is_click(request: SocketModeRequest) -> bool:
    return request.type == "interactive"
