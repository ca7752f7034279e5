"""Who gives way when there are too many: connections, and request bodies that are not complete.

Anybody may connect and send half a request. Whoever comes next may be a node with a whole one, so
it is not the newcomer that is turned away, but who has kept us waiting longest, or sent most of
what never ends. A request that is complete is never touched.
"""

import resource
from dataclasses import dataclass, field
from typing import Final, Protocol

MOST_NODES: Final = 12_000
"""Connections to `listen`: the 10,000 requests that may be open, and room to come and go."""

MOST_OPERATORS: Final = 64
"""Connections to `operator_listen`: a command needs one, and monitoring another."""

MOST_BODIES: Final = 128 * 1024 * 1024
"""Bytes of all incomplete bodies of one server: a dozen of the largest that are taken."""

_OWN_FILES: Final = 256
"""For Redis, Slack, the audit and the like, and for connections that are about to be closed."""

FILES: Final = MOST_NODES + MOST_OPERATORS + _OWN_FILES


class Guest(Protocol):
    """A connection."""

    def silence(self) -> None:
        """End it without another byte."""
        ...


@dataclass(slots=True)
class Seats:
    """The connections of one server: at most `most`, with at most `most_bytes` half-sent."""

    most: int = MOST_NODES
    most_bytes: int = MOST_BODIES
    _count: int = 0
    _bytes: int = 0
    _waiting: dict[Guest, None] = field(default_factory=dict)  # longest first
    _bodies: dict[Guest, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return self._count

    @property
    def half_sent(self) -> int:
        """Bytes of bodies that are not complete."""
        return self._bytes

    def arrive(self, guest: Guest) -> None:
        """A connection was made; where all others hold complete requests, it is itself too many."""
        self._count += 1
        self._waiting[guest] = None
        if self._count > self.most:
            longest = next(iter(self._waiting))
            del self._waiting[longest]
            longest.silence()

    def leave(self, guest: Guest) -> None:
        """It has ended."""
        self._count -= 1
        self._waiting.pop(guest, None)
        self.complete(guest)

    def serve(self, guest: Guest) -> None:
        """Its request is complete: from now on it waits for us."""
        self._waiting.pop(guest, None)

    def wait(self, guest: Guest) -> None:
        """It has its answer: from now on we wait for it."""
        self._waiting[guest] = None

    def receive(self, guest: Guest, size: int) -> None:
        """So many more bytes of its body arrived."""
        self._bytes += size
        self._bodies[guest] = self._bodies.get(guest, 0) + size
        if self._bytes > self.most_bytes:
            largest = max(self._bodies, key=self._bodies.__getitem__)
            self.complete(largest)
            largest.silence()

    def complete(self, guest: Guest) -> None:
        """Its body is not waited for any more."""
        self._bytes -= self._bodies.pop(guest, 0)


def raise_file_limit() -> None:
    """Let this process open as many files as all seats need, or as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def file_limit() -> int:
    """How many files this process may open, as far as it matters here."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return FILES if soft == resource.RLIM_INFINITY else min(FILES, soft)


def seats_for_nodes(files: int) -> Seats:
    """Connections to `listen` under this limit on files."""
    return Seats(max(files - _OWN_FILES, files // 2) - min(MOST_OPERATORS, files // 8))


def seats_for_operators(files: int) -> Seats:
    """Connections to `operator_listen`: strangers on the other address take none of them."""
    return Seats(min(MOST_OPERATORS, files // 8))


def limit_lines(files: int) -> list[str]:
    """What to say at the start: nothing where the limit is high enough."""
    if files >= FILES:
        return []
    sentence = (
        f"Warning: this process may open only {files:,} files, so at most"
        f" {seats_for_nodes(files).most:,} connections of nodes are held at once: raise its hard"
        f" limit to {FILES:,} (LimitNOFILE in a systemd unit, `ulimit -n` in a shell)."
    )
    return [sentence]
