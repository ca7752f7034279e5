"""Options that several commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])

FILE: Final = click.Path(path_type=Path, readable=False)
"""Whoever reads it says why it cannot be read, and what to do."""

READABLE: Final = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)

config_option: Final = click.option(
    "--config",
    type=FILE,
    default=Path("countersign.toml"),
    show_default="./countersign.toml",
    metavar="FILE",
    help="The configuration.",
)
json_option: Final = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


def complete(what: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """For `shell_complete`: `approvals`, `freezes` or `nodes`, which are known elsewhere."""

    def look_up(
        context: click.Context, _parameter: click.Parameter, begun: str
    ) -> list[CompletionItem]:
        from gateway.cli.completing import complete as known

        return known(what, context.params.get("config"), begun)

    return look_up


def signed_options(function: F, *more: Callable[[Any], Any]) -> F:
    """The options of whatever a person signs; in the help the first comes last here."""
    options: tuple[Callable[[Any], Any], ...] = (
        config_option,
        json_option,
        *more,
        click.option(
            "--key",
            type=FILE,
            envvar="COUNTERSIGN_SSH_KEY",
            required=True,
            show_envvar=True,
            metavar="FILE",
            help="Your OpenSSH private key, or a .pub file whose private half ssh-agent holds.",
        ),
        click.option("--reason", required=True, metavar="TEXT", help="Why; others will read it."),
    )
    for option in options:
        function = option(function)
    return function


def settings_of(config: Path) -> Any:
    """The settings of a configuration, as an operator may read them.

    Raises:
        Failure: it has mistakes.
    """
    from gateway.config.file import ConfigError, load_for_operator
    from gateway.oncall.terminal import Failure

    try:
        return load_for_operator(config)
    except ConfigError as error:
        raise Failure(str(error)) from None


def check_reason(reason: str) -> None:
    """Before anything is asked of the gateway or of the person.

    Raises:
        UsageError: it says nothing, or too much.
    """
    from approvals.statement import BadStatement
    from approvals.statement import check_reason as check

    try:
        check(reason)
    except BadStatement as error:
        raise click.UsageError(f"{error}.") from None


def package_of(path: Path) -> bytes:
    """A CallbackRequest's JSON; what else is in it is for the gateway to judge."""
    content = path.read_bytes()
    try:
        good = isinstance(json.loads(content), dict)
    except ValueError:
        good = False
    if not good:
        raise click.UsageError(f"{path} is no JSON object: name a CallbackRequest as it travels.")
    return content
