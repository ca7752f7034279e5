"""On-call: they freeze from terminals and by clicks, and thaw together; others try it in vain."""

import asyncio
import contextlib
import itertools
import json
import random
from typing import Any, Final

from approvals.freezes.statement import NAMESPACE, FreezeStatement
from keys import sshsig
from tests.chaos.city import City
from tests.chaos.history import FreezeTold, FreezeTried, ThawTold, ThawTried, Told, Via, now
from tests.chaos.mood import Mood
from tests.chaos.people import FINGERPRINT, People
from tests.chaos.rules import (
    EVM_SOURCE,
    ON_CALL,
    SCOPES,
    SOL_SOURCE,
    STRANGER,
    TREASURY,
    Scope,
    slack_id,
)
from tests.chaos.tempo import Tempo
from tests.support.world import ssh_key

_COUNT: Final = itertools.count(1)
LASTS_S: Final = (0.3, 1.5)
THAW_WITHIN_S: Final = 15.0
END_WITHIN_S: Final = 25.0


class OnCall:
    """Freezes now and then, until it is told to stop; then everything is thawed."""

    def __init__(
        self, city: City, people: People, rng: random.Random, tempo: Tempo, mood: Mood
    ) -> None:
        self._city, self._people, self._rng = city, people, rng
        self._tempo = tempo
        self._every_s, self._pace = mood.freeze_every_s, mood.pace

    async def watch(self, stop: asyncio.Event) -> None:
        """One freeze after the other, each thawed after a while."""
        while self._every_s is not None and not stop.is_set():
            after_s = self._rng.expovariate(1) * self._every_s / self._tempo.share
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(after_s):
                    await stop.wait()
            if stop.is_set():
                break
            await self._freeze()
            await asyncio.sleep(self._rng.uniform(*LASTS_S) * self._pace)
            await self._thaw_all(within_s=THAW_WITHIN_S * self._pace)
        await self._thaw_all(within_s=END_WITHIN_S)

    async def _thaw_all(self, *, within_s: float) -> None:
        """Until nothing is frozen any more, or the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    if await self._thaw_some() == 0:
                        return
                    await asyncio.sleep(0.1)

    async def _freeze(self) -> None:
        """Two people at once, sometimes; and sometimes somebody who may not."""
        people = self._rng.sample(ON_CALL, self._rng.choice([1, 1, 1, 2]))
        if self._rng.random() < 0.2:
            people.append(self._rng.choice([STRANGER, *TREASURY]))
        await asyncio.gather(*(self._freeze_by(person) for person in people))

    async def _freeze_by(self, person: str) -> None:
        scopes = list(SCOPES)
        scope = self._rng.choices(scopes, [SCOPES[scope] for scope in scopes])[0]
        reason = f"freeze {next(_COUNT)}"
        message = self._open_message()
        if message is not None and self._rng.random() < 0.5:
            await self._click(message, person, reason)
        else:
            await self._sign(scope, person, reason)

    def _open_message(self) -> Any:
        """One of the latest messages that have a button to freeze."""
        latest = list(self._city.slack.messages.values())[-40:]
        found = [message for message in latest if "Freeze" in message.buttons]
        return self._rng.choice(found) if found else None

    async def _click(self, message: Any, person: str, reason: str) -> None:
        """The click opens a form; the freeze is the form, of everything or of one source."""
        slack = self._city.slack
        via: Via = self._rng.choice(["socket", "http"])
        only = self._city.gateways[0].name if len(self._city.gateways) == 1 else None
        payload = slack.payload(message, "Freeze", slack_id(person))
        await self._people.delivered(payload, via, self._rng)
        view = await slack.form_of(payload["trigger_id"], 1.0 * self._pace)
        if view is None:
            return
        scope = self._offered(view)
        tried = FreezeTried(now(), reason, person, scope, f"slack {via}", only)
        self._city.history.note(tried)
        form = slack.submission(view, slack_id(person), reason, scope=scope.kind)
        answer = await self._people.delivered(form, via, self._rng)
        if answer is None or answer.status != 200:
            self._told(reason, "unknown", None, "nobody acknowledged it")
        elif answer.payload is None:
            self._told(reason, "counted", await self._id_of(reason), "")
        else:
            sentence = str(next(iter(answer.payload["errors"].values())))
            told: Told = "unknown" if "could not confirm" in sentence else "refused"
            self._told(reason, told, None, sentence)

    def _offered(self, view: dict[str, Any]) -> Scope:
        """What the form can freeze: mostly the source that it names."""
        said = json.dumps(view)
        for name in (EVM_SOURCE, SOL_SOURCE):
            if name in said and self._rng.random() < 0.7:
                return Scope("source", name)
        return Scope()

    async def _id_of(self, reason: str) -> str | None:
        """Slack is not told which freeze it is: the desk knows."""
        for gateway in self._city.gateways:
            status, answer = await self._people.desk(gateway, "GET", "/freezes")
            for freeze in answer.get("freezes", []) if status == 200 else []:
                if freeze["reason"] == reason:
                    return str(freeze["id"])
        return None

    async def _sign(self, scope: Scope, person: str, reason: str) -> None:
        gateway, kind = self._rng.choice(self._city.gateways), scope.kind
        said = FreezeStatement(FINGERPRINT, reason, now(), kind, scope.name)
        self._city.history.note(FreezeTried(now(), reason, person, scope, "desk", gateway.name))
        body = self._signed(said.text(), person)
        status, answer = await self._people.desk(gateway, "POST", "/freezes", body)
        if status == 200:
            self._told(reason, "counted", str(answer["freeze"]), "")
        else:
            sentence = str(answer.get("error"))
            self._told(reason, _word(status, sentence), None, f"{status} {sentence}")

    def _told(self, reason: str, told: Told, freeze: str | None, sentence: str) -> None:
        self._city.history.note(FreezeTold(now(), reason, told, freeze, sentence))

    async def _thaw_some(self) -> int:
        """Everything that stands, as the desk shows it; how much stood, at least one if unknown."""
        gateway = self._rng.choice(self._city.gateways)
        status, answer = await self._people.desk(gateway, "GET", "/freezes")
        if status != 200:
            return 1
        found = [str(freeze["id"]) for freeze in answer["freezes"]]
        await asyncio.gather(*(self._thaw(freeze) for freeze in found))
        return len(found)

    async def _thaw(self, freeze: str) -> None:
        """Two people, at once or one after the other; one of them twice; somebody who may not."""
        people = self._rng.sample(ON_CALL, 2)
        if self._rng.random() < 0.3:
            people.insert(1, people[0])
        if self._rng.random() < 0.2:
            people.append(self._rng.choice(TREASURY))
        if self._rng.random() < 0.5:
            await asyncio.gather(*(self._thaw_by(freeze, person) for person in people))
        else:
            for person in people:
                await self._thaw_by(freeze, person)

    async def _thaw_by(self, freeze: str, person: str) -> None:
        vote, gateway = f"thaw {next(_COUNT)}", self._rng.choice(self._city.gateways)
        said = FreezeStatement(FINGERPRINT, vote, now(), thaw=freeze)
        history = self._city.history
        history.note(ThawTried(now(), vote, freeze, person))
        body = self._signed(said.text(), person)
        status, answer = await self._people.desk(gateway, "POST", "/freezes", body)
        sentence = str(answer.get("error", ""))
        told: Told = "counted" if status == 200 else _word(status, sentence)
        history.note(ThawTold(now(), vote, told, f"{status} {sentence}"))

    def _signed(self, text: str, person: str) -> dict[str, str]:
        return {
            "statement": text,
            "signature": sshsig.sign(ssh_key(person), NAMESPACE, text.encode()),
        }


def _word(status: int | None, sentence: str) -> Told:
    """A store that is down, or nobody's answer, is no refusal."""
    unknown = status is None or status >= 500 or "not known" in sentence
    return "unknown" if unknown else "refused"
