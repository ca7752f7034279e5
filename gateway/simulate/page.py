"""What a simulated node tells the person who plays it: lines as it goes, tables at the end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, assert_never

import click

from approvals.wording import counted
from gateway.oncall.terminal import console
from gateway.simulate.attempts import (
    Answer,
    BadAnswer,
    Began,
    Conclusion,
    Ended,
    ErrorStatus,
    Event,
    Happened,
    HttpError,
    NoResponse,
)
from gateway.simulate.conformance import Line
from gateway.simulate.tally import Latencies, Played, Reported, Tally

if TYPE_CHECKING:
    from rich.table import Table

_SECONDS_FROM_MS = 10_000
ABSENT: Final = "The gateway is not there: is `countersign serve` running?"
_STRANGER: Final = (
    "Is that the gateway of this configuration? It takes no token of this node; its log says why."
)
_AGAIN: Final = "It is asked again until the window ends; Ctrl-C stops."


def describe(event: Event) -> str:
    """One line for each thing that happens."""
    match event:
        case Began(number=number, of=of):
            return f"attempt {number} of {of}: waiting"
        case Ended(number=number, of=of, took_ms=took, what=what, retry_in_ms=pause):
            then = "" if pause is None else f"; again in {pause / 1000:g} s"
            return f"attempt {number} of {of}: {_happened(what)} after {took / 1000:.1f} s{then}"
        case _:
            assert_never(event)


def advice(event: Event) -> str:
    """Why nothing will come of it, said once, after the first attempt; "" where something may."""
    match event:
        case Ended(number=1, what=NoResponse(why="connection refused"), retry_in_ms=int()):
            return f"{ABSENT} {_AGAIN}"
        case Ended(number=1, what=HttpError(status=401), retry_in_ms=int()):
            return f"{_STRANGER} {_AGAIN}"
        case _:
            return ""


def told(conclusion: Conclusion) -> str:
    """What the node goes by, in one line."""
    elapsed = f"after {conclusion.elapsed_ms / 1000:.1f} s"
    error = f": {conclusion.error}" if conclusion.error else ""
    match conclusion.by:
        case "server":
            action = conclusion.action or "the answer to a ping"
            return f"{action}, verified and signed by the gateway, {elapsed}{error}"
        case "gave up" | "stopped":
            return f"REJECT, because the node {conclusion.by}, {elapsed}{error}"
        case _:
            assert_never(conclusion.by)


def reported(event: Reported) -> str:
    """What came of the event about a signature."""
    if event.taken:
        return f"The gateway took the event about the signature: {event.said}."
    return f"The gateway did not take the event about the signature: {event.said}."


def one_of_many(played: Played) -> str:
    """How one request of several ended."""
    conclusion = played.conclusion
    first = f"{played.name} {played.request_id}" if played.request_id != "ping" else played.name
    action = {"gave up": "gave up", "stopped": "not waited for"}.get(
        conclusion.by, conclusion.action or "pong"
    )
    why = f"\n    {conclusion.error}" if conclusion.error else ""
    event = "" if played.event is None else f"\n    {reported(played.event)}"
    return f"{first} {action} {_time(conclusion.elapsed_ms)}{why}{event}"


def print_tally(tally: Tally, late: int) -> None:
    """Answers by action and cause, what else happened, and whether every check held."""
    if tally.took is not None:
        console().print(_answers(tally, tally.took))
    rest = []
    if tally.unanswered:
        rest.append(f"{counted(tally.unanswered, 'request')} went without an answer.")
    if tally.stopped:
        rest.append(f"{counted(tally.stopped, 'request')} not waited for: you ended it.")
    if tally.other:
        listed = ", ".join(f"{what} ({count})" for what, count in tally.other.items())
        rest.append(f"Attempts without an answer: {listed}.")
    if late:
        rest.append(f"{counted(late, 'request')} began late: this machine did not keep up.")
    for line in rest:
        click.echo(line)
    for check in tally.checks:
        times = "" if check.ok else f" ({counted(check.failed, 'time')} not)"
        click.secho(
            f"{_mark(ok=check.ok)}  {check.sentence}{times}", fg=None if check.ok else "red"
        )


def print_samples(rows: Sequence[tuple[str, str]]) -> None:
    """The samples of the package, and what each one does."""
    table = _table(("sample", "left"), ("what it does", "left"))
    for row in rows:
        table.add_row(*row)
    console().print(table)


def print_conformance(lines: Sequence[Line], of: int) -> None:
    """Every misbehavior in a table, and how many got what they should."""
    table = _table(("", "left"), ("name", "left"), ("the node", "left"), ("and got", "left"))
    for line in lines:
        got = line.got if line.ok else f"{line.got}\ninstead of {line.expected}"
        got = got.replace(" then ", "\nthen ")
        style = None if line.ok else "red"
        table.add_row(_mark(ok=line.ok), line.name, line.does, got, style=style)
    console().print(table)
    wrong = sum(not line.ok for line in lines)
    left = f" {of - len(lines)} were not played: you ended it." if len(lines) < of else ""
    verdict = f"{wrong} not as they should." if wrong else "All as they should."
    click.echo(f"{counted(len(lines), 'misbehavior')} played. {verdict}{left}")


def _answers(tally: Tally, whole: Latencies) -> "Table":
    right = ("count", "p50", "p90", "p99", "max")
    table = _table(("answer", "left"), ("cause", "left"), *((name, "right") for name in right))
    for row in tally.answers:
        table.add_row(row.action or "pong", row.cause, f"{row.count:,}", *_times(row.took))
    if len(tally.answers) > 1:
        total = sum(row.count for row in tally.answers)
        table.add_row("all", "", f"{total:,}", *_times(whole))
    return table


def _table(*columns: tuple[str, str]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left")
    return table


def _times(took: Latencies) -> tuple[str, ...]:
    return tuple(_time(each) for each in (took.p50, took.p90, took.p99, took.most))


def _time(milliseconds: int) -> str:
    if milliseconds < _SECONDS_FROM_MS:
        return f"{milliseconds:,} ms"
    return f"{milliseconds / 1000:,.1f} s"


def _mark(*, ok: bool) -> str:
    return "ok  " if ok else "FAIL"


def _happened(what: Happened) -> str:
    match what:
        case NoResponse(why=why) | BadAnswer(why=why):
            return why
        case HttpError(status=status):
            return f"HTTP {status}"
        case ErrorStatus(status=status):
            return f"status {status}"
        case Answer(action=action):
            return action or "pong"
        case _:
            assert_never(what)
