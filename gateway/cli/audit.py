"""`countersign audit`: the evidence, read and verified."""

from pathlib import Path
from typing import Final

import click

from gateway.cli.options import READABLE, config_option, json_option, settings_of

_places: Final = click.argument(
    "places",
    metavar="[DIR|FILE]...",
    nargs=-1,
    type=click.Path(path_type=Path, exists=True, readable=True),
)


@click.group()
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
    from gateway.evidence.story import show as show_lines

    show_lines(settings_of(config), id_, as_json=as_json)


@audit.command("verify", short_help="Check that no line was changed, removed or put there.")
@_places
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
    from gateway.evidence.verify import Wanted, verify

    wanted = Wanted(places, heads, keys, as_json)
    verify(settings_of(config) if wanted.needs_settings else None, wanted)


@audit.command("export")
@_places
@click.option(
    "--since",
    required=True,
    metavar="TIME",
    help="From when on: 90d, 12h, or a day such as 2026-11-01 (UTC).",
)
@click.option("--until", metavar="TIME", help="Up to when, in the same form.")
@config_option
def audit_export(places: tuple[Path, ...], since: str, until: str | None, config: Path) -> None:
    """Every entry as a JSON line, requests readable, for auditors.

    Without DIR, of the audit of this data_dir; several are read together, such as an archive and
    what is in use. What was written, and whether the audit is whole, is said on stderr.
    """
    from gateway.evidence.export import export
    from gateway.oncall.times import since_ms

    began = since_ms(since)
    ended = None if until is None else since_ms(until, name="--until")
    export(settings_of(config), places, began, ended)
