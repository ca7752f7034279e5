"""What a click opens: a form that is bound to this very click, or everything there is to read."""

from collections.abc import Callable

from approvals.model import Choice
from notifiers.ports import Approvals
from notifiers.slack.checks import Sound
from notifiers.slack.details import details_view
from notifiers.slack.forms import Binding, Forms, asks_of
from notifiers.slack.freezing import Freezer
from notifiers.slack.hearing import Form
from notifiers.slack.limits import Json
from notifiers.slack.modal import bound, freeze_view, vote_view
from notifiers.slack.payloads import Click
from notifiers.slack.review import review_view
from notifiers.slack.sentences import FREEZE_COMMAND
from notifiers.slack.text import SLACK_INK
from notifiers.slack.tokens import Act
from notifiers.story import story_of
from notifiers.words.text import Names, command, reading


class Openings:
    """Each modal, with the command to run if it does not open. Raises StoreDown, DamagedRecord."""

    def __init__(
        self,
        approvals: Approvals,
        forms: Forms,
        freezer: Freezer,
        names: Callable[[], Names],
        now_ms: Callable[[], int],
    ) -> None:
        """`names` is asked each time: the policy may have changed."""
        self._approvals = approvals
        self._forms = forms
        self._freezer = freezer
        self._names = names
        self._now = now_ms

    async def details(self, sound: Sound) -> Form:
        """Everything, as it is stored now; nothing can be handed in."""
        story = await story_of(self._approvals, sound.approval, self._names, self._now())
        request = await self._approvals.request_of(story.approval)
        found = None if request is None else self._approvals.findings_of(request)
        view = details_view(story, request, found, self._now())
        run = f"The details did not open. Click again, or run: {reading(sound.approval)}"
        return Form(bound(view, ""), SLACK_INK.text(run))

    async def vote(self, click: Click, sound: Sound, choice: Choice) -> Form | None:
        """The form of a vote; None where it would have to show everything and cannot."""
        story = await story_of(self._approvals, sound.approval, self._names, self._now())
        review = sound.token.act is Act.REVIEW
        view = review_view(story) if review else vote_view(story, choice)
        if view is None:
            return None
        return self._form(click, sound, view, command(choice, sound.approval))

    async def freeze(self, click: Click, sound: Sound) -> Form:
        """The form of a freeze, which knows of every thaw so far."""
        ended = await self._freezer.last_ended()
        view = freeze_view(await self._freezer.scopes(sound.approval))
        return self._form(click, sound, view, FREEZE_COMMAND, ended)

    def _form(self, click: Click, sound: Sound, view: Json, run: str, ended: str = "") -> Form:
        """Bound to this click; nobody else's counts, nor one that says other things."""
        asks, now = asks_of(view["blocks"]), self._now()
        binding = Binding(sound.token, click.user, click.ts, sound.shown, asks, now, ended)
        instead = SLACK_INK.text(f"The form did not open. Run: {run}")
        return Form(bound(view, self._forms.write(binding)), instead)
