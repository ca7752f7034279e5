"""Ending tasks for certain."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

AGAIN_S: Final = 0.1


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
