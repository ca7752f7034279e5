"""A private sentence to the one who clicked: by the channel, else by the click's own answer."""

from collections.abc import Callable

from approvals.events import Alarm, Journal
from notifiers.slack.hearing import Voice
from notifiers.slack.payloads import Click
from notifiers.slack.tokens import meant
from notifiers.slack.trouble import SlackTrouble


class Aside:
    """Says it by one way, then by the other, each once; where neither works it alarms."""

    def __init__(self, slack: Voice, journal: Journal, now_ms: Callable[[], int]) -> None:
        """The alarm names Slack's words for both failures."""
        self._slack = slack
        self._journal = journal
        self._now = now_ms

    async def say(self, click: Click, sentence: str) -> None:
        """Never raises."""
        try:
            await self._slack.whisper(click.channel, click.user, sentence)
        except SlackTrouble as trouble:
            await self._answer(click, sentence, trouble.error)

    async def _answer(self, click: Click, sentence: str, why: str) -> None:
        """Works where the app is no member of the channel, and for its first half hour."""
        try:
            await self._slack.answer(click.answers, sentence)
        except SlackTrouble as trouble:
            detail = f"{why}, then {trouble.error}"
            self._journal.note(Alarm(self._now(), "not_whispered", meant(click.value), detail))
