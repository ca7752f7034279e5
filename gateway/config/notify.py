"""[[notify]] in countersign.toml: other places where people are told."""

import ipaddress
from collections.abc import Callable
from typing import Final, get_args
from urllib.parse import urlsplit

from gateway.config.tables import Reader
from keys.secret import Secret
from notifiers.settings import (
    NOTIFY_DEFAULT,
    NOTIFY_EVENTS,
    NotifyEvent,
    NotifyKind,
    NotifySettings,
    NotifyWhen,
)

MOST: Final = 16
"""Places: each approval waits for all of them to be told."""

_NAME: Final = r"[a-z0-9-]{1,40}"
_TAKEN: Final = frozenset({"slack", "console"})
_LISTED: Final = ", ".join(f'"{word}"' for word in NOTIFY_EVENTS)
_ELSEWHERE: Final = 'holds a secret: put it elsewhere, url = { env = "NAME" } or { file = "PATH" }'
_EXPECTED: Final = (
    "expected an https:// URL without user and fragment (http:// only to this machine)"
)


def read_notifiers(
    top: Reader, reader: Callable[[object, str], Reader]
) -> tuple[NotifySettings, ...]:
    """Every [[notify]]; mistakes are noted."""
    if not top.has("notify"):
        return ()
    has_slack = top.has("slack")
    tables = top.take("notify")
    if type(tables) is not list or len(tables) > MOST:
        top.mistake("[[notify]]", f"expected at most {MOST} tables, each headed [[notify]]")
        return ()
    found: list[NotifySettings] = []
    for number, table in enumerate(tables, 1):
        one = reader(table, f"[[notify]] number {number}")
        settings = _notifier(one, has_slack=has_slack)
        if settings.name in _TAKEN | {other.name for other in found}:
            one.mistake("name", f'"{settings.name}" is taken: choose another')
        one.close()
        found.append(settings)
    return tuple(found)


def _notifier(table: Reader, *, has_slack: bool) -> NotifySettings:
    name = table.text("name", _NAME, "pager")
    kind: NotifyKind = table.choice("kind", get_args(NotifyKind))
    settings = NotifySettings(
        name=name,
        kind=kind,
        url=_webhook_url(table) if kind == "webhook" else _apprise_url(table),
        secret=_secret(table, kind),
        on=_on(table),
        when=table.choice("when", get_args(NotifyWhen), default="always"),
    )
    if settings.when == "slack_down" and not has_slack:
        table.mistake("when", '"slack_down" needs [slack]: write "always", or leave it out')
    return settings


def _secret(table: Reader, kind: NotifyKind) -> Secret | None:
    if kind == "webhook":
        return table.secret("secret", required=True)
    if table.has("secret"):
        table.mistake("secret", "is for a webhook: what apprise needs stands in its url")
        table.take("secret")
    return None


def _on(table: Reader) -> frozenset[NotifyEvent]:
    words = table.take("on")
    if words is None:
        return frozenset(NOTIFY_DEFAULT)
    known = [word for word in NOTIFY_EVENTS if type(words) is list and word in words]
    if not known or len(known) != len(words):
        table.mistake("on", f"expected an array of some of {_LISTED}, each once")
    return frozenset(known)


def _webhook_url(table: Reader) -> Secret:
    """Where to post to; it may stand in the file as long as nothing in it looks like a secret."""
    value = table.take("url")
    if type(value) is str:
        url = Secret(value)
        if _holds_secret(value):
            table.mistake("url", _ELSEWHERE)
        elif not _is_postable(value):
            table.mistake("url", _EXPECTED)
        return url
    found = table.secret_of("url", value, required=True)
    if found is not None and found != Secret(None) and not _is_postable(found.reveal()):
        table.mistake("url", _EXPECTED)
    return found or Secret(None)


def _apprise_url(table: Reader) -> Secret:
    """An address that the library understands; every one holds a secret."""
    found = table.secret("url", required=True)
    if found is None or found == Secret(None):
        return Secret(None)
    from notifiers.elsewhere.apprise_post import BadAddress, check_address

    try:
        check_address(found)
    except BadAddress:
        table.mistake("url", "is no address that apprise understands: see docs/notifiers.md")
    return found


def _holds_secret(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.username is not None or bool(parts.query)


def _is_postable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    clean = url.isascii() and url.isprintable() and " " not in url and not parts.fragment
    allowed = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    return bool(host) and clean and allowed and parts.username is None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
