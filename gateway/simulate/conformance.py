"""Playing the book of misbehavior against a gateway, and holding what came against what should."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

import aiohttp

from gateway.simulate.attempts import (
    Answer,
    BadAnswer,
    ErrorStatus,
    Happened,
    HttpError,
    NoResponse,
)
from gateway.simulate.book import Misbehavior
from gateway.simulate.material import Material, Step
from gateway.simulate.node import NodeSettings, exchange, judge
from gateway.simulate.tally import cause_of

_MOST_SENTENCE: Final = 100
"""Characters that an unsigned answer may have: a stranger learns nothing."""

_WAIT_MS: Final = 10_000
"""Everything in the book is answered at once; this is for machines that are busy."""


@dataclass(frozen=True, slots=True)
class Line:
    """One misbehavior played: what should have come, and what came."""

    name: str
    does: str
    expected: str
    got: str

    @property
    def ok(self) -> bool:
        """The gateway did as it should."""
        return self.got == self.expected


async def play_book(
    node: NodeSettings,
    book: Sequence[Misbehavior],
    stop: asyncio.Event,
) -> list[Line]:
    """Play them one after another, until all are played or `stop` is set."""
    material = Material(node)
    lines: list[Line] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        for each in book:
            if stop.is_set():
                break
            lines.append(await _play(session, material, each))
    return lines


async def _play(session: aiohttp.ClientSession, material: Material, each: Misbehavior) -> Line:
    steps = await asyncio.to_thread(each.steps, material)
    if each.together:
        came = await asyncio.gather(*(_take(session, material.node, step) for step in steps))
    else:
        came = [await _take(session, material.node, step) for step in steps]
    expected = " then ".join(_unique([step.expected for step in steps]))
    return Line(each.name, each.does, expected, _got(steps, came, expected))


async def _take(session: aiohttp.ClientSession, node: NodeSettings, step: Step) -> Happened:
    came = await exchange(session, step.post, _WAIT_MS)
    return came if isinstance(came, NoResponse) else judge(node, step.echo, *came)


def _got(steps: Sequence[Step], came: Sequence[Happened], expected: str) -> str:
    """As expected; or what differed first; or that answers differ which should be the same."""
    for step, what in zip(steps, came, strict=True):
        if said(what) != step.expected:
            return said(what)
    sentences = {(step.expected, what) for step, what in zip(steps, came, strict=True)}
    if len(sentences) > len({step.expected for step in steps}):
        return "two different answers"
    return expected


def said(what: Happened) -> str:
    """What came, in the words of the book."""
    match what:
        case NoResponse(why=why):
            return why
        case BadAnswer(why=why):
            return f"not believed: {why}"
        case HttpError(status=status, body=body):
            whole = len(body) <= _MOST_SENTENCE and "\n" not in body
            return f"HTTP {status}" if whole else f"HTTP {status}, and says too much"
        case ErrorStatus(status=status, error=error):
            return f"status {status} {cause_of(error)}".strip()
        case Answer(action="", error=""):
            return "pong"
        case Answer(action=action, error=error):
            return f"{action} {cause_of(error)}".strip()
        case _:
            assert_never(what)


def _unique(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(words))
