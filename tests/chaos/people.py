"""People: they click in Slack and vote at terminals, both at once, twice, late, at the last."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import aiohttp

from approvals import statement as statements
from approvals.model import Choice
from keys import sshsig
from keys.rsa import fingerprint
from notifiers.slack.sentences import UNSURE
from tests.chaos.city import City, Gateway
from tests.chaos.history import Told, Via, Voted, VoteTold, now
from tests.chaos.mood import Mood
from tests.chaos.rules import ASKED, BARRED, ON_CALL, REASONED, STRANGER, TREASURY, Kind, slack_id
from tests.chaos.wishes import Wish
from tests.support.slack_server import Answer
from tests.support.world import rsa_key, ssh_key

_COUNT: Final = itertools.count(1)
FINGERPRINT: Final = fingerprint(rsa_key("server").public_key())
_MESSAGE_WITHIN_S: Final = 3.0
_FORM_WITHIN_S: Final = 2.5
_DESK_WITHIN_S: Final = 5.0
_LONGEST_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody means to do about a request, and when (seconds from its beginning).

    `again_s`: Slack delivers the click once more, so much later. `punctual`: the vote is cast at
    the very deadline. `override`: to decide in place of the seats.
    """

    person: str
    choice: Literal["approve", "reject"]
    via: Via
    after_s: float
    again_s: float | None = None
    punctual: bool = False
    override: bool = False


def intents(kind: Kind, rng: random.Random, mood: Mood) -> list[Intent]:
    """What people will do about a request of this kind; often enough, often not."""
    if kind not in ASKED | {Kind.SECOND_BODY} and rng.random() > 0.1:
        return []
    plan = rng.choices(list(mood.plans), list(mood.plans.values()))[0]
    able = [name for name in TREASURY if name != BARRED]
    treasury = rng.sample(able, 3)
    people = [*treasury[: rng.choice([1, 2, 2, 3])]]
    if kind is Kind.KEY_GEN:
        people.append(rng.choice(ON_CALL))
    if rng.random() < 0.08:
        people.append(rng.choice([BARRED, STRANGER, *ON_CALL]))
    match plan:
        case "agree":
            return [_intent(rng, person, "approve") for person in people]
        case "override":
            return _overriding(rng)
        case "refuse":
            return [_intent(rng, rng.choice([*people, BARRED]), "reject")]
        case "differ":
            moment = rng.uniform(0.2, 3.0)
            return [
                _intent(rng, people[0], "approve", moment),
                _intent(rng, rng.choice([treasury[2], people[0]]), "reject", moment),
                *(_intent(rng, person, "approve", moment) for person in people[1:]),
            ]
        case "last moment":
            return [
                Intent(
                    person, rng.choice(["approve", "approve", "reject"]), _via(rng), 0, None, True
                )
                for person in people
            ]
        case _:
            return [_intent(rng, people[0], "approve")] if rng.random() < 0.3 else []


def _intent(
    rng: random.Random, person: str, choice: Literal["approve", "reject"], at: float | None = None
) -> Intent:
    again = rng.choice([0.0, 0.05, 0.3, 6.0]) if rng.random() < 0.2 else None
    return Intent(person, choice, _via(rng), rng.uniform(0.1, 4.0) if at is None else at, again)


def _overriding(rng: random.Random) -> list[Intent]:
    """Two of on-call, which is enough; one, even twice, which is not; or one who refuses."""
    first, second = rng.sample(ON_CALL, 2)
    people = rng.choice(
        [[first, second], [first, second], [first, first], [first], [second, BARRED]]
    )
    choice: Literal["approve", "reject"] = "reject" if rng.random() < 0.15 else "approve"
    return [
        Intent(person, choice, "desk", rng.uniform(0.1, 3.0), override=True) for person in people
    ]


def _via(rng: random.Random) -> Via:
    via: Via = rng.choice(["socket", "http", "desk", "desk"])
    return via


