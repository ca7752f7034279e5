"""Looks at what we depend on, so that `/readyz` knows before a node does."""

import asyncio
from typing import Final

from approvals.audit import Audit, AuditDown
from approvals.redis_link import StoreDown
from approvals.store import Store
from gateway.observe import AUDIT, REDIS, Observer

LOOK_S: Final = 2.0


async def watch(store: Store, audit: Audit, observer: Observer) -> None:
    """For ever: the store answers and may not forget; the audit's disk takes a line."""
    while True:
        await look(store, audit, observer)
        await asyncio.sleep(LOOK_S)


async def look(store: Store, audit: Audit, observer: Observer) -> None:
    """Once."""
    try:
        observer.metrics.set_open(await store.count_open())
        observer.found(REDIS, None)
    except StoreDown as down:
        observer.found(REDIS, str(down))
    try:
        await audit.probe()
        observer.found(AUDIT, None)
    except AuditDown as down:
        observer.found(AUDIT, str(down))
