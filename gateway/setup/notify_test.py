"""Sends a test message to each configured notifier, and says what came of it."""

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import click

from gateway.clock import SYSTEM
from gateway.config.file import ConfigError, load_for_notify_test
from gateway.notifying import carrier_of
from gateway.oncall.terminal import Failure
from notifiers.elsewhere.bulletin import of_test
from notifiers.ports import NotTold
from notifiers.settings import NotifySettings


def try_each(config: Path, name: str | None) -> None:
    """Try all, or the one that is named.

    Raises:
        Failure: the configuration has mistakes, there is none, or one did not take it.
    """
    try:
        configured = load_for_notify_test(config).notify
    except ConfigError as error:
        raise Failure(str(error)) from None
    wanted = [one for one in configured if name is None or one.name == name]
    if not wanted:
        what = "no [[notify]]" if name is None else f'no [[notify]] with name = "{name}"'
        raise Failure(f"{config} has {what}: docs/notifiers.md shows how to write one.")
    outcomes = asyncio.run(_tried(wanted))
    width = max(len(one.name) for one in wanted)
    for one, why in zip(wanted, outcomes, strict=True):
        click.echo(f"{one.name:<{width}}  {'accepted' if not why else f'NOT accepted: {why}'}")
    if any(outcomes):
        raise Failure(
            "Not every notifier took the test message, so nobody would hear of it there: look at"
            " its address and its key; docs/notifiers.md says what each place wants."
        )


async def _tried(wanted: Sequence[NotifySettings]) -> list[str]:
    return list(await asyncio.gather(*(_try(one) for one in wanted)))


async def _try(settings: NotifySettings) -> str:
    """Empty if the place took it, else why not."""
    bulletin = of_test(settings.name, SYSTEM.now_ms())
    try:
        await carrier_of(settings, SYSTEM.now_ms).send(bulletin, secrets.token_urlsafe(16))
    except NotTold as failure:
        return failure.why
    return ""
