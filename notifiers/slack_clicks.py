"""A click becomes a vote, or a private sentence that says why not: one path for both transports.

The order is: store (within two seconds), then acknowledge, then show. A click that was
acknowledged and lost would never come again. A click counts if

1. it was made in our workspace, by somebody who belongs to it;
2. its button carries a token of ours, for this very choice;
3. the token's nonce is one that we stored for this record, of a message in this channel;
4. the message is the one that we posted; where we died before we learned its `ts`, it is now;
5. what the message shows is, text for text, what we rendered for this record;
6. a person of the policy has this Slack id;
7. the approval service counts the vote, by the digest in the token.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from approvals.ballots import Ballot, NotCountedCause
from approvals.codec import DamagedRecord
from approvals.events import Alarm, Journal
from approvals.model import Approval, Choice, Person, SlackClick
from approvals.redis_link import StoreDown
from approvals.voting import Counted
from notifiers.ports import Approvals, NotTold, Posts
from notifiers.readable import visible
from notifiers.slack_checks import SENTENCES, Checks, Sound, Unsound
from notifiers.slack_client import SlackTrouble
from notifiers.slack_limits import Json
from notifiers.slack_modal import LONGEST_REASON, REJECT_VIEW, reject_view, view_error
from notifiers.slack_payloads import Click, Payload, Submission, read_payload
from notifiers.slack_text import SLACK_INK
from notifiers.status import PLAIN, refusal
from notifiers.story import story_of
from notifiers.text import Names, command

STORE_WITHIN_S: Final = 2.0
"""Slack waits three seconds for an acknowledgement."""

UNSURE: Final = (
    "We could not confirm your vote: take it that nothing was stored. Look at the message, which"
    " shows what is."
)


class Voice(Protocol):
    """The calls to Slack that hearing people takes."""

    async def whisper(self, channel: str, user: str, text: str) -> None:
        """Say something that only this user sees."""
        ...

    async def open_view(self, trigger: str, view: Json) -> None:
        """Open a modal."""
        ...


class Screen(Protocol):
    """Whoever shows records to people: the teller."""

    def wake(self) -> None:
        """Something changed."""
        ...

    async def tell_now(self, member: str) -> None:
        """A message of this record may be stale."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What to acknowledge with (None: an empty 200), and what to do once that is sent."""

    answer: Json | None = None
    after: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Ineffective:
    """Nothing was stored; `sentence` is for the one who clicked, `stale` a message to refresh."""

    sentence: str
    stale: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The person may reject and is asked why; `instead` says what to do if it does not open."""

    view: Json
    instead: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The vote is in the record; messages follow from there."""


Result: TypeAlias = Ineffective | Form | Stored


