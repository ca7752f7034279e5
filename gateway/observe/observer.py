"""What the gateway tells of itself: log, metrics and health, all from the same events."""

from collections.abc import Callable
from typing import Final

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from structlog.typing import FilteringBoundLogger

from approvals.events import Alarm, Event, Journal, Trouble
from gateway.observe.lines import Level, Line, line_of
from gateway.observe.metrics import CONTENT_TYPE, Metrics

REDIS: Final = "redis"
AUDIT: Final = "audit"
NEEDED: Final = (REDIS, AUDIT)
"""The parts without which no decision can be given. A `Trouble` names them so."""

QUIET_MS: Final = 10_000
"""A line that strangers or an outage could repeat without end is written this often at most."""

_KINDS: Final = 1000
"""How many kinds of such lines are remembered: a bound on memory, not a meaning."""


class Health:
    """Which parts can be used now. A needed part counts as down until it was seen to work."""

    def __init__(self, needed: tuple[str, ...] = NEEDED) -> None:
        self._needed = needed
        self._up = dict.fromkeys(needed, False)
        self._unseen = set(needed)

    @property
    def ready(self) -> bool:
        """Whether a decision could be given now."""
        return all(self._up[part] for part in self._needed)

    def set(self, part: str, *, up: bool) -> bool:
        """Take notice; True if this is news."""
        news = self.works(part) is not up
        self._unseen.discard(part)
        self._up[part] = up
        return news

    def works(self, part: str) -> bool | None:
        """What was seen last; None if nobody looked."""
        return self._up.get(part) if part not in self._unseen else None

    def routes(self) -> list[Route]:
        """`/healthz`: the process is alive; `/readyz`: 200, or 503 naming what cannot be used.

        Why it cannot be used stands in the log: anybody may read these.
        """
        return [
            Route("/healthz", self._healthz, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
        ]

    async def _healthz(self, _request: HttpRequest) -> Response:
        return JSONResponse({"alive": True})

    async def _readyz(self, _request: HttpRequest) -> Response:
        parts = {part: "ok" if up else "cannot be used" for part, up in sorted(self._up.items())}
        return JSONResponse({"ready": self.ready, **parts}, 200 if self.ready else 503)


class Observer:
    """A Journal that logs, counts, and knows whether we are ready. It never fails."""

    def __init__(self, log: FilteringBoundLogger, now_ms: Callable[[], int]) -> None:
        self.metrics = Metrics()
        self.health = Health()
        self._log = log
        self._now_ms = now_ms
        self._written: dict[str, tuple[int, int, int]] = {}
        self._others: list[Journal] = []

    def also(self, journal: Journal) -> None:
        """Let another journal take notice of all that this one does."""
        self._others.append(journal)

    def note(self, event: Event) -> None:
        """Take notice of an event."""
        try:
            self.metrics.note(event)
            news = True
            if isinstance(event, Trouble):
                first = self.health.works(event.part) is None
                news = (self.health.set(event.part, up=not event.down) and not first) or event.down
            if news:
                self._write(line_of(event), event.at)
            for other in self._others:
                other.note(event)
        except Exception:  # noqa: BLE001 - no decision may hang on a full pipe
            self.metrics.count_bug()

    def say(self, sentence: str) -> None:
        """A sentence for whoever starts us; one that warns begins so."""
        level: Level = "warning" if sentence.startswith("Warning: ") else "info"
        self._write(Line(level, sentence), self._now_ms())

    def bug(self, error: Exception) -> None:
        """An exception reached the outermost guard."""
        self.metrics.count_bug()
        self._write(Line("error", "bug", {"exc_info": error}), self._now_ms())

    def embedded_alarm(self, sentence: str) -> None:
        """The embedded server died, or does not come back."""
        self.note(Alarm(self._now_ms(), "embedded_redis", "", sentence))

    def found(self, part: str, trouble: str | None) -> None:
        """Somebody looked at a part: None if it works, else why not. Only news is an event."""
        if self.health.works(part) is not (trouble is None):
            self.note(Trouble(self._now_ms(), part, down=trouble is not None, detail=trouble or ""))

    def metrics_route(self) -> Route:
        """GET /metrics, for `operator_listen`."""

        async def metrics(_request: HttpRequest) -> Response:
            return Response(self.metrics.render(), headers={"content-type": CONTENT_TYPE})

        return Route("/metrics", metrics, methods=["GET"])

    def _write(self, line: Line, at: int) -> None:
        """Write a line; of those that repeat, the first ones, and then how many were left out."""
        fields = line.fields
        if line.seldom:
            key = f"{line.name} {line.seldom}"
            began, count, left_out = self._written.get(key, (at, 0, 0))
            if at - began >= QUIET_MS:
                began, count = at, 0
            if count >= line.burst:
                self._written[key] = (began, count, left_out + 1)
                return
            if len(self._written) > _KINDS:
                self._written.clear()
            self._written[key] = (began, count + 1, 0)
            fields = fields | ({"left_out": left_out} if left_out else {})
        try:
            getattr(self._log, line.level)(line.name, **fields)
        except Exception:  # noqa: BLE001 - no decision may hang on a full pipe
            self.metrics.count_bug()
