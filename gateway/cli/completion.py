"""The command `completion`."""

import click
from click.shell_completion import get_completion_class

_NAME = "countersign"
_VARIABLE = "_COUNTERSIGN_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands, options and ids.

    For one session: eval "$(countersign completion bash)". The ids of open approvals and of
    freezes are asked of the gateway, within half a second.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is no shell that is known here.")
    root = context.find_root().command
    click.echo(kind(root, {}, _NAME, _VARIABLE).source())
