"""A click becomes a vote or a freeze, or a private sentence that says why not.

One path for both transports. The order is: store (within two seconds), then acknowledge, then
show. A click that was acknowledged and lost would never come again. A click counts if

1. it was made in our workspace, by somebody who belongs to it;
2. its button carries a token of ours, for this very act;
3. the token's nonce is one that we stored for this record, of a message in this channel;
4. the message is the one that we posted; where we died before we learned its `ts`, it is now;
5. what the message shows is, text for text, what we rendered for this record;
6. a person of the policy has this Slack id;
7. the approval service counts the vote, by the digest in the token; or freezes, for on-call.

Where a reason may be given, or the message does not show everything, the click opens a form, and
the form is the vote: it counts if it was made in our workspace (1), is sealed by us for this very
person and act and says what we wrote in it (2), and if what the click passed still stands (3 to 7).

Details open for anybody whose click passes 1 to 5: to read is no vote.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from approvals.ballots import Ballot, NotCountedCause, wants_reason
from approvals.codec import DamagedRecord
from approvals.electorate import Person
from approvals.events import Alarm, Journal
from approvals.model import Approval, Choice, SlackClick
from approvals.redis.link import StoreDown
from approvals.voting import Counted
from keys.seals import SealKey
from notifiers.ports import Approvals, NotTold, Posts
from notifiers.slack.aside import Aside
from notifiers.slack.buttons import ACTS
from notifiers.slack.checks import Checks, Sound, Unsound
from notifiers.slack.forms import Forms
from notifiers.slack.freezing import NOT_ON_CALL, Freezer
from notifiers.slack.hearing import Form, Heard, Ineffective, Refreshing, Result, Stored, Voice
from notifiers.slack.modal import LONGEST_REASON, VIEWS, view_error
from notifiers.slack.openings import Openings
from notifiers.slack.payloads import Click, Payload, Submission, read_payload
from notifiers.slack.sentences import NO_REVIEW, stranger, unsound, unsure
from notifiers.slack.text import SLACK_INK
from notifiers.slack.tokens import Act, meant
from notifiers.slack.trouble import SlackTrouble
from notifiers.story import freezes_behind
from notifiers.words.ink import PLAIN
from notifiers.words.readable import visible
from notifiers.words.text import Names, command
from notifiers.words.uncounted import refusal

STORE_WITHIN_S: Final = 2.0
"""Slack waits three seconds for an acknowledgement."""

_STRANGER: Final = NotCountedCause.UNKNOWN_PERSON

_CHOICES: Final = {
    Act.APPROVE: Choice.APPROVE,
    Act.REVIEW: Choice.APPROVE,
    Act.REJECT: Choice.REJECT,
}


class Clicks:
    """Hears every click of one workspace's app."""

    def __init__(
        self,
        approvals: Approvals,
        posts: Posts,
        slack: Voice,
        messages: Refreshing,
        *,
        workspace: str,
        seal_key: SealKey,
        names: Callable[[], Names],
        journal: Journal,
        now_ms: Callable[[], int],
        store_within_s: float = STORE_WITHIN_S,
    ) -> None:
        """`store_within_s` is how long an acknowledgement may wait for the store."""
        self._approvals = approvals
        forms = Forms(seal_key)
        self._checks = Checks(approvals, posts, forms, workspace, now_ms)
        self._freezer = Freezer(approvals)
        self._openings = Openings(approvals, forms, self._freezer, names, now_ms)
        self._slack = slack
        self._aside = Aside(slack, journal, now_ms)
        self._messages = messages
        self._workspace = workspace
        self._journal = journal
        self._now = now_ms
        self._within = store_within_s
        self._late: set[asyncio.Task[Result]] = set()
        self._showing: set[asyncio.Task[None]] = set()

    async def hear(self, payload: object) -> Heard:
        """Return as soon as it may be acknowledged; never raises."""
        heard = read_payload(payload)
        match heard:
            case Click():
                result = await self._in_time(heard)
                return Heard(after=lambda: self._after(heard, result))
            case Submission() if heard.callback in VIEWS:
                result = await self._in_time(heard)
                if isinstance(result, Ineffective):
                    return Heard(answer=view_error(result.sentence))
                return Heard(after=lambda: self._show(result))
            case _:
                return Heard()

    async def close(self) -> None:
        """Let votes that were slower than Slack waits end; what changed is told from its record."""
        for task in self._showing:
            task.cancel()
        await asyncio.gather(*self._late, *self._showing, return_exceptions=True)

    async def _in_time(self, heard: Payload) -> Result:
        """The result, or that nobody knows yet; a slow vote goes on and may still be stored."""
        task = asyncio.create_task(self._result(heard))
        done, _ = await asyncio.wait({task}, timeout=self._within)
        if done:
            return task.result()
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        task.add_done_callback(lambda _: self._messages.wake())
        return Ineffective(unsure(_act(heard)))

    async def _show(self, result: Result) -> None:
        self._messages.wake()
        if isinstance(result, Stored) and result.member is not None:
            self._refresh(result.member)

    def _refresh(self, member: str) -> None:
        """Beside the call that brought the click: a request that is not over holds up our end."""
        task = asyncio.create_task(self._messages.refresh(member))
        self._showing.add(task)
        task.add_done_callback(self._showing.discard)

    async def _after(self, click: Click, result: Result) -> None:
        """What happens once Slack has its acknowledgement."""
        match result:
            case Stored():
                await self._show(result)
            case Form(view=view, instead=instead):
                try:
                    await self._slack.open_view(click.trigger, view)
                except SlackTrouble as trouble:
                    self._alarm("form_not_opened", click, trouble.error)
                    await self._aside.say(click, instead)
            case Ineffective(sentence=sentence, stale=stale):
                await self._aside.say(click, sentence)
                if stale is not None:
                    self._refresh(stale)

    async def _result(self, heard: Payload) -> Result:
        try:
            return await self._judged(heard)
        except (StoreDown, DamagedRecord, NotTold):
            return Ineffective(unsure(_act(heard)))
        except Exception as error:  # noqa: BLE001 - even then nobody's click is ignored
            self._alarm("click_failed", heard, type(error).__name__)
            return Ineffective(unsure(_act(heard)))

    async def _judged(self, heard: Payload) -> Result:
        """Steps 1 to 5, then 6, then 7; where there is a reason to give, a click asks for it."""
        sound = await self._checks.check(heard)
        if isinstance(sound, Unsound):
            await self._audit(sound.member, sound.cause, heard)
            return Ineffective(unsound(sound.cause, _act(heard)))
        if sound.token.act is Act.DETAILS:
            return await self._openings.details(sound)
        person = self._approvals.policy.person_by_slack(heard.user)  # 6
        if sound.token.act is Act.FREEZE:
            return await self._freeze(heard, sound, person)
        if person is None:
            return await self._in_vain(heard, sound, NotCountedCause.UNKNOWN_PERSON)
        ballot = self._ballot(heard, sound, person)
        if isinstance(heard, Click) and _has_form(sound, ballot.choice):
            return await self._asked_why(heard, sound, ballot)
        counted = await self._approvals.vote(sound.token.member, ballot)  # 7
        if isinstance(counted, Counted):
            return Stored(sound.token.member)
        sentence = await self._sentence(heard, counted.cause, counted.approval)
        return Ineffective(sentence, sound.token.member)

    async def _asked_why(self, click: Click, sound: Sound, ballot: Ballot) -> Result:
        """The form, for somebody whose vote would count; nobody else ever sees it."""
        cause = await self._approvals.would_count(sound.approval, ballot)
        if cause is not None and cause is not NotCountedCause.NEEDS_REASON:
            return await self._in_vain(click, sound, cause)
        form = await self._openings.vote(click, sound, ballot.choice)
        if form is not None:
            return form
        await self._audit(sound.token.member, "no_review", click)
        run = command(ballot.choice, sound.approval)
        return Ineffective(SLACK_INK.text(f"{NO_REVIEW} To approve, run: {run}"))

    async def _freeze(self, heard: Payload, sound: Sound, person: Person | None) -> Result:
        """Step 7 of a freeze. What the message's approval has come to does not matter."""
        cause: str | None = NOT_ON_CALL
        if person is not None and self._freezer.may(person):
            if isinstance(heard, Click):
                return await self._openings.freeze(heard, sound)
            evidence = self._evidence(heard, sound)
            cause = await self._freezer.freeze(
                heard, sound.approval, person, evidence, sound.last_ended
            )
        if cause is None:
            return Stored()
        await self._audit(sound.token.member, cause, heard)
        return Ineffective(self._freezer.sentence(cause))

    def _ballot(self, heard: Payload, sound: Sound, person: Person) -> Ballot:
        reason = heard.reason if isinstance(heard, Submission) else ""
        return Ballot(
            person=person.name,
            choice=_CHOICES[sound.token.act],
            digest=sound.token.digest,
            reason=visible(reason, LONGEST_REASON),
            evidence=self._evidence(heard, sound),
        )

    def _evidence(self, heard: Payload, sound: Sound) -> SlackClick:
        post = sound.post
        return SlackClick(self._workspace, heard.user, post.channel, post.ts or "", post.nonce)

    async def _in_vain(self, heard: Payload, sound: Sound, cause: NotCountedCause) -> Ineffective:
        """What never became a vote, audited; its message may be stale."""
        await self._audit(sound.token.member, cause, heard)
        return Ineffective(await self._sentence(heard, cause, sound.approval), sound.token.member)

    async def _sentence(
        self, heard: Payload, cause: NotCountedCause, approval: Approval | None
    ) -> str:
        decision = None if approval is None else await self._approvals.decision_of(approval)
        ink = SLACK_INK if isinstance(heard, Click) else PLAIN
        freezes = await freezes_behind(self._approvals, decision)
        said = refusal(cause, approval, decision, ink, freezes=freezes)
        return f"{said} {stranger(heard.user)}" if cause is _STRANGER else said

    async def _audit(self, member: str, cause: str, heard: Payload) -> None:
        """Who tried what; Slack's id stands beside, for nobody may be known by it."""
        person = self._approvals.policy.person_by_slack(heard.user)
        name = person.name if person else None
        await self._approvals.refuse(visible(member, 400), name, cause, f"slack:{heard.user}")

    def _alarm(self, what: str, heard: Payload, detail: str) -> None:
        self._journal.note(Alarm(self._now(), what, meant(heard.value), detail))


def _act(heard: Payload) -> Act | None:
    """What somebody tried, as far as that can be told."""
    return VIEWS.get(heard.callback) if isinstance(heard, Submission) else ACTS.get(heard.action)


def _has_form(sound: Sound, choice: Choice) -> bool:
    """A refusal may always say why; an approval says it where it must, or shows all of it."""
    if sound.token.act is Act.REVIEW or choice is Choice.REJECT:
        return True
    return wants_reason(sound.approval, choice)
