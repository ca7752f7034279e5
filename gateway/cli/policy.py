"""`countersign policy`: the rules, checked and tried."""

from pathlib import Path

import click

from gateway.cli.options import READABLE, complete, config_option, json_option, settings_of


@click.group()
def policy() -> None:
    """Check and try the rules."""


@policy.command("check")
@json_option
@config_option
def policy_check(config: Path, *, as_json: bool) -> None:
    """Say what is wrong with the policy, and where."""
    from gateway.rules import trying

    trying.check(settings_of(config), as_json=as_json)


@policy.command("reload")
@json_option
@config_option
def policy_reload(config: Path, *, as_json: bool) -> None:
    """Let the running gateway read its policy again.

    All of the file counts, or nothing does: a mistake in it, an audit that cannot be written, or
    a channel that cannot be told keeps the old policy in force. SIGHUP does the same.
    """
    from gateway.oncall.reload import reload

    reload(settings_of(config), as_json=as_json)


@policy.command("explain")
@click.argument("request", metavar="REQUEST.json", type=READABLE)
@click.option(
    "--node",
    metavar="NAME",
    shell_complete=complete("nodes"),
    help="The node that asks; the first one if not given.",
)
@json_option
@config_option
def policy_explain(request: Path, node: str | None, config: Path, *, as_json: bool) -> None:
    """What the rules say about a request, and why."""
    from gateway.rules import trying

    trying.explain(settings_of(config), request.read_bytes(), node, as_json=as_json)


@policy.command("replay")
@click.argument("draft", metavar="NEW.toml", type=READABLE)
@click.option(
    "--since",
    default="90d",
    show_default=True,
    metavar="TIME",
    help="From when on: 90d, 12h, or a day such as 2026-08-01 (UTC).",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="ID",
    help="A loosening that is meant: a rule of NEW.toml, a request id, or `default`. Repeatable.",
)
@click.option("--all", "show_all", is_flag=True, help="Show every request that would change.")
@json_option
@config_option
def policy_replay(
    draft: Path, since: str, allow: tuple[str, ...], config: Path, *, show_all: bool, as_json: bool
) -> None:
    """What NEW.toml would have said of the requests in the audit.

    Shows what would have changed, loosenings first; exit status 1 where one is not allowed. The
    gateway need not be running.
    """
    from gateway.oncall.times import since_ms
    from gateway.rules import replay
    from gateway.rules.replay_tally import Wanted

    began = since_ms(since)
    wanted = Wanted(draft, began, frozenset(allow), show_all=show_all, as_json=as_json)
    replay.replay(settings_of(config), wanted)
