"""What was measured, as rows of one table: for people in a terminal, plain in a pipe."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `note` says how it was taken, or how far it spread."""

    subject: str
    what: str
    figure: str
    note: str = ""


def show(rows: Sequence[Row], *, took_s: float) -> None:
    """Print the table; a subject is named once."""
    console = Console(highlight=False)
    shape = box.ROUNDED if console.is_terminal else None
    table = Table(box=shape, pad_edge=console.is_terminal, caption=f"Measured in {took_s:.0f} s.")
    table.add_column("", style="bold", no_wrap=True)
    table.add_column("Measured")
    table.add_column("Figure", justify="right", no_wrap=True)
    table.add_column("How", style="dim")
    subject = ""
    for row in rows:
        if row.subject != subject and subject:
            table.add_section()
        table.add_row(row.subject if row.subject != subject else "", row.what, row.figure, row.note)
        subject = row.subject
    if not console.is_terminal:
        console.width = 140
    console.print(table)


def percentiles(seconds: Sequence[float]) -> str:
    """`p50 3.1 ms, p99 9.0 ms`."""
    return f"p50 {part(seconds, 50):.1f} ms, p99 {part(seconds, 99):.1f} ms"


def part(seconds: Sequence[float], percent: int) -> float:
    """A percentile in milliseconds."""
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000
