"""A place where people are told and cannot answer: each thing is said there once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeAlias

from approvals.events import Alarm, Journal, Trouble
from approvals.freezes.model import FreezeRecord
from approvals.freezes.store import FREEZE_MEMBER
from notifiers.elsewhere.bulletin import Bulletin, of_alarm, of_freeze, of_story
from notifiers.notes import freezes_through, note_freezes
from notifiers.noting import Noting
from notifiers.once import Once
from notifiers.ports import NotTold, Posts, Story
from notifiers.settings import NotifyEvent, NotifySettings
from notifiers.slack.pace import Pace
from notifiers.words.freezes import freeze_news
from notifiers.words.readable import cut, listed, visible
from notifiers.words.status import status_of

_PEOPLE: Final = 120

SLOW_MS: Final = 200
LONGEST_REST_MS: Final = 20_000
"""What fails only after SLOW_MS is left alone for twice as long as it took, up to this: of a place
that hangs, what is told there must not wait once for each approval."""

Opening: TypeAlias = tuple[str, NotifyEvent, str]
"""What may be said while people are asked: its name, which event it is, and what comes first."""


class Carrier(Protocol):
    """What takes a bulletin there."""

    async def send(self, bulletin: Bulletin, id_: str) -> None:
        """Once; the same `id_` where it may be there already. Raises NotTold."""
        ...


class OneWay:
    """One configured notifier. Its clicks, if it has any, reach nobody here.

    Where it is for the time that Slack is down, its teller has it say only how that ended which
    it told before, and `Standby` all else.
    """

    def __init__(
        self,
        settings: NotifySettings,
        carrier: Carrier,
        posts: Posts,
        pace: Pace,
        *,
        journal: Journal,
        now_ms: Callable[[], int],
    ) -> None:
        """`posts` keeps what was said."""
        self.settings = settings
        self._carrier = carrier
        self._posts = posts
        self._once = Once(settings.name, posts, now_ms)
        self._pace = pace
        self._journal = journal
        self._now = now_ms
        self._noting = Noting(settings.name, journal, now_ms)
        self._works: bool | None = None
        self._rest_until = 0

    @property
    def name(self) -> str:
        """The word that its notes are stored under."""
        return self.settings.name

    @property
    def always(self) -> bool:
        """Whether it is told whatever Slack does."""
        return self.settings.when == "always"

    async def tell(self, story: Story) -> None:
        """Say what is news of an approval. See Notifier."""
        if self.always:
            await self.tell_open(story)
        await self._tell_decided(story)

    async def tell_open(self, story: Story, remark: str = "") -> bool:
        """Say who is asked, and who is called besides; whether anything was said now."""
        return await self._say_open(story, [("asked", "asked", remark), *_calls(story)])

    async def tell_calls(self, story: Story) -> bool:
        """Say who is called besides, of what people see elsewhere; whether anything was said."""
        return await self._say_open(story, _calls(story))

    async def tell_freezes(self, record: FreezeRecord) -> None:
        """Say what is news of freezes. See Notifier."""
        if "frozen" not in self.settings.on:
            return
        told = await self._posts.read_told(FREEZE_MEMBER)
        through = freezes_through(told, self.name)
        news = freeze_news(record, self._once.said(told), through if self.always else None)
        if not self.always:  # the end of what it told of, though Slack is back
            news = [(about, text) for about, text in news if about.startswith("thawed ")]
        await self._say_freezes(record, news)
        if self.always and through != record.epoch:
            await note_freezes(self._posts, record, self.name, "")

    async def tell_standing(self, record: FreezeRecord, elsewhere: frozenset[str]) -> None:
        """Say what stands and is not said `elsewhere`: the names that `freeze_news` gives."""
        if "frozen" in self.settings.on:
            told = await self._posts.read_told(FREEZE_MEMBER)
            news = freeze_news(record, self._once.said(told) | elsewhere, None)
            await self._say_freezes(record, news)

    async def tell_alarm(self, alarm: Alarm, more: int, id_: str) -> None:
        """Say an alarm; `more` of its kind were left out. Raises NotTold."""
        await self._send(of_alarm(alarm, more), id_)

    async def _say_open(self, story: Story, openings: Sequence[Opening]) -> bool:
        if status_of(story.approval, story.decision).state != "open" or story.approval.notice:
            return False
        said = False
        for about, event, words in openings:
            if event in self.settings.on:
                bulletin = of_story(story, event, self._now(), remark=words)
                said = await self._say(story, about, bulletin) or said
        return said

    async def _tell_decided(self, story: Story) -> None:
        if story.approval.final is None or "decided" not in self.settings.on:
            return
        told = await self._posts.read_told(story.approval.member)
        if self._once.said(told):
            await self._say(story, "decided", of_story(story, "decided", self._now()))

    async def _say(self, story: Story, about: str, bulletin: Bulletin) -> bool:
        approval = story.approval
        said = await self._once.say(
            approval.member, about, approval.revision, self._sending(bulletin)
        )
        if said:
            self._noting.told(approval, "posted" if about == "asked" else "said")
        return said

    async def _say_freezes(self, record: FreezeRecord, news: list[tuple[str, str]]) -> None:
        for about, text in news:
            bulletin = of_freeze(text, self._now())
            await self._once.say(FREEZE_MEMBER, about, record.epoch, self._sending(bulletin))

    def _sending(self, bulletin: Bulletin) -> Callable[[str], Awaitable[str]]:
        async def send(id_: str) -> str:
            await self._send(bulletin, id_)
            return str(self._now())  # a place that nothing comes back from calls it nothing

        return send

    async def _send(self, bulletin: Bulletin, id_: str) -> None:
        """Send it in its turn; say once when the place stops taking them, once when it is back."""
        began = self._now()
        if began < self._rest_until:
            wait = (self._rest_until - began) / 1000
            raise NotTold(f"{self.name}: it failed a moment ago", retry_after=wait)
        await self._pace.turn()
        began = self._now()
        failure = await self._sent(bulletin, id_)
        self._note(works=failure is None, why="" if failure is None else failure.why)
        if failure is not None:
            took = self._now() - began
            rest = min(LONGEST_REST_MS, 2 * took) if took > SLOW_MS else 0
            self._rest_until = began + took + rest
            raise NotTold(
                f"{self.name}: {failure.why}", alarm=failure.alarm, retry_after=failure.retry_after
            )

    async def _sent(self, bulletin: Bulletin, id_: str) -> NotTold | None:
        """Why it was not; what nobody foresaw is that place's trouble, and ends no task of ours."""
        try:
            await self._carrier.send(bulletin, id_)
        except NotTold as failure:
            return failure
        except Exception as error:  # noqa: BLE001 - a carrier is somebody else's library
            return NotTold(f"bug: {type(error).__name__}", alarm=True)
        return None

    def _note(self, *, works: bool, why: str) -> None:
        if works is not self._works:
            self._works = works
            part = f"notify_{self.name}"
            self._journal.note(Trouble(self._now(), part, down=not works, detail=why))


def _calls(story: Story) -> list[Opening]:
    """The groups that are called; reminders are left to Slack, where the reminded can vote."""
    return [
        (
            f"escalated {call.group}",
            "escalated",
            f"{visible(call.group, 40)} is called: {_named(call.people)}.",
        )
        for call in story.escalations
        if call.group
    ]


def _named(people: Sequence[str]) -> str:
    return cut(listed(tuple(visible(person, 40) for person in people)), _PEOPLE)
