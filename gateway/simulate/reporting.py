"""The node's event notifications, sent: signed with its event key, retried like a node does."""

import asyncio
import secrets
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway.config.file import Settings
from gateway.oncall.terminal import Failure
from gateway.setup.init import TEST_EVENT_KEY
from gateway.setup.node_block import CHECK_PATH, EVENT_PATH
from gateway.simulate.attempts import NoResponse
from gateway.simulate.events import Outcome, Shape, event_of
from gateway.simulate.node import FIELD, NodeSettings, Post, exchange, signed_token
from gateway.simulate.tally import Reported
from keys import rsa
from keys.errors import KeyFileError

_TAKEN: Final = frozenset({200, 201})
_TRIES: Final = 3
"""A node tries 61 times, a minute apart; who plays one does not want to wait for an hour."""

_SLEEP_S: Final = 1.0


def event_key(settings: Settings, path: Path | None) -> RSAPrivateKey:
    """The key that the node signs its events with: another than that of its callbacks.

    Raises:
        Failure: there is none.
    """
    path = path or settings.path.absolute().parent / TEST_EVENT_KEY
    try:
        return rsa.load_private_key(path)
    except KeyFileError as error:
        raise Failure(
            f"{error}. Events are signed with a key of their own: name it with --event-key."
        ) from None


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports what came of a signature."""

    node: NodeSettings
    key: RSAPrivateKey
    outcome: Outcome
    shape: Shape

    async def __call__(self, package: bytes) -> Reported:
        """The event is taken with HTTP 200 or 201, and with nothing else (protocol section 6)."""
        try:
            event = event_of(
                package,
                self.outcome,
                self.shape,
                event_id=str(uuid.uuid4()),
                now_ms=self.node.clock.now_ms(),
                draw=secrets.token_bytes,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return Reported(taken=False, said="nothing in it comes to a signature")
        knobs = replace(self.node.knobs, claims={"iss": ""} | self.node.knobs.claims)
        signer = replace(self.node, key=self.key, knobs=knobs)
        url = self.node.url.removesuffix(CHECK_PATH) + EVENT_PATH
        said = ""
        async with aiohttp.ClientSession() as session:
            for number in range(_TRIES):
                await asyncio.sleep(_SLEEP_S if number else 0)
                token = await asyncio.to_thread(signed_token, signer, event)
                post = Post(url, FIELD + token.encode())
                came = await exchange(session, post, self.node.window.timeout_ms)
                said = came.why if isinstance(came, NoResponse) else f"HTTP {came[0]}"
                if not isinstance(came, NoResponse) and came[0] in _TAKEN:
                    return Reported(taken=True, said=said)
        return Reported(taken=False, said=said)
