"""`countersign init`: its options."""

from pathlib import Path

import click

from gateway.cli.options import FILE

_READABLE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)


@click.command()
@click.argument("folder", metavar="DIR", type=FILE)
@click.option("--approver", metavar="NAME", help="Who may approve; your login name if not given.")
@click.option("--ssh-key", type=_READABLE, metavar="FILE", help="The approver's public key (.pub).")
@click.option("--slack-workspace", metavar="T…", help="The workspace's id, to use Slack.")
@click.option("--slack-channel", metavar="C…", help="The channel's id.")
@click.option("--slack-user", metavar="U…", default="", help="The approver's own id in Slack.")
@click.option(
    "--with-test-node/--without-test-node",
    default=True,
    help="Also a node's key pair, for `simulate`; replace it before real use.",
)
def init(
    folder: Path,
    approver: str | None,
    ssh_key: Path | None,
    *,
    slack_workspace: str | None,
    slack_channel: str | None,
    slack_user: str,
    with_test_node: bool,
) -> None:
    """Write a working configuration with fresh keys into DIR."""
    from gateway.oncall.terminal import Failure
    from gateway.setup import init as starting

    slack = None
    if slack_workspace is not None and slack_channel is not None:
        slack = starting.Slack(slack_workspace, slack_channel, slack_user)
    elif slack_workspace or slack_channel or slack_user:
        raise click.UsageError("Slack takes two ids: --slack-workspace and --slack-channel.")
    try:
        plan = starting.Plan(
            folder,
            approver or starting.default_approver(),
            None if ssh_key is None else starting.read_ssh_line(ssh_key),
            with_test_node,
            slack=slack,
        )
        starting.init(plan)
    except starting.InitError as error:
        raise Failure(str(error)) from None
    click.echo(starting.what_next(plan), nl=False)
