"""The command `watch`."""

from pathlib import Path

import click

from gateway.cli.options import FILE, config_option, settings_of


@click.command(short_help="What waits, live, with letters to decide it.")
@click.option(
    "--key",
    type=FILE,
    envvar="COUNTERSIGN_SSH_KEY",
    show_envvar=True,
    metavar="FILE",
    help="Your OpenSSH private key (or .pub, see `approve`); without it you can only look.",
)
@click.option("--quiet", is_flag=True, help="No bell when something new waits.")
@config_option
def watch(key: Path | None, config: Path, *, quiet: bool) -> None:
    """What waits for people, live, with a letter for each thing to do.

    The most urgent approval comes first. Press ? for the letters. Approving and rejecting show the
    whole page, ask for a reason, and sign with your SSH key as `approve` and `reject` do.
    """
    from gateway.watching.live import watch as run

    run(settings_of(config), key, quiet=quiet)
