"""E-mail, Teams, Telegram, PagerDuty, Opsgenie and many others, through the library Apprise.

The library is imported where an address for it is configured, and nowhere else. It works in
threads and holds secrets in its addresses, so: it has a thread that nobody waits for longer than
TIMEOUT_S, its own log is silenced, it follows no redirects, and what it sends is plain text.
"""

import asyncio
import logging
import threading
import warnings
from contextlib import suppress
from typing import Any, Final

from keys.secret import Secret
from notifiers.elsewhere.bulletin import Bulletin
from notifiers.ports import NotTold

TIMEOUT_S: Final = 8.0
SOCKET_S: Final = 4.0
"""For connecting, and again for each answer; an address may ask for less, not for more."""

AT_ONCE: Final = 2
"""Threads of one address: a server that never ends its answer must not take more."""

_LIBRARIES: Final = ("apprise", "urllib3")
_HARMLESS: Final = str.maketrans({"<": "‹", ">": "›"})  # noqa: RUF001 - that is the point
"""Telegram reads tags again that the library had escaped."""


class BadAddress(ValueError):  # noqa: N818 - what it is, to whoever wrote it
    """The library can make nothing of an address. Says nothing of it: it holds secrets."""


class ApprisePost:
    """One address of the library."""

    def __init__(self, url: Secret, *, timeout_s: float = TIMEOUT_S) -> None:
        """Raises BadAddress. Nothing is sent or looked up."""
        self._service = _service(url)
        self._timeout_s = timeout_s
        self._free = threading.BoundedSemaphore(AT_ONCE)

    async def send(self, bulletin: Bulletin, id_: str) -> None:
        """Send it once. The library does not say whether a repetition would help: no alarm.

        Raises:
            NotTold: it was not accepted, or not in time.
        """
        del id_  # no place that it knows takes one
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        if not self._free.acquire(blocking=False):
            raise NotTold("too slow")

        def work() -> None:
            try:
                why = self._sent(bulletin)
            finally:
                self._free.release()
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_settle, answer, why)

        try:
            threading.Thread(target=work, name="apprise", daemon=True).start()
        except RuntimeError:
            self._free.release()
            raise NotTold("no thread for it") from None
        try:
            async with asyncio.timeout(self._timeout_s):
                why = await answer
        except TimeoutError:
            raise NotTold("too slow") from None
        if why:
            raise NotTold(why)

    def _sent(self, bulletin: Bulletin) -> str:
        """Empty if it was accepted, else a short word; in a thread."""
        grave = bulletin.event in {"alarm", "frozen"}
        try:
            accepted = self._service.notify(
                title=bulletin.subject.translate(_HARMLESS),
                body=bulletin.text.translate(_HARMLESS),
                body_format="text",
                notify_type="failure" if grave else "warning",
            )
        except Exception as error:  # noqa: BLE001 - a library with a hundred ways to fail
            return type(error).__name__
        return "" if accepted else "not accepted"


def check_address(url: Secret) -> None:
    """Raises BadAddress where the library can make nothing of it."""
    _service(url)


def _service(url: Secret) -> Any:
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
    with warnings.catch_warnings():
        # It imports all of its hundred services, some with modules that Python will drop.
        warnings.simplefilter("ignore", DeprecationWarning)
        service = _made(url)
    if service is None:
        raise BadAddress
    service.socket_connect_timeout = min(SOCKET_S, service.socket_connect_timeout)
    service.socket_read_timeout = min(SOCKET_S, service.socket_read_timeout)
    service.request_rate_per_sec = 0  # it would sleep; our own pace is kept before it
    service.redirects = False
    return service


def _made(url: Secret) -> Any:
    """The library's object for an address; None if it cannot make one."""
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(
        app_id="Countersign",
        app_desc="Countersign",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        interpret_emojis=False,
        interpret_escapes=False,
        http_redirects=False,
        secure_logging=True,
        allow_templates=False,
    )
    return Apprise.instantiate(url.reveal(), asset=asset)


def _settle(answer: "asyncio.Future[str]", why: str) -> None:
    if not answer.done():
        answer.set_result(why)
