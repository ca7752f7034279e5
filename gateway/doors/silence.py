"""Answer with silence: end a connection so that not one byte of an answer is written.

The protocol's only way to say "ask again" is a connection that ends without a response. Under
uvicorn every way out of an ASGI app (return, raise, cancel) becomes an HTTP 500. So its protocol
(`gateway/doors/arriving.py`) hands the app a way to abort the transport, in the scope.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Final, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

ABORT: Final = "countersign.abort"
"""The key of the abort under `scope["extensions"]`."""


class Abort:
    """Ends one request's connection, unless its response has been completed."""

    __slots__ = ("_cycle", "_transport")

    def __init__(self) -> None:
        self._cycle: RequestResponseCycle | None = None
        self._transport: asyncio.Transport | None = None

    def bind(self, cycle: RequestResponseCycle, transport: asyncio.Transport) -> None:
        """Say whose connection this ends."""
        self._cycle, self._transport = cycle, transport

    @property
    def open(self) -> bool:
        """Whether the app still owes a response."""
        return self._cycle is not None and not self._cycle.response_complete

    def hang_up(self) -> None:
        """Let the app's `receive` give `http.disconnect`, and its `send` do nothing."""
        if self._cycle is not None and not self._cycle.response_complete:
            self._cycle.disconnected = True
            self._cycle.message_event.set()

    def __call__(self) -> None:
        """End the connection now; what is not yet written never will be."""
        if self.open and self._transport is not None:
            self.hang_up()
            self._transport.abort()


def abort_of(scope: MutableMapping[str, Any]) -> Abort:
    """The abort of this request.

    Raises:
        TypeError: under a server that cannot be silent; ours always can.
    """
    abort = scope.get("extensions", {}).get(ABORT)
    if not isinstance(abort, Abort):
        raise TypeError("This server cannot end a connection without a response.")
    return abort


class Parked:
    """The requests that are being held, so that a gateway that stops can silence them first."""

    def __init__(self) -> None:
        self._aborts: set[Abort] = set()
        self._closed = False
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._aborts)

    @contextlib.contextmanager
    def park(self, abort: Abort) -> Iterator[None]:
        """While this is entered, `silence_all` reaches the request; after it, none may park."""
        if self._closed:
            abort()
        self._aborts.add(abort)
        try:
            yield
        finally:
            self._aborts.discard(abort)
            if not self._aborts:
                self._empty.set()

    def silence_all(self) -> None:
        """End every held request without a byte, and each that would be held from now on."""
        self._closed = True
        for abort in tuple(self._aborts):
            abort()

    async def left(self, *, within_s: float) -> None:
        """Wait until every handler has seen its end, but no longer than this."""
        while self._aborts:
            self._empty.clear()
            try:
                async with asyncio.timeout(within_s):
                    await self._empty.wait()
            except TimeoutError:
                return


Applies: TypeAlias = Callable[[Scope], bool]


class SilentOnError:
    """An ASGI app whose failures before the first byte of a response are met with silence.

    A class, so that Starlette's `Route` takes it for an ASGI app: it must sit inside Starlette,
    whose own error handling writes an HTTP 500. `applies(scope)` is asked when something has gone
    wrong: where it says no, the error takes its usual way. `report` is told each error. A request
    that is cancelled is always met with silence.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        report: Callable[[Exception], None],
        applies: Applies = lambda _scope: True,
    ) -> None:
        self._app = app
        self._report = report
        self._applies = applies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app; nothing it raises gets out where silence applies."""
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except asyncio.CancelledError:
            if started:
                raise
            abort_of(scope)()  # we are ending; uvicorn would write a 500, and not pass this on
        except Exception as error:
            if started or not self._applies(scope):
                raise
            abort_of(scope)()
            self._report(error)
        else:
            if not started and self._applies(scope):
                abort_of(scope)()
