"""What runs beside each other for as long as a gateway runs, and ending it for certain."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final, TypeAlias

AGAIN_S: Final = 0.1

Task: TypeAlias = Callable[[], Coroutine[Any, Any, Any]]
"""What begins one of them."""


async def end(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """Cancel until they are done.

    Once is not enough before Python 3.12: `asyncio.wait_for`, with which redis-py sends, swallows
    a cancellation that comes just as its work is done.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
