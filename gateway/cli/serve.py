"""The commands that run a gateway: `serve`, and `demo` for a look at one."""

import signal
from pathlib import Path

import click

from gateway.cli.options import READABLE, config_option, package_of


@click.command()
@config_option
def serve(config: Path) -> None:
    """Run the gateway."""
    # Until the loop listens, a SIGHUP has nothing to read again, and must not end what starts.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from gateway.run import run

    run(config)


@click.command()
@click.option("--answer", type=click.Choice(["approve", "reject", "none"]), help="Do not ask me.")
@click.option("--request", type=READABLE, metavar="FILE", help="Another request than ours.")
def demo(answer: str | None, request: Path | None) -> None:
    """See one approval from end to end, with throwaway keys.

    With nobody at a terminal the deadline refuses it. A pipe may answer as a person does.
    """
    from gateway.demo import demo as run

    run(answer, None if request is None else package_of(request))
