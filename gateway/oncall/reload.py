"""`policy reload`: an operator asks the running gateway to read its policy again."""

import click

from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from gateway.oncall.terminal import Failure, fail, print_json


def reload(settings: Settings, *, as_json: bool) -> None:
    """Say what came of it.

    Raises:
        Failure: the old policy stays in force, or the gateway is not reachable.
    """
    said = DeskClient.of(settings).reload_policy()
    refused = said["outcome"] == "refused"
    if as_json:
        print_json({"ok": not refused, **said})
        if refused:
            raise Failure(said["sentence"])
        return
    if refused:
        fail([*said["mistakes"], said["sentence"]])
    for warning in said["warnings"]:
        click.echo(f"warning: {warning}")
    click.echo(said["sentence"])
