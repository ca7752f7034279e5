"""What a letter of the live table does: the same as the commands, for exactly what was shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import click
from rich.text import Text

from approvals.findings import Findings
from approvals.freezes.statement import Scope, check_scope
from approvals.model import Choice
from approvals.statement import BadStatement, check_reason
from gateway.config.settings import Settings
from gateway.oncall import freezing, votes
from gateway.oncall.dossier import Dossier
from gateway.oncall.freezes import Standing, print_freezes
from gateway.oncall.matter import Matter, matter_of
from gateway.oncall.signer import signer_of
from gateway.oncall.terminal import Failure, console, print_lines
from gateway.watching.table import LOUD
from notifiers.words.overrides import enough, overriding
from notifiers.words.readable import visible

Forget: TypeAlias = Callable[[], None]

NO_KEY: Final = "To vote or freeze here, start it with --key FILE, or set COUNTERSIGN_SSH_KEY."
NO_OVERRIDE: Final = "Nobody may override this: its policy has no [override], or it is decided."
_WORD: Final = "override"
_NOTHING: Final = "Nothing was signed."


def opened(settings: Settings, chosen: Dossier) -> Matter:
    """The approval that was on the screen, computed here from its bytes; never another one.

    Raises:
        Failure: the gateway has no such approval any more, or another one in its place.
    """
    matter = matter_of(settings, chosen.member)
    if matter.dossier.approval.digest != chosen.approval.digest:
        raise Failure("The gateway told of another approval than the one that was chosen.")
    return matter


def vote(matter: Matter, choice: Choice, key: Path, forget: Forget, *, override: bool) -> None:
    """Ask for a reason and a yes, sign, hand in, and say what came of it; on a plain terminal.

    `forget` drops what was typed before it could be read: nothing is agreed to unseen. A yes to an
    override is the word itself, which nobody types out of habit.
    """

    def act() -> None:
        matter.must_be_known()
        click.echo()
        votes.summarize(matter)
        click.echo()
        if override:
            _warn_of_override(matter.dossier, choice)
            reason = _reason(f"Reason to override, and {choice} it", forget)
            _agree(f"Sign this override, to {choice} it?", forget, word=_WORD)
        else:
            reason = _reason(f"Reason to {choice} it", forget)
            _agree(f"Sign to {choice} it?", forget)
        votes.cast(matter, votes.Say(choice, reason, override), signer_of(key))

    _say_what_happens(act, f"`countersign show {matter.dossier.member}`")


def _warn_of_override(dossier: Dossier, choice: Choice) -> None:
    """In place of whom, how many it takes, and who has signed one already; loud."""
    override = dossier.approval.verdict.override
    console().print(Text(votes.in_place(dossier.approval, choice), style=LOUD))
    if override is None:
        return
    count, people = enough(dossier.approval, choice), ", ".join(override.people)
    print_lines(visible(f"It takes {count} of {override.group}: {people}."))
    for each in overriding(dossier.approval, choice):
        reason = f": {visible(each.reason)}" if each.reason else "."
        print_lines(f"{visible(each.person)} has signed one{reason}")


def freeze(settings: Settings, about: Matter | None, key: Path, forget: Forget) -> None:
    """Ask what to freeze, for a reason and a yes, and do what `freeze` does."""

    def act() -> None:
        scopes = _scopes(None if about is None else about.findings)
        for number, (scope, name) in enumerate(scopes, start=1):
            click.echo(f"  {number}  {_words(scope, name)}")
        forget()
        choice = click.prompt("Freeze which, by its number", type=click.IntRange(1, len(scopes)))
        scope, name = scopes[choice - 1]
        reason = _reason("Reason to freeze it", forget)
        _agree(f"Freeze {_words(scope, name)}, at once?", forget)
        freezing.freeze(settings, scope, name, reason, key, as_json=False)

    click.echo("\nWhat waits for people is refused; two of on-call must thaw it again.")
    _say_what_happens(act, "`countersign list --freezes`")


def thaw(settings: Settings, standing: tuple[Standing, ...], key: Path, forget: Forget) -> None:
    """Ask which freeze, for a reason and a yes, and do what `thaw` does."""

    def act() -> None:
        one = standing[0]
        if len(standing) > 1:
            for number, each in enumerate(standing, start=1):
                click.echo(f"  {number}  {each.scope} (freeze {each.id})")
            forget()
            kind = click.IntRange(1, len(standing))
            one = standing[click.prompt("Thaw which, by its number", type=kind) - 1]
        print_freezes((one,), in_columns=False)
        reason = _reason("Reason to thaw it", forget)
        _agree(f"Sign to thaw {one.scope} (freeze {one.id})?", forget)
        freezing.thaw(settings, one.id, reason, key, as_json=False, quiet=True)

    click.echo("\nSigning goes on once two of on-call have signed to thaw it.")
    _say_what_happens(act, "`countersign list --freezes`")


def _agree(question: str, forget: Forget, *, word: str = "") -> None:
    """A yes, or Abort: whatever else is typed signs nothing, and asks nobody again."""
    forget()
    asked = f"{question} Type {word} to sign" if word else f"{question} [y/N]"
    said: str = click.prompt(asked, default="", show_default=False)
    if said.strip().casefold() not in ({word} if word else {"y", "yes"}):
        raise click.Abort


def _reason(asked: str, forget: Forget) -> str:
    """Why; nothing said is a way back."""
    click.echo("Say why, for others to read; nothing, to go back.")
    while True:
        forget()
        reason: str = click.prompt(asked, default="", show_default=False).strip()
        if not reason:
            raise click.Abort
        try:
            check_reason(reason)
        except BadStatement as error:
            click.echo(f"{error}.")
        else:
            return reason


def _say_what_happens(act: Callable[[], None], where: str) -> None:
    """Whatever goes wrong is a sentence, and the table goes on."""
    try:
        act()
    except click.Abort:
        click.echo(f"\n{_NOTHING}")
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted: look with {where} whether anything was stored.")
    except Failure as failure:
        click.echo(failure.message)


def _scopes(findings: Findings | None) -> list[tuple[Scope, str]]:
    """What can be frozen: everything, and what the chosen approval is about."""
    scopes: list[tuple[Scope, str]] = [("everything", "")]
    if findings is None:
        return scopes
    if findings.claims.wallet_id and _fits("wallet", findings.claims.wallet_id):
        scopes.append(("wallet", findings.claims.wallet_id))
    if findings.source is not None and _fits("source", findings.source.text):
        scopes.append(("source", findings.source.text))
    return scopes


def _fits(scope: Scope, name: str) -> bool:
    try:
        check_scope(scope, name)
    except BadStatement:
        return False
    return True


def _words(scope: Scope, name: str) -> str:
    if scope == "everything":
        return "everything"
    kind = "wallet" if scope == "wallet" else "source address"
    return f"{kind} {visible(name)}"
