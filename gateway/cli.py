"""The `countersign` command. Nothing heavy is imported before a command runs."""

import signal
from pathlib import Path
from typing import Final

import click

from gateway import (
    cli_completion,
    cli_doctor,
    cli_examples,
    cli_init,
    cli_keys,
    cli_notify,
    cli_oncall,
    cli_simulate,
    cli_watch,
)
from gateway.cli_options import (
    READABLE,
    complete,
    config_option,
    json_option,
    package_of,
    settings_of,
)

_THERE: Final = click.Path(path_type=Path, exists=True, readable=True)


@click.group(epilog=cli_examples.EXIT_STATUS)
@click.version_option(
    package_name="countersign", prog_name="countersign", message="%(prog)s %(version)s"
)
def main() -> None:
    """Ask people before an MPC wallet signs."""


@main.command()
@config_option
def serve(config: Path) -> None:
    """Run the gateway."""
    # Until the loop listens, a SIGHUP has nothing to read again, and must not end what starts.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from gateway.run import run

    run(config)


for _command in (
    cli_init.init,
    cli_doctor.doctor,
    cli_keys.keys,
    cli_oncall.list_,
    cli_oncall.show,
    cli_oncall.approve,
    cli_oncall.reject,
    cli_oncall.freeze,
    cli_oncall.thaw,
    cli_simulate.simulate,
    cli_watch.watch,
    cli_completion.completion,
    cli_notify.notify,
):
    main.add_command(_command)


@main.group()
def policy() -> None:
    """Check and try the rules."""


@policy.command("check")
@json_option
@config_option
def policy_check(config: Path, *, as_json: bool) -> None:
    """Say what is wrong with the policy, and where."""
    from gateway import rules

    rules.check(settings_of(config), as_json=as_json)


@policy.command("reload")
@json_option
@config_option
def policy_reload(config: Path, *, as_json: bool) -> None:
    """Let the running gateway read its policy again.

    All of the file counts, or nothing does: a mistake in it, an audit that cannot be written, or
    a channel that cannot be told keeps the old policy in force. SIGHUP does the same.
    """
    from gateway.reload import reload

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
    from gateway import rules

    rules.explain(settings_of(config), request.read_bytes(), node, as_json=as_json)


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
    from gateway import replay
    from gateway.replay_tally import Wanted
    from gateway.times import since_ms

    began = since_ms(since)
    wanted = Wanted(draft, began, frozenset(allow), show_all=show_all, as_json=as_json)
    replay.replay(settings_of(config), wanted)


@main.command()
@click.option("--answer", type=click.Choice(["approve", "reject", "none"]), help="Do not ask me.")
@click.option("--request", type=READABLE, metavar="FILE", help="Another request than ours.")
def demo(answer: str | None, request: Path | None) -> None:
    """See one approval from end to end, with throwaway keys."""
    from gateway.demo import demo as run

    run(answer, None if request is None else package_of(request))


@main.group()
def audit() -> None:
    """Read the evidence; the gateway need not be running."""


@audit.command("show")
@click.argument("id_", metavar="ID")
@json_option
@config_option
def audit_show(id_: str, config: Path, *, as_json: bool) -> None:
    """What the audit holds about a request, or a freeze, in order.

    ID is a request_id, node/request_id, or how either or the digest begins (6 or more characters);
    the id of a freeze, such as 7-3fa1; or the word freeze, for all freezes.
    """
    from gateway.evidence import show as show_lines

    show_lines(settings_of(config), id_, as_json=as_json)


@audit.command("verify")
@click.argument("places", metavar="[DIR|FILE]...", nargs=-1, type=_THERE)
@click.option(
    "--heads",
    multiple=True,
    type=READABLE,
    metavar="FILE",
    help="Any text with signed heads in it: a saved log, an export of the channel. Repeatable.",
)
@click.option(
    "--public-key",
    "keys",
    multiple=True,
    type=READABLE,
    metavar="FILE",
    help="A key that heads were signed with, beside the configured one. Repeatable.",
)
@json_option
@config_option
def audit_verify(
    places: tuple[Path, ...],
    heads: tuple[Path, ...],
    keys: tuple[Path, ...],
    config: Path,
    *,
    as_json: bool,
) -> None:
    """Check that no line was changed, removed or put there, and that the lines agree.

    Without DIR, the audit of this data_dir. Several are checked together: those of all gateways,
    and what was archived.
    """
    from gateway.verify import Wanted, verify

    wanted = Wanted(places, heads, keys, as_json)
    verify(settings_of(config) if wanted.needs_settings else None, wanted)


@audit.command("export")
@click.option(
    "--since",
    required=True,
    metavar="TIME",
    help="From when on: 90d, 12h, or a day such as 2026-11-01 (UTC).",
)
@click.option("--until", metavar="TIME", help="Up to when, in the same form.")
@config_option
def audit_export(since: str, until: str | None, config: Path) -> None:
    """Every entry as a JSON line, requests readable, for auditors.

    What was written, and whether the audit is whole, is said on stderr.
    """
    from gateway.export import export
    from gateway.times import since_ms

    began = since_ms(since)
    ended = None if until is None else since_ms(until, name="--until")
    export(settings_of(config), began, ended)


cli_examples.give(main)
