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

Where a reason may be given, the click opens a form, and the form is the vote: it counts if it was
made in our workspace (1), is sealed by us for this very person and act, and says what we wrote in
it (2), and if what the click passed still stands (3 to 7).
"""

import asyncio
from collections.abc import Callable
from typing import Final

from approvals.ballots import Ballot, NotCountedCause, wants_reason
from approvals.codec import DamagedRecord
from approvals.events import Alarm, Journal
from approvals.model import Approval, Choice, Person, SlackClick
from approvals.redis_link import StoreDown
from approvals.voting import Counted
from keys.seals import SealKey
from notifiers.ink import PLAIN
from notifiers.ports import Approvals, NotTold, Posts
from notifiers.readable import visible
from notifiers.slack_buttons import ACTS
from notifiers.slack_checks import SENTENCES, Checks, Sound, Unsound
from notifiers.slack_client import SlackTrouble
from notifiers.slack_forms import Binding, Forms, asks_of
from notifiers.slack_freezing import COMMAND, NOT_ON_CALL, UNSURE_FREEZE, Freezer
from notifiers.slack_hearing import Form, Heard, Ineffective, Result, Screen, Stored, Voice
from notifiers.slack_limits import Json
from notifiers.slack_modal import (
    LONGEST_REASON,
    VIEWS,
    bound,
    freeze_view,
    view_error,
    vote_view,
)
from notifiers.slack_payloads import Click, Payload, Submission, read_payload
from notifiers.slack_text import SLACK_INK
from notifiers.slack_tokens import Act
from notifiers.status import refusal
from notifiers.story import freezes_behind, story_of
from notifiers.text import Names, command

STORE_WITHIN_S: Final = 2.0
"""Slack waits three seconds for an acknowledgement."""

UNSURE: Final = (
    "We could not confirm your vote: take it that nothing was stored. Look at the message, which"
    " shows what is."
)


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
        seal_key: SealKey,
        names: Callable[[], Names],
        journal: Journal,
        now_ms: Callable[[], int],
        store_within_s: float = STORE_WITHIN_S,
    ) -> None:
        """`store_within_s` is how long an acknowledgement may wait for the store."""
        self._approvals = approvals
        self._forms = Forms(seal_key)
        self._checks = Checks(approvals, posts, self._forms, workspace, now_ms)
        self._freezer = Freezer(approvals)
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
            case Submission() if heard.callback in VIEWS:
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
        return Ineffective(_unsure(heard))

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
            return Ineffective(_unsure(heard))
        except Exception as error:  # noqa: BLE001 - even then nobody's click is ignored
            self._alarm("click_failed", type(error).__name__)
            return Ineffective(_unsure(heard))

    async def _judged(self, heard: Payload) -> Result:
        """Steps 1 to 5, then 6, then 7; where there is a reason to give, a click asks for it."""
        sound = await self._checks.check(heard)
        if isinstance(sound, Unsound):
            await self._audit(sound.member, sound.cause, heard)
            way_out = f" To freeze, run: {COMMAND}" if _act(heard) is Act.FREEZE else ""
            return Ineffective(SENTENCES[sound.cause] + way_out)
        person = self._approvals.policy.person_by_slack(heard.user)  # 6
        if sound.token.act is Act.FREEZE:
            return await self._freeze(heard, sound, person)
        if person is None:
            return await self._in_vain(heard, sound, NotCountedCause.UNKNOWN_PERSON)
        ballot = self._ballot(heard, sound, person)
        if isinstance(heard, Click) and _has_form(sound.approval, ballot.choice):
            return await self._asked_why(heard, sound, ballot)
        counted = await self._approvals.vote(sound.token.member, ballot)  # 7
        if isinstance(counted, Counted):
            return Stored()
        sentence = await self._sentence(heard, counted.cause, counted.approval)
        return Ineffective(sentence, sound.token.member)

    async def _asked_why(self, click: Click, sound: Sound, ballot: Ballot) -> Result:
        """The form, for somebody whose vote would count; nobody else ever sees it."""
        cause = await self._approvals.would_count(sound.approval, ballot)
        if cause is not None and cause is not NotCountedCause.NEEDS_REASON:
            return await self._in_vain(click, sound, cause)
        story = await story_of(self._approvals, sound.approval, self._names, self._now())
        view = vote_view(story, ballot.choice)
        return self._form(click, sound, view, command(ballot.choice, sound.approval))

    async def _freeze(self, heard: Payload, sound: Sound, person: Person | None) -> Result:
        """Step 7 of a freeze. What the message's approval has come to does not matter."""
        cause: str | None = NOT_ON_CALL
        if person is not None and self._freezer.may(person):
            if isinstance(heard, Click):
                scopes = await self._freezer.scopes(sound.approval)
                return self._form(heard, sound, freeze_view(scopes), COMMAND)
            evidence = self._evidence(heard, sound)
            cause = await self._freezer.freeze(heard, sound.approval, person, evidence)
        if cause is None:
            return Stored()
        await self._audit(sound.token.member, cause, heard)
        return Ineffective(self._freezer.sentence(cause))

    def _form(self, click: Click, sound: Sound, view: Json, run: str) -> Form:
        """The form, bound to this click; nobody else's counts, nor one that says other things."""
        asks, now = asks_of(view["blocks"]), self._now()
        binding = Binding(sound.token, click.user, click.ts, sound.shown, asks, now)
        instead = SLACK_INK.text(f"The form did not open. Run: {run}")
        return Form(bound(view, self._forms.write(binding)), instead)

    def _ballot(self, heard: Payload, sound: Sound, person: Person) -> Ballot:
        reason = heard.reason if isinstance(heard, Submission) else ""
        return Ballot(
            person=person.name,
            choice=Choice(sound.token.act.value),
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
        return refusal(cause, approval, decision, ink, freezes=freezes)

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


def _act(heard: Payload) -> Act | None:
    """What somebody tried, as far as that can be told."""
    return VIEWS.get(heard.callback) if isinstance(heard, Submission) else ACTS.get(heard.action)


def _unsure(heard: Payload) -> str:
    return UNSURE_FREEZE if _act(heard) is Act.FREEZE else UNSURE


def _has_form(approval: Approval, choice: Choice) -> bool:
    """A refusal may always say why; an approval says it where it must."""
    return choice is Choice.REJECT or wants_reason(approval, choice)
