"""What /readyz knows of the parts that no decision can do without."""

import io
import threading

import pytest

from approvals.audit import Audit
from approvals.outbox import Outbox
from approvals.redis.link import Link
from approvals.store import Store
from gateway.observe.log import make_log
from gateway.observe.observer import AUDIT, REDIS, Observer
from gateway.watch import look
from keys.seals import SealKey
from tests.support.audits import notary
from tests.support.records import NOW

KEY = SealKey(b"k" * 32)


async def no_check(client):
    del client


@pytest.fixture
async def link(redis_url):
    made = Link(redis_url, check=no_check)
    yield made
    await made.close()


async def test_a_disk_that_hangs_is_down_until_it_takes_a_line_again(link, tmp_path, monkeypatch):
    disk = threading.Event()
    disk.set()

    def clock():
        disk.wait()  # the audit asks for the time before each line
        return NOW

    audit = Audit(tmp_path, process="p1", clock=clock, notary=notary())
    log = io.StringIO()
    observer = Observer(make_log(lambda: NOW, log, terminal=True), lambda: NOW)
    store, outbox = Store(link, KEY, keep_days=30), Outbox(link, KEY, ("slack",))

    async def seen():
        await look(store, outbox, audit, observer, lambda: NOW)
        return observer.health.works(REDIS), observer.health.works(AUDIT)

    try:
        assert await seen() == (True, True)
        disk.clear()
        with monkeypatch.context() as patience:
            patience.setattr("gateway.watch.AUDIT_WITHIN_S", 0.2)
            assert await seen() == (True, False)
        disk.set()
        assert await seen() == (True, True)
    finally:
        disk.set()
        audit.close()
    assert "the disk took no line within 0.2 s" in log.getvalue()