class People:
    """Everybody, with a phone and a terminal each."""

    def __init__(self, city: City, session: aiohttp.ClientSession, mood: Mood) -> None:
        self._city = city
        self._mood = mood
        city.slack.patience_s *= mood.pace
        self._session = session
        for name in (*TREASURY, *ON_CALL, STRANGER):
            city.slack.people[slack_id(name)] = name

    async def mind(self, wish: Wish, rng: random.Random) -> None:
        """Do what people do about a request, all of them at their own time."""
        await asyncio.gather(
            *(
                self._act(wish, intent, random.Random(rng.random()))
                for intent in intents(wish.kind, rng, self._mood)
            )
        )

    async def _act(self, wish: Wish, intent: Intent, rng: random.Random) -> None:
        await asyncio.sleep(intent.after_s * self._mood.pace)
        if intent.punctual:
            await self._await_deadline(wish, rng)
        if intent.via == "desk":
            await self._vote_at_desk(wish, intent, rng)
            return
        message = await self._city.slack.message_of(
            wish.digest, _MESSAGE_WITHIN_S * self._mood.pace
        )
        if message is None:
            await self._vote_at_desk(wish, intent, rng)
            return
        word = intent.choice.capitalize()
        if word not in message.buttons:
            return  # Slack does not offer it: a signed vote is wanted, or it is decided
        payload = self._city.slack.payload(message, word, slack_id(intent.person))
        has_form = intent.choice == "reject" or wish.kind in REASONED
        press = self._write if has_form else self._approve
        presses = [press(wish, intent, payload, rng)]
        if intent.again_s is not None:
            after_s = intent.again_s * self._mood.pace
            presses.append(_later(after_s, lambda: press(wish, intent, payload, rng)))
        await asyncio.gather(*presses)

    # Slack

    async def _approve(
        self, wish: Wish, intent: Intent, payload: dict[str, Any], rng: random.Random
    ) -> None:
        vote = self._cast(wish, intent, "")
        answer = await self.delivered(payload, intent.via, rng)
        if answer is not None and answer.status == 200:
            self._told(wish, vote, "acknowledged", "")
        else:
            self._told(wish, vote, "unknown", "nobody acknowledged it")

    async def _write(
        self, wish: Wish, intent: Intent, payload: dict[str, Any], rng: random.Random
    ) -> None:
        """The click opens a form; the vote is the form that is handed in, sometimes empty."""
        slack, reason = self._city.slack, f"so {next(_COUNT)}"
        if wish.kind in REASONED and rng.random() < 0.25:
            reason = ""
        payload = {**payload, "trigger_id": slack._trigger()}
        await self.delivered(payload, intent.via, rng)
        view = await slack.form_of(payload["trigger_id"], _FORM_WITHIN_S * self._mood.pace)
        if view is None:
            return
        vote = self._cast(wish, intent, reason)
        form = slack.submission(view, slack_id(intent.person), reason)
        answer = await self.delivered(form, intent.via, rng)
        if answer is None or answer.status != 200:
            self._told(wish, vote, "unknown", "nobody acknowledged it")
        elif answer.payload is None:
            self._told(wish, vote, "counted", "")
        else:
            sentence = str(next(iter(answer.payload["errors"].values())))
            self._told(wish, vote, "unknown" if sentence == UNSURE else "refused", sentence)

    async def delivered(
        self, payload: dict[str, Any], via: Via, rng: random.Random
    ) -> Answer | None:
        slack = self._city.slack
        gateway = rng.choice(self._city.gateways)
        try:
            async with asyncio.timeout(slack.patience_s):
                if via == "http" or not slack.sockets:
                    return await slack.deliver(payload, "http", f"{gateway.url}/slack/interactions")
                return await slack.deliver(payload, "socket")
        except (TimeoutError, OSError, aiohttp.ClientError):
            return None

    # The terminal

    async def _vote_at_desk(self, wish: Wish, intent: Intent, rng: random.Random) -> None:
        reason = f"seen {next(_COUNT)}"
        vote = self._cast(wish, intent, reason, via="desk")
        text = statements.Statement(
            gateway=FINGERPRINT,
            node=wish.node,
            request_id=wish.request_id,
            digest=wish.digest,
            choice=Choice(intent.choice),
            reason=reason,
            at=now(),
            override=intent.override,
        ).text()
        key = ssh_key(intent.person)
        armored = sshsig.sign(key, statements.NAMESPACE, text.encode())
        body = {"statement": text, "signature": armored}
        status, answer = await self.desk(rng.choice(self._city.gateways), "POST", "/votes", body)
        if status == 200:
            self._told(wish, vote, "counted", str(answer["status"]))
        elif status is None:
            self._told(wish, vote, "unknown", "the desk did not answer")
        else:
            sentence = str(answer.get("error"))
            told: Told = "unknown" if "not known" in sentence else "refused"
            self._told(wish, vote, told, f"{status} {sentence}")

    async def _await_deadline(self, wish: Wish, rng: random.Random) -> None:
        """Sleep until a moment before the deadline that the desk names, or not at all."""
        await asyncio.sleep(0.5)
        gateway = rng.choice(self._city.gateways)
        deadline = None
        for _ in range(3):
            status, answer = await self.desk(gateway, "GET", f"/approvals?id={wish.member}")
            found = answer.get("approvals", []) if status == 200 else []
            if not found or found[0]["approval"]["final"] is not None:
                return
            deadline = found[0]["approval"]["deadline"]
            await self._until(deadline - 1_200)
        if deadline is not None:
            early_ms = rng.choice([rng.randint(0, 40), rng.randint(40, 400)])
            await self._until(deadline - early_ms)

    async def _until(self, at: int) -> None:
        """Sleep until a moment; a deadline by a clock that is far ahead is not waited for."""
        longest_s = _LONGEST_S * self._mood.pace
        await asyncio.sleep(min(longest_s, max(0.0, (at - now()) / 1000)))

    async def desk(
        self, gateway: Gateway, method: str, path: str, body: object = None
    ) -> tuple[int | None, dict[str, Any]]:
        """The status and the JSON; None where nobody answered."""
        try:
            headers = {"Authorization": gateway.cookie}
            async with self._session.request(
                method,
                gateway.desk_url + path,
                json=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=_DESK_WITHIN_S * self._mood.pace),
            ) as response:
                return response.status, await response.json()
        except (OSError, aiohttp.ClientError, TimeoutError, ValueError):
            return None, {}

    def _cast(self, wish: Wish, intent: Intent, reason: str, via: Via | None = None) -> str:
        vote = f"v{next(_COUNT)}"
        self._city.history.note(
            Voted(
                now(),
                wish.case,
                vote,
                intent.person,
                intent.choice,
                via or intent.via,
                reason,
                intent.override,
            )
        )
        return vote

    def _told(self, wish: Wish, vote: str, told: Told, sentence: str) -> None:
        self._city.history.note(VoteTold(now(), wish.case, vote, told, sentence))


async def _later(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(seconds)
    await act()
