"""A replay in several processes at once."""

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from typing import Any, Final

from gateway.policy_file import load_policy
from gateway.rules.replaying import Chunk, Result, replay_chunk

AHEAD: Final = 2
"""Chunks that wait for each worker: a bound on memory."""

_mine: dict[str, Any] = {}
"""What this worker was begun with."""


def in_workers(
    chunks: Iterator[Chunk], draft: Path, digest: str, since: int, workers: int
) -> Iterator[tuple[Chunk, list[Result]]]:
    """Replay chunks with so many processes at once; what they came to, in the order of the chunks.

    Each loads the draft anew; `digest` must be what it finds.
    """
    context = get_context("spawn")  # threads of ours must not be half copied
    arguments = (draft, digest, since)
    waiting: list[tuple[Chunk, Future[list[Result]]]] = []
    with ProcessPoolExecutor(workers, context, _begin, arguments) as pool:
        for chunk in chunks:
            with _deaf_children():
                waiting.append((chunk, pool.submit(_work, chunk)))
            if len(waiting) > workers * AHEAD:
                done, future = waiting.pop(0)
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Of a terminal's Ctrl-C only the first process takes notice, and ends those begun in here.

    What is blocked stays so in a child; here it is only late.
    """
    before = pthread_sigmask(SIG_BLOCK, {SIGINT})
    try:
        yield
    finally:
        pthread_sigmask(SIG_SETMASK, before)


def _begin(path: Path, digest: str, since: int) -> None:
    draft = load_policy(path)
    if draft.digest != digest:
        raise RuntimeError(f"{path} changed meanwhile")
    _mine.update(draft=draft, since=since)


def _work(chunk: Chunk) -> list[Result]:
    return replay_chunk(chunk, **_mine)
