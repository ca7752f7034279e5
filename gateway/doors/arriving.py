"""HTTP/1.1 from anybody: a request arrives in time and in bounds, or its connection ends.

uvicorn reads and answers; this adds what it leaves to a proxy in front, which we must not have:
limits on time, on bytes and on headers, and a way to be silent. A request that is complete is
never touched by them, however long it is held.
"""

import asyncio
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.doors.seats import Seats
from gateway.doors.silence import ABORT, Abort

HEAD_WITHIN_S: Final = 10.0
"""From a connection, or the first byte of a later request, to the end of the headers."""

BODY_WITHIN_S: Final = 30.0
"""From the end of the headers to the end of the body."""

TAKEN_WITHIN_S: Final = 30.0
"""From an answer that does not fit into the socket's buffer until the peer has read enough."""

BESIDE_LIMIT: Final = 64 * 1024
"""Bytes of a request that are not its body: its head, chunk sizes, trailers. The body's limit is
the route's affair."""

MOST_HEADERS: Final = 100


class _TooMuch(Exception):  # noqa: N818 - stops the parser, whose caller ends the connection
    """More than anybody has to say."""


class SilentProtocol(HttpToolsProtocol):
    """uvicorn's protocol, whose requests can be met with silence, and must arrive in time."""

    _reading: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None
    _in_head = True
    _beside = 0
    _unanswered: tuple[Abort, ...] = ()
    _abort = Abort()

    def __init__(self, *args: Any, seats: Seats, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._seats = seats

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._read_within(HEAD_WITHIN_S)
        self._seats.arrive(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._seats.leave(self)
        self._stop_reading_timer()
        self._stop_writing_timer()
        for abort in self._unanswered:  # uvicorn tells only the last of several
            abort.hang_up()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._reading is None and not self._owes():
            self._read_within(HEAD_WITHIN_S)  # empty lines before a request begin no request
        self._beside += len(data)
        super().data_received(data)
        if self._beside > BESIDE_LIMIT:
            self.silence()

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._abort = Abort()
        self.scope["extensions"] = {ABORT: self._abort}  # type: ignore[dict-item]
        self._in_head = True
        self._beside = 0
        self._read_within(HEAD_WITHIN_S)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # a trailer would become a header of a request that has been checked
            self._check(len(self.headers) < MOST_HEADERS)
            if name.lower() == b"transfer-encoding":  # nobody agrees where others end
                self._check(value.lower() == b"chunked")
            super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        self._check(size <= BESIDE_LIMIT)
        self.expect_100_continue = False  # an interim line is a byte, and we may have to be silent
        super().on_headers_complete()
        self._in_head = False
        self._abort.bind(self.cycle, self.transport)
        self._unanswered = (*(a for a in self._unanswered if a.open), self._abort)
        self._read_within(BODY_WITHIN_S)

    @override
    def on_body(self, body: bytes) -> None:
        self._beside -= len(body)
        if self._abort.open:
            self._seats.receive(self, len(body))
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._stop_reading_timer()
        self._seats.complete(self)
        if self._abort.open:
            self._seats.serve(self)
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        self._seats.complete(self)
        if not self.pipeline and not self.transport.is_closing():
            self._seats.wait(self)
        super().on_response_complete()
        self._watch_writing()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_writing()

    @override
    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP; never to somebody who would take it for an answer."""
        if self._owes():
            self.silence()
        elif not self.transport.is_closing():
            super().send_400_response(msg)
            self._watch_writing()

    @override
    def _unsupported_upgrade_warning(self) -> None:
        """Uvicorn drops what else it has read: nothing that follows can be read rightly."""
        self.cycle.keep_alive = False

    def silence(self) -> None:
        """End the connection; a request that has no complete response gets none."""
        for abort in self._unanswered:
            abort.hang_up()
        self.transport.abort()

    def _owes(self) -> bool:
        return any(abort.open for abort in self._unanswered)

    def _check(self, within: bool) -> None:  # noqa: FBT001 - reads as an assertion
        if not within:
            self.silence()
            raise _TooMuch

    def _read_within(self, seconds: float) -> None:
        self._stop_reading_timer()
        self._reading = self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if any(earlier.open for earlier in self._unanswered if earlier is not self._abort):
            self._read_within(HEAD_WITHIN_S)  # it has to wait for one that may be held for long
        else:
            self.silence()

    def _stop_reading_timer(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _watch_writing(self) -> None:
        """End the connection of somebody who asks and does not read."""
        if not self.transport.get_write_buffer_size():
            self._stop_writing_timer()
        elif self._writing is None:
            self._writing = self.loop.call_later(TAKEN_WITHIN_S, self._not_taken)

    def _not_taken(self) -> None:
        self._writing = None
        if self.transport.get_write_buffer_size():
            self.silence()

    def _stop_writing_timer(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
