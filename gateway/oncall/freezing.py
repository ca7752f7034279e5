"""`freeze` and `thaw`: a person on call at a terminal, through the desk.

Neither reads the policy file nor needs Slack: both must work on the worst of nights.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from approvals.freezes.statement import NAMESPACE, FreezeStatement, Scope, write
from approvals.statement import BadStatement
from gateway.clock import SYSTEM
from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from gateway.oncall.freezes import Standing, print_freezes, standing_of
from gateway.oncall.signer import Signer, signer_of
from gateway.oncall.terminal import OTHER_VERSION, Failure, fail, print_json, print_lines


def list_freezes(settings: Settings, *, as_json: bool) -> None:
    """What is frozen, and nothing else."""
    standing = standing_of(DeskClient.of(settings).freezes())
    if as_json:
        print_json([each.machine for each in standing])
    elif standing:
        print_freezes(standing, in_columns=True)
    else:
        click.echo("Nothing is frozen.")


def freeze(
    settings: Settings, scope: Scope, name: str, reason: str, key: Path, *, as_json: bool
) -> None:
    """Stop approvals at once.

    Raises:
        Failure: nothing was frozen.
    """

    def act(client: DeskClient, signer: Signer) -> dict[str, Any]:
        gateway = _gateway_of(client.freezes())
        said = FreezeStatement(gateway, reason, SYSTEM.now_ms(), scope=scope, name=name)
        return _hand_in(client, signer, said)

    _tell(settings, key, "freeze", act, as_json=as_json)


def thaw(
    settings: Settings,
    wanted: str | None,
    reason: str,
    key: Path,
    *,
    as_json: bool,
    quiet: bool = False,
) -> None:
    """Vote to end one freeze: the only one, if none is named. `quiet`: it was shown already.

    Raises:
        Failure: the vote did not count.
    """

    def act(client: DeskClient, signer: Signer) -> dict[str, Any]:
        answer = client.freezes()
        standing = _one(standing_of(answer), wanted)
        if not (as_json or quiet):
            print_freezes((standing,), in_columns=False)
        said = FreezeStatement(_gateway_of(answer), reason, SYSTEM.now_ms(), thaw=standing.id)
        return _hand_in(client, signer, said)

    _tell(settings, key, "thaw", act, as_json=as_json)


def _tell(
    settings: Settings,
    key: Path,
    verb: str,
    act: Callable[[DeskClient, Signer], dict[str, Any]],
    *,
    as_json: bool,
) -> None:
    """Do it, and say what came of it; machines get one JSON document whether it was done or not."""
    try:
        told = act(DeskClient.of(settings), signer_of(key))
    except Failure as failure:
        if as_json:
            print_json({"done": False, "verb": verb, "error": failure.message})
        raise
    if as_json:
        print_json({"done": True, "verb": verb, **told})
        return
    print_lines("\n".join(told["told"]))


def _hand_in(client: DeskClient, signer: Signer, said: FreezeStatement) -> dict[str, Any]:
    try:
        text = write(said)
    except BadStatement as error:
        raise Failure(f"{error}.") from None
    told = client.change_freezes(text, signer.sign(NAMESPACE, text))
    if not {"what", "freeze", "freezes", "told"} <= told.keys():
        raise Failure(f"{OTHER_VERSION} Look with `list --freezes` whether it was done.")
    return told


def _gateway_of(answer: dict[str, Any]) -> str:
    """The fingerprint to name; one that is none cannot be written down."""
    return str(answer.get("gateway", ""))


def _one(standing: tuple[Standing, ...], wanted: str | None) -> Standing:
    """The freeze that is meant."""
    if wanted is not None:
        found = next((each for each in standing if each.id == wanted), None)
        if found is None:
            raise Failure(f"No freeze {wanted} stands: see `countersign list --freezes`.")
        return found
    if not standing:
        raise Failure("Nothing is frozen.")
    if len(standing) > 1:
        ids = [f"  {each.id}  {each.scope}" for each in standing]
        fail([f"{len(standing)} freezes stand: name the one to thaw.", *ids])
    return standing[0]
