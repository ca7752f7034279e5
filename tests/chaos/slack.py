"""The city's Slack: the local one, with weather, and with an eye on what it is told."""

import asyncio
import contextlib
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any, Final, Self

from aiohttp import web

from tests.chaos.history import History, Whispered, now
from tests.support.slack_server import Fails, LocalSlack, Message, local_slack

_DIGEST: Final = re.compile(r"\b[0-9a-f]{64}\b")


class CitySlack(LocalSlack):
    """Knows which message is about which record, and fails as often as the weather says."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self.history = history
        self.weather: tuple[Fails, ...] = ()
        self.drops = False
        self.share = 0.0
        self.rng = random.Random(0)
        self.failed = 0
        self.people: dict[str, str] = {}
        self.of_digest: dict[str, list[str]] = defaultdict(list)
        self.forms: dict[str, str] = {}
        self._news = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, history: History) -> AsyncIterator[Self]:
        slack = cls(history)
        async with local_slack(slack):
            yield slack

    async def message_of(self, digest: str, within_s: float) -> Message | None:
        """The first message about a record that has buttons, once it is there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    for ts in self.of_digest[digest]:
                        if self.messages[ts].deciding:
                            return self.messages[ts]
                    await self._change()
        return None

    async def form_of(self, trigger: str, within_s: float) -> dict[str, Any] | None:
        """The form that a click opened."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while trigger not in self.forms:
                    await self._change()
                return self.views[self.forms[trigger]]
        return None

    async def _change(self) -> None:
        await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def call(self, request: web.Request) -> web.StreamResponse:
        if (self.weather or self.drops) and self.rng.random() < self.share:
            self.failed += 1
            if self.drops and request.transport is not None:
                request.transport.abort()
                return web.Response()
            self.fail(request.match_info["method"], self.rng.choice(self.weather))
        return await super().call(request)

    def _post(self, args: dict[str, Any]) -> dict[str, Any]:
        answer = super()._post(args)
        if answer["ok"]:
            message = self.messages[answer["ts"]]
            for digest in set(_DIGEST.findall(message.all_text)):
                self.of_digest[digest].append(message.ts)
        self._tell()
        return answer

    def _whisper(self, args: dict[str, Any]) -> dict[str, Any]:
        answer = super()._whisper(args)
        if answer["ok"]:
            person = self.people.get(args["user"], args["user"])
            self.history.note(Whispered(now(), person, args["text"]))
        return answer

    def _open_view(self, args: dict[str, Any]) -> dict[str, Any]:
        answer = super()._open_view(args)
        if answer["ok"]:
            self.forms[args["trigger_id"]] = answer["view"]["id"]
        self._tell()
        return answer
