"""The commands of people at a terminal: `list`, `show`, votes, freezes."""

from pathlib import Path
from typing import Final

import click

from gateway.cli.options import (
    F,
    check_reason,
    complete,
    config_option,
    json_option,
    settings_of,
    signed_options,
)
from gateway.desk.states import STATES

_override: Final = click.option(
    "--override",
    is_flag=True,
    help="In place of the people who are asked: those of [override] may, so many as it says.",
)

_PENDING: Final = "pending"
"""What others call `waiting`, and whoever is in a hurry types."""

_id: Final = click.argument("id_", metavar="ID", shell_complete=complete("approvals"))


def _ballot(function: F) -> F:
    """The argument and options of a vote."""
    return _id(signed_options(function, _override))


@click.command("list", short_help="What waits for people, is frozen, or was decided.")
@click.option("--freezes", is_flag=True, help="Only what is frozen.")
@click.option(
    "--state",
    type=click.Choice((*STATES, _PENDING), case_sensitive=False),
    help="`open` if nothing is said; `all` if only a time is. `waiting`, or `pending`: people can"
    " decide it.",
)
@click.option("--since", metavar="TIME", help="Asked or finished since: 12h, 7d, 2026-11-22.")
@click.option("--until", metavar="TIME", help="Up to when, in the same form, or 2026-11-22T14:02.")
@click.option("--wallet", metavar="NAME|ID", help="Only of this wallet, as Cobo claims it.")
@json_option
@config_option
def list_(
    state: str | None,
    since: str | None,
    until: str | None,
    wallet: str | None,
    config: Path,
    *,
    freezes: bool,
    as_json: bool,
) -> None:
    """What is frozen, and what waits for people; or what was decided.

    Open approvals come first, by deadline, then what is finished, the newest first.
    """
    from gateway.oncall.listing import Filter, list_approvals
    from gateway.oncall.times import since_ms

    wanted = Filter(
        "waiting" if state == _PENDING else state,
        None if since is None else since_ms(since),
        None if until is None else since_ms(until, name="--until"),
        wallet,
    )
    if not freezes:
        list_approvals(settings_of(config), wanted, as_json=as_json)
        return
    from gateway.oncall.freezing import list_freezes

    if wanted != Filter():
        raise click.UsageError("--freezes lists all that is frozen: leave the other filters out.")
    list_freezes(settings_of(config), as_json=as_json)


@click.command()
@_id
@click.option("--raw", is_flag=True, help="The bytes to be signed, as hex, with their SHA-256.")
@json_option
@config_option
def show(id_: str, config: Path, *, raw: bool, as_json: bool) -> None:
    """One approval, as an approver sees it.

    ID is a request_id, node/request_id, or a unique prefix (6 or more characters) of either or
    of the digest.
    """
    from gateway.oncall import votes

    votes.show(settings_of(config), id_, raw=raw, as_json=as_json)


@click.command()
@_ballot
def approve(
    id_: str, reason: str, key: Path, config: Path, *, override: bool, as_json: bool
) -> None:
    """Vote to approve, signed with your SSH key.

    ID is a request_id, node/request_id, or a unique prefix (6 or more characters) of either or
    of the digest.
    """
    _vote(config, id_, "approve", reason, key, override=override, as_json=as_json)


@click.command()
@_ballot
def reject(
    id_: str, reason: str, key: Path, config: Path, *, override: bool, as_json: bool
) -> None:
    """Vote to reject, signed with your SSH key. ID is as for `approve`."""
    _vote(config, id_, "reject", reason, key, override=override, as_json=as_json)


@click.command(short_help="Stop approvals at once.")
@click.option(
    "--wallet", metavar="ID", help="Only this wallet, by its id, or a name without spaces."
)
@click.option("--from", "source", metavar="ADDRESS", help="Only what leaves this address.")
@signed_options
def freeze(
    wallet: str | None, source: str | None, reason: str, key: Path, config: Path, *, as_json: bool
) -> None:
    """Stop approvals at once, of everything or of one wallet or address.

    Anyone on call may. What waits for people is refused; what was approved and not yet answered
    is not told to the node while the freeze lasts.
    """
    from approvals.freezes.statement import Scope, check_scope
    from approvals.statement import BadStatement
    from gateway.oncall import freezing

    if wallet is not None and source is not None:
        raise click.UsageError("Name one of --wallet and --from: for both, freeze twice.")
    scope: Scope = "everything"
    if wallet is not None or source is not None:
        scope = "source" if wallet is None else "wallet"
    name = wallet or source or ""
    check_reason(reason)
    try:
        check_scope(scope, name)
    except BadStatement as error:
        raise click.UsageError(f"{error}.") from None
    freezing.freeze(settings_of(config), scope, name, reason, key, as_json=as_json)


@click.command(short_help="Vote to end a freeze.")
@click.argument("freeze", required=False, shell_complete=complete("freezes"))
@signed_options
def thaw(freeze: str | None, reason: str, key: Path, config: Path, *, as_json: bool) -> None:
    """Vote to end a freeze; it ends when two people on call have voted so within an hour.

    FREEZE is its id, which may be left out where only one stands.
    """
    from gateway.oncall import freezing

    check_reason(reason)
    freezing.thaw(settings_of(config), freeze, reason, key, as_json=as_json)


def _vote(
    config: Path, wanted: str, choice: str, reason: str, key: Path, *, override: bool, as_json: bool
) -> None:
    from approvals.model import Choice
    from gateway.oncall import votes

    check_reason(reason)
    cast = votes.vote_for_machines if as_json else votes.vote
    cast(settings_of(config), wanted, votes.Say(Choice(choice), reason, override), key)
