"""Asks the desk again and again, in a thread of its own, so that a slow answer stops no key."""

import threading
import time
from collections import deque
from dataclasses import replace
from typing import Final, Self, TypeAlias

from gateway.clock import SYSTEM
from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from gateway.oncall.dossier import Dossier, open_dossier
from gateway.oncall.freezes import standing_of
from gateway.oncall.terminal import Failure
from gateway.watching.board import Heard

EVERY_S: Final = 1.0
_IDLE_TIMES: Final = 4.0
"""A desk that needs long for an answer is left alone for so many times as long."""

_MOST: Final = 100
"""Approvals in the table, by deadline; more are counted."""

_WITHIN_S: Final = 5.0
_MOST_LOOKED_UP: Final = 5

News: TypeAlias = Heard | Failure


def ask_desk(settings: Settings, before: tuple[Dossier, ...] = ()) -> Heard:
    """What is open and what is frozen now, and what became of those that were open before.

    The cookie is read each time: a gateway that was started again has another one.

    Raises:
        Failure: nobody answers, or cannot say.
    """
    client = DeskClient.of(settings, within_s=_WITHIN_S)
    freezes = standing_of(client.freezes())
    answer = client.approvals({"limit": _MOST})
    dossiers = sorted((open_dossier(entry) for entry in answer["approvals"]), key=_urgency)
    here = {each.approval.digest for each in dossiers}
    gone = [] if answer["more"] else [each for each in before if each.approval.digest not in here]
    ended = tuple(end for each in gone[:_MOST_LOOKED_UP] for end in _end_of(client, each))
    return Heard(SYSTEM.now_ms(), tuple(dossiers), answer["more"], freezes, ended)


def _urgency(dossier: Dossier) -> tuple[bool, int]:
    """What people can still decide comes first, by deadline."""
    return dossier.state != "open", dossier.approval.deadline


def _end_of(client: DeskClient, gone: Dossier) -> list[Dossier]:
    """What became of it; nothing, if that cannot be told: the table goes on without."""
    try:
        found = [open_dossier(entry) for entry in client.find(gone.member)]
    except Failure:
        return []
    return [each for each in found if each.approval.digest == gone.approval.digest]


class Poller:
    """Asks about once a second until the block ends; `news` is the latest there is to tell."""

    def __init__(self, settings: Settings, first: Heard) -> None:
        self._settings = settings
        self._before = first.dossiers
        self._news: deque[News] = deque()
        self._one_at_a_time = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """A call that is under way ends with the process: nothing waits for it."""
        self._stop.set()

    def news(self) -> News | None:
        """The oldest thing that was not told yet; None if there is nothing."""
        with self._one_at_a_time:
            return self._news.popleft() if self._news else None

    def keep(self, news: News) -> None:
        """Two at most wait to be told: nobody asks for any while a person types, for hours maybe.

        What the desk says takes the place of what it said before; what has ended since adds up.
        """
        with self._one_at_a_time:
            if isinstance(news, Heard):
                for older in self._news:
                    ended = older.ended if isinstance(older, Heard) else ()
                    news = replace(news, ended=(*news.ended, *ended)[:_MOST_LOOKED_UP])
                self._news.clear()
            elif self._news and isinstance(self._news[-1], Failure):
                self._news.pop()
            self._news.append(news)

    def _run(self) -> None:
        pause = EVERY_S
        while not self._stop.wait(pause):
            began = time.monotonic()
            self.keep(self.ask())
            pause = max(EVERY_S, _IDLE_TIMES * (time.monotonic() - began))

    def ask(self) -> News:
        """Ask once; whatever goes wrong is news as well."""
        try:
            heard = ask_desk(self._settings, self._before)
        except Failure as failure:
            return failure
        except Exception as error:  # noqa: BLE001 - a thread that died would leave an old table
            return Failure(f"What the gateway says cannot be read ({type(error).__name__}).")
        self._before = heard.dossiers
        return heard
