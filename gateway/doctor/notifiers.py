"""The other places where people are told: is there all that they need, and does anybody answer?"""

import asyncio
import ssl
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from gateway.config.settings import Settings
from gateway.doctor.check import Change, Check, ok, wrong
from gateway.doctor.files import command
from keys.secret import Secret
from notifiers.settings import NotifySettings

WITHIN_S: Final = 5.0
_NOT_READ: Final = Secret(None)


async def check_notifiers(settings: Settings) -> list[Check]:
    """Each [[notify]]. Nothing is sent: a webhook's server is connected to, and left again."""
    if not settings.notify:
        sentence = "No [[notify]]: nobody is called by another way than Slack or the console."
        return [ok("notify.off", sentence)]
    return list(await asyncio.gather(*(_check(settings, one) for one in settings.notify)))


async def _check(settings: Settings, one: NotifySettings) -> Check:
    if _NOT_READ in {one.url, one.secret}:
        sentence = f"{one.name} is not looked at: its url or its secret cannot be read."
        return wrong("notify.secret", sentence)
    trying = Change(command("countersign", "notify", "test", one.name, "--config", settings.path))
    if one.kind == "apprise":
        return await asyncio.to_thread(_check_address, one, trying)
    why = await _unreachable(one.url)
    if why is None:
        return ok("notify.reach", f"{one.name}: its server answers; nothing was sent.")
    return wrong("notify.reach", f"{one.name}: its server does not answer ({why}).", trying)


def _check_address(one: NotifySettings, trying: Change) -> Check:
    """Its services answer at many addresses, of which only the library knows."""
    from notifiers.elsewhere.apprise_post import BadAddress, check_address

    try:
        check_address(one.url)
    except BadAddress:
        sentence = f"{one.name}: its url is no address that apprise understands."
        return wrong("notify.address", sentence)
    said = f"{one.name}: apprise takes its address; `{trying.line}` sends a message."
    return ok("notify.address", said)


async def _unreachable(url: Secret) -> str | None:
    """Why nobody answers there, in a word that shows nothing of the address; None if somebody does.

    With https the certificate is looked at as when something is sent.
    """
    try:
        parts = urlsplit(url.reveal())
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        context = ssl.create_default_context() if secure else None
        async with asyncio.timeout(WITHIN_S):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    except (OSError, ValueError) as error:
        return type(error).__name__
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()
    return None
