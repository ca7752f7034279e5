"""The door of the operator's API: who may call it.

Everybody must show the operator's cookie, and call us by a name of this machine: a web page that
makes a browser call `http://evil.example:11021` gets nothing. The cookie only opens the door; what
changes anything counts because a person's SSH key signed it (`gateway.desk.witness`).
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from approvals.codec import DamagedRecord
from approvals.freezes.store import NoRoom
from approvals.redis.link import StoreDown
from gateway.config.settings import Address
from gateway.desk.cookie import Cookie

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - a name that nobody calls
_STORE_DOWN: Final = "The gateway cannot reach its store: look at Redis, or run countersign doctor."
_OTHER_COOKIE: Final = (
    "The operator's cookie is not that of the gateway that answers: is this the configuration it"
    " was started with?"
)
_NO_ROOM: Final = (
    "So much is frozen that no more fits into its record, and nothing was stored: say it in fewer"
    " words, freeze everything, or thaw something first."
)
_UNKNOWN: Final = (
    "The gateway cannot reach its store. It is not known whether what you sent was stored: look"
    " with `countersign show` or `list`, and do it again if it is not there."
)


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """An answer other than 200: one plain sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


class Door:
    """Lets operators of this machine in, and turns what goes wrong inside into a sentence."""

    def __init__(self, cookie: Cookie, listen: Address) -> None:
        self._cookie = cookie
        self._hosts = _LOOPBACK | ({listen.host.lower()} - _WILDCARDS)

    def guarded(
        self, handler: Callable[[HttpRequest], Awaitable[Any]]
    ) -> Callable[[HttpRequest], Awaitable[Response]]:
        """The handler behind the door; what it returns is the answer's JSON."""

        async def guarded(http: HttpRequest) -> Response:
            try:
                self._admit(http)
                return JSONResponse(await handler(http))
            except Refused as refused:
                return JSONResponse({"error": str(refused)}, refused.status)
            except DamagedRecord:
                sentence = "That record is damaged and gives no answer: the log says why."
                return JSONResponse({"error": sentence}, 409)
            except NoRoom:
                return JSONResponse({"error": _NO_ROOM}, 409)
            except StoreDown:
                sentence = _UNKNOWN if http.method == "POST" else _STORE_DOWN
                return JSONResponse({"error": sentence}, 503)

        return guarded

    def _admit(self, http: HttpRequest) -> None:
        if _host_of(http.headers.get("host", "")) not in self._hosts:
            raise Refused(403, "The operator's API is called by this machine's own name only.")
        if not self._cookie.opens(http.headers.get("authorization")):
            raise Refused(401, _OTHER_COOKIE)


def _host_of(header: str) -> str:
    """The name in a Host header, without its port and brackets."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
