"""What a failure of Redis means, in words for people at night; never what the server wrote."""

from typing import Final

from redis import exceptions as failed

_WHO: Final = "it does not take our user and password"
_BY_KIND: Final[tuple[tuple[type[BaseException], str], ...]] = (  # subclasses come first
    (failed.AuthenticationError, _WHO),
    (failed.AuthorizationError, "our user may not do what we need"),
    (failed.NoPermissionError, "our user may not do what we need"),
    (failed.BusyLoadingError, "it is still loading its data"),
    (failed.ReadOnlyError, "it is a replica, which takes no writes"),
    (failed.OutOfMemoryError, "its memory is full"),
    (failed.InvalidResponse, "what answers there is no Redis"),
    (failed.TimeoutError, "no answer in time"),
    (TimeoutError, "no answer in time"),
    (failed.ConnectionError, "no connection"),
)
_BY_BEGINNING: Final = {
    "DB index": "it has no database of that number",
    "HELLO must be called": _WHO,
    "MISCONF": "it cannot write to its disk",
    "NOREPLICAS": "too few replicas copy what it writes",
    "invalid username-password": _WHO,
}
"""Errors that the library has no kind of its own for, or gives another one over a unix socket."""


def meaning(error: Exception) -> str:
    """`no connection`, `its memory is full`; the kind of error where we know no words for it."""
    said = str(error)
    for beginning, words in _BY_BEGINNING.items():
        if said.startswith(beginning):
            return words
    for kind, words in _BY_KIND:
        if isinstance(error, kind):
            return words
    return type(error).__name__
