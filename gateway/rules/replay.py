"""`policy replay`: a draft policy on the requests that the audit kept."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Final

import click

from approvals.audit import AuditUnreadable
from approvals.audit.files import Stretch, stretches
from approvals.policy.model import Policy
from gateway.config.settings import Settings
from gateway.oncall.terminal import Failure
from gateway.policy_file import policy_for_command
from gateway.rules.replay_page import print_document, print_page
from gateway.rules.replay_tally import Tally, Wanted
from gateway.rules.replay_workers import in_workers
from gateway.rules.replaying import Chunk, Result, chunks_of, replay_chunk

WORTH_WORKERS: Final = 8 << 20
"""Bytes of audit from which on starting other processes pays."""

MOST_WORKERS: Final = 8


def replay(settings: Settings, wanted: Wanted) -> None:
    """Print what would have changed.

    Raises:
        Failure: a loosening is not allowed; or the draft, or a line of the audit, is no good.
    """
    draft = policy_for_command(wanted.draft)
    tally = Tally(wanted.allow, frozenset(rule.id for rule in draft.rules))
    directory = settings.data_dir / "audit"
    try:
        parts = stretches(directory, since=wanted.since)
        total = sum(part.path.stat().st_size for part in parts)
        with _bar(total) as advance:
            for chunk, results in _results(parts, total, draft, wanted):
                tally.add(results)
                advance(chunk.size)
    except OSError as error:
        raise Failure(f"{directory} cannot be read: {error.strerror}.") from None
    except AuditUnreadable as error:
        raise Failure(f"{error} Nothing is said about a draft by a damaged audit.") from None
    except BrokenProcessPool:
        raise Failure(
            f"A worker ended: did {wanted.draft} change meanwhile, or is memory short?"
        ) from None
    (print_document if wanted.as_json else print_page)(tally, draft, wanted)
    for name in tally.unused():
        click.echo(f"--allow {name}: no rule of the draft, no request that changes.", err=True)
    left = sum(1 for _ in tally.forbidden())
    if left:
        what = "loosening is" if left == 1 else "loosenings are"
        raise Failure(f"{left:,} {what} not allowed: name what is meant with --allow.")


def _results(
    parts: list[Stretch], total: int, draft: Policy, wanted: Wanted
) -> Iterator[tuple[Chunk, list[Result]]]:
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    if workers > 1 and total >= WORTH_WORKERS:
        yield from in_workers(chunks_of(parts), wanted.draft, draft.digest, wanted.since, workers)
        return
    for chunk in chunks_of(parts):
        yield chunk, replay_chunk(chunk, draft, wanted.since)


@contextlib.contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr where a person looks at it."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Replaying the audit", total=total)
        yield lambda done: bar.advance(task, done)
