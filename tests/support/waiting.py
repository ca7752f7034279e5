"""Wait for something that sends no event: another process, another task's state."""

import asyncio
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 30.0
"""How long a test waits for what must happen: a machine may be busy, and nobody waits for a yes."""


async def until(condition: Callable[[], object]) -> None:
    """Return when `condition()` is true; a TimeoutError says it never was."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