class Clicks:
    """Hears every click of one workspace's app."""

    def __init__(
        self,
        approvals: Approvals,
        posts: Posts,
        slack: Voice,
        screen: Screen,
        *,
        workspace: str,
        names: Callable[[], Names],
        journal: Journal,
        now_ms: Callable[[], int],
        store_within_s: float = STORE_WITHIN_S,
    ) -> None:
        """`store_within_s` is how long an acknowledgement may wait for the store."""
        self._approvals = approvals
        self._checks = Checks(approvals, posts, workspace)
        self._slack = slack
        self._screen = screen
        self._workspace = workspace
        self._names = names
        self._journal = journal
        self._now = now_ms
        self._within = store_within_s
        self._late: set[asyncio.Task[Result]] = set()

    async def hear(self, payload: object) -> Heard:
        """Return as soon as it may be acknowledged; never raises."""
        heard = read_payload(payload)
        match heard:
            case Click():
                result = await self._in_time(heard)
                return Heard(after=lambda: self._after(heard, result))
            case Submission() if heard.callback == REJECT_VIEW:
                result = await self._in_time(heard)
                if isinstance(result, Ineffective):
                    return Heard(answer=view_error(result.sentence))
                return Heard(after=self._wake)
            case _:
                return Heard()

    async def close(self) -> None:
        """Let votes that were slower than Slack waits end."""
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _in_time(self, heard: Payload) -> Result:
        """The result, or that nobody knows yet; a slow vote goes on and may still be stored."""
        task = asyncio.create_task(self._result(heard))
        done, _ = await asyncio.wait({task}, timeout=self._within)
        if done:
            return task.result()
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        task.add_done_callback(lambda _: self._screen.wake())
        return Ineffective(UNSURE)

    async def _wake(self) -> None:
        self._screen.wake()

    async def _after(self, click: Click, result: Result) -> None:
        """What happens once Slack has its acknowledgement."""
        match result:
            case Stored():
                self._screen.wake()
            case Form(view=view, instead=instead):
                try:
                    await self._slack.open_view(click.trigger, view)
                except SlackTrouble as trouble:
                    self._alarm("form_not_opened", trouble.error)
                    await self._whisper(click, instead)
            case Ineffective(sentence=sentence, stale=stale):
                await self._whisper(click, sentence)
                if stale is not None:
                    await self._screen.tell_now(stale)

    async def _result(self, heard: Payload) -> Result:
        try:
            return await self._judged(heard)
        except (StoreDown, DamagedRecord, NotTold):
            return Ineffective(UNSURE)
        except Exception as error:  # noqa: BLE001 - even then nobody's click is ignored
            self._alarm("click_failed", type(error).__name__)
            return Ineffective(UNSURE)

    async def _judged(self, heard: Payload) -> Result:
        """Steps 1 to 5, then 6, then 7; a click on Reject asks for the reason first."""
        sound = await self._checks.check(heard)
        if isinstance(sound, Unsound):
            await self._audit(sound.member, sound.cause, heard)
            return Ineffective(SENTENCES[sound.cause])
        person = self._approvals.policy.person_by_slack(heard.user)  # 6
        if person is None:
            unknown = NotCountedCause.UNKNOWN_PERSON
            await self._audit(sound.token.member, unknown, heard)
            return Ineffective(await self._sentence(heard, unknown, sound.approval))
        ballot = self._ballot(heard, sound, person)
        if isinstance(heard, Click) and ballot.choice is Choice.REJECT:
            return await self._asked_why(heard, sound, ballot)
        counted = await self._approvals.vote(sound.token.member, ballot)  # 7
        if isinstance(counted, Counted):
            return Stored()
        sentence = await self._sentence(heard, counted.cause, counted.approval)
        return Ineffective(sentence, sound.token.member)

    async def _asked_why(self, click: Click, sound: Sound, ballot: Ballot) -> Result:
        """The form, for somebody whose vote would count; nobody else ever sees it."""
        cause = await self._approvals.would_count(sound.approval, ballot)
        if cause is not None:
            await self._audit(sound.token.member, cause, click)
            return Ineffective(
                await self._sentence(click, cause, sound.approval), sound.token.member
            )
        story = await story_of(self._approvals, sound.approval, self._names)
        instead = f"The form did not open. Run: {command('reject', sound.approval)}"
        return Form(reject_view(story, click.value), SLACK_INK.text(instead))

    def _ballot(self, heard: Payload, sound: Sound, person: Person) -> Ballot:
        reason = heard.reason if isinstance(heard, Submission) else ""
        post = sound.post
        return Ballot(
            person=person.name,
            choice=sound.token.choice,
            digest=sound.token.digest,
            reason=visible(reason, LONGEST_REASON),
            evidence=SlackClick(
                self._workspace, heard.user, post.channel, post.ts or "", post.nonce
            ),
        )

    async def _sentence(
        self, heard: Payload, cause: NotCountedCause, approval: Approval | None
    ) -> str:
        decision = None if approval is None else await self._approvals.decision_of(approval)
        ink = SLACK_INK if isinstance(heard, Click) else PLAIN
        return refusal(cause, approval, decision, ink)

    async def _audit(self, member: str, cause: str, heard: Payload) -> None:
        """Who tried what; Slack's id stands beside, for nobody may be known by it."""
        person = self._approvals.policy.person_by_slack(heard.user)
        name = person.name if person else None
        await self._approvals.refuse(visible(member, 400), name, cause, f"slack:{heard.user}")

    async def _whisper(self, click: Click, sentence: str) -> None:
        try:
            await self._slack.whisper(click.channel, click.user, sentence)
        except SlackTrouble as trouble:
            self._alarm("not_whispered", trouble.error)

    def _alarm(self, what: str, detail: str) -> None:
        self._journal.note(Alarm(self._now(), what, "", detail))
