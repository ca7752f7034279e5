"""TSS Nodes: each asks for one thing, on the protocol's schedule, and believes no answer unread."""

import asyncio
import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import aiohttp

from gateway.simulate.attempts import USUAL, Answer, Happened, Knobs, NoResponse, retry_in_ms
from gateway.simulate.node import NodeSettings, classify, signed_token
from tests.chaos.city import City, Gateway
from tests.chaos.history import Asked, GaveUp, Heard, Wished, now, token_name
from tests.chaos.mood import Mood
from tests.chaos.wishes import Wish
from tests.support.world import rsa_key

_COUNT: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Habits:
    """How a node differs from the plain one.

    `both`: it asks two gateways at once. `repeats`: it sends one token again and again. `ahead`:
    it sleeps a fifth of what it should. `deaf`: the first answer gets lost, so it asks on.
    `hasty`: it hangs up long before its limit, except at its last attempt.
    """

    both: bool = False
    repeats: bool = False
    ahead: bool = False
    deaf: bool = False
    hasty: bool = False


def habits(rng: random.Random, mood: Mood) -> Habits:
    """Most nodes have none."""
    name = rng.choices(list(mood.habits), list(mood.habits.values()))[0]
    return Habits(**{name: True}) if name else Habits()


class Nodes:
    """Asks on behalf of every node."""

    def __init__(self, city: City, session: aiohttp.ClientSession, mood: Mood) -> None:
        self._city = city
        self._mood = mood
        self._session = session

    async def ask(self, wish: Wish, rng: random.Random) -> None:
        """Ask until there is an answer, or the window is used up."""
        history, how = self._city.history, habits(rng, self._mood)
        node = self._settings(wish.node)
        window = node.window
        history.note(
            Wished(
                now(),
                wish.case,
                wish.node,
                wish.kind,
                wish.request_id,
                wish.digest,
                wish.content,
                not (how.repeats or how.ahead),
            )
        )
        token = await asyncio.to_thread(signed_token, node, wish.package) if how.repeats else None
        heard, names = False, list[str]()
        for number in range(1, window.retry_times + 2):
            chosen = rng.sample(self._city.gateways, min(2, len(self._city.gateways)))
            chosen = chosen if how.both else chosen[:1]
            limit = window.timeout_ms / 1000
            if how.hasty and number <= window.retry_times:
                limit *= rng.uniform(0.1, 0.7)
            names = [f"a{next(_COUNT)}" for _ in chosen]
            results = await asyncio.gather(
                *(
                    self._attempt(
                        wish=wish,
                        node=node,
                        gateway=gateway,
                        name=name,
                        token=token,
                        limit_s=limit,
                    )
                    for gateway, name in zip(chosen, names, strict=True)
                )
            )
            answered = any(isinstance(what, Answer) for what in results)
            if answered and (heard or not how.deaf):
                return
            heard = heard or answered
            pause = max(_pause(node, number, results), default=None)
            if pause is None:
                break
            await asyncio.sleep(pause / 1000 * (0.2 if how.ahead else 1))
        if not heard:
            history.note(GaveUp(now(), wish.case, tuple(names)))

    async def _attempt(
        self,
        *,
        wish: Wish,
        node: NodeSettings,
        gateway: Gateway,
        name: str,
        token: str | None,
        limit_s: float,
    ) -> Happened:
        """One attempt at one gateway.

        RS256 says the same twice within a second, so each token has a claim of its own: attempts
        here come faster than a real node's, whose tokens differ by their `exp`.
        """
        if token is None:
            own = replace(node, knobs=Knobs(claims={"jti": name}))
            token = await asyncio.to_thread(signed_token, own, wish.package)
        history = self._city.history
        history.note(Asked(now(), wish.case, name, gateway.name, token_name(token)))
        what = await self._exchange(node, wish, gateway.url, token, limit_s)
        history.note(Heard(now(), wish.case, name, what))
        return what

    def _settings(self, name: str) -> NodeSettings:
        server = rsa_key("server").public_key()
        return NodeSettings("", rsa_key(name), server, self._city.windows[name])

    async def _exchange(
        self, node: NodeSettings, wish: Wish, url: str, token: str, limit_s: float
    ) -> Happened:
        try:
            async with self._session.post(
                f"{url}/v2/check",
                data=b"TSS_JWT_MSG=" + token.encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                timeout=aiohttp.ClientTimeout(total=limit_s),
            ) as response:
                body = (await response.read()).decode(errors="replace")
                return classify(node, wish.package, response.status, body)
        except TimeoutError:
            return NoResponse("no answer in time")
        except (aiohttp.ClientError, OSError) as error:
            return NoResponse(type(error).__name__)


def _pause(node: NodeSettings, number: int, results: Iterable[Happened]) -> Iterable[int]:
    """How long to sleep by what happened; nothing where this was the last attempt."""
    for what in results:
        retried = NoResponse("its answer was lost") if isinstance(what, Answer) else what
        pause = retry_in_ms(node.window, USUAL, number, retried)
        if pause is not None:
            yield pause
