"""Looks at what we depend on, so that `/readyz` knows before a node does."""

import asyncio
from collections.abc import Callable
from typing import Final

from approvals.audit import Audit, AuditDown
from approvals.events import Alarm
from approvals.outbox import Outbox
from approvals.redis.link import StoreDown
from approvals.store import Store
from gateway.observe.observer import AUDIT, REDIS, Observer

LOOK_S: Final = 2.0
AUDIT_WITHIN_S: Final = 5.0
"""A disk that takes no line for so long hangs: it may come back, and until then is no disk."""


async def watch(
    store: Store, outbox: Outbox, audit: Audit, observer: Observer, now_ms: Callable[[], int]
) -> None:
    """For ever: the store answers and may not forget; the audit's disk takes a line."""
    while True:
        await look(store, outbox, audit, observer, now_ms)
        await asyncio.sleep(LOOK_S)


async def look(
    store: Store, outbox: Outbox, audit: Audit, observer: Observer, now_ms: Callable[[], int]
) -> None:
    """Once."""
    try:
        for name in await store.mend(outbox.lists):
            observer.note(Alarm(now_ms(), "damaged", "", f"{name} was no list of ours: set aside"))
        waiting, first = await store.count_open()
        observer.metrics.set_open(waiting, None if first is None else first - now_ms())
        for place in outbox.places:
            count, since = await outbox.at(place).never_shown()
            observer.metrics.set_untold(place, count, 0 if since is None else now_ms() - since)
        observer.found(REDIS, None)
    except StoreDown as down:
        observer.found(REDIS, str(down))
    try:
        async with asyncio.timeout(AUDIT_WITHIN_S):
            await audit.probe()
        observer.found(AUDIT, None)
    except AuditDown as down:
        observer.found(AUDIT, str(down))
    except TimeoutError:
        observer.found(AUDIT, f"the disk took no line within {AUDIT_WITHIN_S:g} s")
