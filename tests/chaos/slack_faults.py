"""What goes wrong with Slack."""

from typing import ClassVar

from tests.chaos.fault import Fault
from tests.support.slack_server import Fails


class SlackFault(Fault):
    """Slack's weather: counts the calls that went wrong."""

    blocks = False
    everywhere = True
    part = "slack"
    lasts_s = (0.5, 3.0)
    weather: ClassVar[tuple[Fails, ...]] = ()
    drops: ClassVar[bool] = False

    async def inject(self) -> None:
        slack = self.city.slack
        self._before = slack.failed
        slack.share = self.rng.choice([0.3, 1.0])
        slack.weather, slack.drops = self.weather, self.drops

    async def mend(self) -> None:
        slack = self.city.slack
        slack.weather, slack.drops = (), False
        slack.recover()

    def effect(self) -> int:
        return self.city.slack.failed - self._before


class SlackErrors(SlackFault):
    name = "Slack answers 5xx"
    weather: ClassVar[tuple[Fails, ...]] = (Fails(500), Fails(503), Fails(502, done=True))


class SlackRateLimits(SlackFault):
    name = "Slack answers 429"
    weather: ClassVar[tuple[Fails, ...]] = (Fails(429, retry_after=1), Fails(429, retry_after=2))


class SlackHangs(SlackFault):
    name = "Slack does not answer"
    weather: ClassVar[tuple[Fails, ...]] = (Fails(hangs=True), Fails(hangs=True, done=True))


class SlackDrops(SlackFault):
    name = "Slack drops connections"
    drops = True


class SocketsCut(SlackFault):
    name = "Socket Mode connections cut"
    lasts_s = (0.0, 0.0)

    async def inject(self) -> None:
        self._cut = self.city.slack.sockets
        if self.rng.random() < 0.5:
            await self.city.slack.cut()
        else:
            await self.city.slack.disconnect("refresh_requested")

    async def mend(self) -> None:
        pass

    def effect(self) -> int:
        return self._cut
