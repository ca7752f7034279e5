"""The webhook keeps the contract of docs/notifiers.md, and never shows its address or key."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from keys.secret import Secret
from notifiers.elsewhere.bulletin import of_test
from notifiers.elsewhere.webhook import SCHEMA, Webhook, signature
from notifiers.ports import NotTold
from tests.support.receiver import HANGS, Receiver, receiving

PAGE = Path(__file__).parents[2] / "docs" / "notifiers.md"
KEY = "hmac-key-of-the-webhook"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


def hook(url: str, now_ms: int | None = None) -> Webhook:
    at = int(time.time() * 1000) if now_ms is None else now_ms
    return Webhook(Secret(url), Secret(KEY), lambda: at, timeout_s=0.2)


def documented() -> Any:
    """The receiver's side, as the page shows it."""
    page = PAGE.read_text("utf-8")
    (shown,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    scope: dict[str, Any] = {}
    exec(compile(shown, "docs/notifiers.md", "exec"), scope)
    return scope["is_genuine"]


async def test_the_documented_receiver_believes_what_is_sent_and_nothing_else(
    receiver: Receiver,
) -> None:
    await hook(receiver.url).send(of_test("pager", 1), "id-1")
    (posted,) = receiver.posted
    is_genuine, now = documented(), time.time()
    assert is_genuine(KEY, posted.headers, posted.body, now)
    assert not is_genuine("another", posted.headers, posted.body, now)
    assert not is_genuine(KEY, posted.headers, posted.body + b" ", now)
    assert not is_genuine(KEY, posted.headers, posted.body, now + 400)
    forged = {**posted.headers, "Countersign-Timestamp": str(int(now) + 1)}
    assert not is_genuine(KEY, forged, posted.body, now)


async def test_the_document_is_the_documented_one(receiver: Receiver) -> None:
    await hook(receiver.url).send(of_test("pager", 1_790_000_000_000), "id-1")
    (posted,) = receiver.posted
    assert posted.headers["Content-Type"] == "application/json"
    assert posted.headers["Countersign-Id"] == "id-1"
    assert posted.document == {
        "schema": SCHEMA,
        "id": "id-1",
        "event": "test",
        "at": 1_790_000_000_000,
        "subject": "Countersign: Test: nothing to do",
        "text": 'This is a test of the notifier "pager", 2026-09-21 14:13:20 UTC.\n'
        "Nothing has to be decided. What waits is listed by: countersign list",
    }
    page = PAGE.read_text("utf-8")
    assert all(f"| `{key}` |" in page for key in [*posted.document, "approval"])
    assert SCHEMA in page


def test_the_signature_is_the_one_that_others_compute() -> None:
    assert signature(Secret("key"), "1790000000", b"{}") == (
        "v1=099d33989336226b12c85da813adf6100e1bbab1e91bede9a41ddeb7882d66b8"
    )


@pytest.mark.parametrize(
    ("status", "alarm"),
    [(429, False), (408, False), (500, False), (503, False), (400, True), (401, True), (410, True)],
)
async def test_what_a_repetition_may_mend_does_not_alarm(
    receiver: Receiver, status: int, alarm: bool
) -> None:
    receiver.answers.append(status)
    with pytest.raises(NotTold) as caught:
        await hook(receiver.url).send(of_test("pager", 1), "id-1")
    assert (caught.value.why, caught.value.alarm) == (f"http_{status}", alarm)


async def test_a_redirect_is_not_followed_and_alarms(receiver: Receiver) -> None:
    receiver.answers.append(307)
    receiver.headers["Location"] = f"{receiver.base}/elsewhere"
    with pytest.raises(NotTold, match="http_307") as caught:
        await hook(receiver.url).send(of_test("pager", 1), "id-1")
    assert caught.value.alarm
    assert [post.path for post in receiver.posted] == ["/hook"]


@pytest.mark.parametrize(
    ("header", "wait"),
    [("7", 7.0), ("999999", 3600.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)],
)
async def test_a_wish_to_be_left_alone_is_kept_within_reason(
    receiver: Receiver, header: str, wait: float | None
) -> None:
    receiver.answers.append(429)
    receiver.headers["Retry-After"] = header
    with pytest.raises(NotTold) as caught:
        await hook(receiver.url).send(of_test("pager", 1), "id-1")
    assert caught.value.retry_after == wait


async def test_a_receiver_that_hangs_is_given_up(receiver: Receiver) -> None:
    receiver.answers.append(HANGS)
    with pytest.raises(NotTold, match="no answer in time") as caught:
        await hook(receiver.url).send(of_test("pager", 1), "id-1")
    assert not caught.value.alarm


async def test_a_receiver_that_speaks_no_tls_is_called_so(receiver: Receiver) -> None:
    with pytest.raises(NotTold, match="speaks no TLS"):
        await hook(receiver.url.replace("http:", "https:")).send(of_test("pager", 1), "id-1")


@pytest.mark.parametrize("url", ["https://127.0.0.1:1/SECRETPART", "http://SECRETPART.invalid/x"])
async def test_a_failure_shows_nothing_of_the_address(url: str) -> None:
    with pytest.raises(NotTold) as caught:
        await hook(url).send(of_test("pager", 1), "id-1")
    seen = (repr(caught.value), str(caught.value), repr(caught.value.__cause__), repr(hook(url)))
    assert not any("SECRETPART" in text or KEY in text for text in seen)
    assert caught.value.__suppress_context__
    assert caught.value.why == "it cannot be connected to"
