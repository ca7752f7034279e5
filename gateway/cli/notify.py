"""`countersign notify`: whether the other places where people are told can be reached."""

from pathlib import Path

import click

from gateway.cli.options import config_option


@click.group()
def notify() -> None:
    """Try the other places where people are told."""


@notify.command("test")
@click.argument("name", metavar="[NAME]", required=False)
@config_option
def notify_test(name: str | None, config: Path) -> None:
    """Send a test message to each [[notify]], or to NAME.

    Says what came of each, and ends with exit status 1 where one did not take it. The gateway
    need not be running.
    """
    from gateway.setup.notify_test import try_each

    try_each(config, name)
