"""What the library sends, seen where it leaves this process: by mail server, by HTTP."""

import json
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from keys.secret import Secret
from notifiers.elsewhere.apprise_post import AT_ONCE, SOCKET_S, ApprisePost, BadAddress
from notifiers.elsewhere.bulletin import Bulletin
from notifiers.ports import NotTold
from tests.support.receiver import receiving
from tests.support.smtp_sink import mail_sink
from tests.support.waiting import until

COMMAND = "countersign show node-1/abc_def"
PLAIN = Bulletin(
    "asked",
    0,
    "Countersign: Approve? Send 5 USDT",
    f"Send 5 USDT -> cold_1 & co\nDecide before 2026-11-22 14:02:30 UTC\nRead it: {COMMAND}",
)
EVIL = Bulletin(
    "asked",
    0,
    "Countersign: Send <b>5</b>\r\nBcc: thief@evil.example\r\n\r\nx",
    "<a href='http://evil.example'>ok</a> [ok](http://evil.example) ${HOME} :smile: *b*",
)


@dataclass
class Wire:
    """Every HTTP call of this process that goes through `requests`, answered here."""

    sent: list[requests.PreparedRequest] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=lambda: {"ok": True, "requestId": "r-1"})
    status: int = 202

    @property
    def body(self) -> Any:
        (only,) = self.sent
        assert isinstance(only.body, str | bytes)
        return json.loads(only.body)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """In place of the last step before the socket."""
    caught = Wire()

    def send(_self: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> Any:
        caught.sent.append(request)
        caught.options.append(options)
        response = requests.Response()
        response.status_code = caught.status
        response._content = json.dumps(caught.answer).encode()
        response.request, response.url = request, str(request.url)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send)
    return caught


async def sent(url: str, bulletin: Bulletin = PLAIN) -> None:
    await ApprisePost(Secret(url)).send(bulletin, "id-1")


async def test_a_mail_arrives_as_plain_text_with_the_command() -> None:
    async with mail_sink() as mails:
        url = f"mailto://127.0.0.1:{mails.port}/oncall@acme.example?from=cs@acme.example&mode=insecure"
        await sent(url)
    assert mails.mail.get_content_type() == "text/plain"
    assert mails.mail["subject"] == "Countersign: Approve? Send 5 USDT"
    assert mails.mail["to"] == "oncall@acme.example"
    content = mails.mail.get_content()
    assert content.splitlines()[0] == "Send 5 USDT -› cold_1 & co"
    assert COMMAND in content


async def test_a_hostile_headline_adds_no_header_to_a_mail() -> None:
    async with mail_sink() as mails:
        url = f"mailto://127.0.0.1:{mails.port}/oncall@acme.example?from=cs@acme.example&mode=insecure"
        await sent(url, EVIL)
    assert mails.mail["bcc"] is None
    assert not any("thief" in command for command in mails.commands)
    assert mails.mail["subject"] == "Countersign: Send ‹b›5‹/b› Bcc: thief@evil.example x"


async def test_teams_gets_a_card_whose_text_is_no_markup(wire: Wire) -> None:
    await sent("workflows://acme.webhook.example:443/workflow1/signature1/")
    assert str(wire.sent[0].url).startswith("https://acme.webhook.example:443/workflows/workflow1/")
    blocks = wire.body["attachments"][0]["content"]["body"]
    assert blocks[0]["text"] == "Countersign: Approve? Send 5 USDT"
    assert "countersign show node\\-1/abc\\_def" in blocks[-1]["text"]
    wire.sent.clear()
    await sent("workflows://acme.webhook.example:443/workflow1/signature1/", EVIL)
    text = wire.body["attachments"][0]["content"]["body"][-1]["text"]
    assert "\\[ok\\]\\(http://evil\\.example\\)" in text
    assert "<" not in text


async def test_telegram_reads_no_tags_of_a_request(wire: Wire) -> None:
    wire.status = 200
    await sent("tgram://123456789:abcdefg_hijklmnop/12315544/")
    assert str(wire.sent[0].url) == (
        "https://api.telegram.org/bot123456789:abcdefg_hijklmnop/sendMessage"
    )
    assert wire.body["chat_id"] == 12315544
    assert COMMAND in wire.body["text"]
    wire.sent.clear()
    await sent("tgram://123456789:abcdefg_hijklmnop/12315544/", EVIL)
    assert "<a" not in wire.body["text"]
    assert wire.body["text"].count("<b>") <= 1


async def test_pagerduty_is_triggered_with_the_command(wire: Wire) -> None:
    await sent("pagerduty://INTEGRATIONKEY@APIKEY/countersign/approvals")
    assert str(wire.sent[0].url) == "https://events.pagerduty.com/v2/enqueue"
    assert wire.body["event_action"] == "trigger"
    assert wire.body["payload"]["severity"] == "warning"
    assert wire.body["payload"]["source"] == "countersign"
    assert COMMAND in wire.body["payload"]["summary"]


async def test_opsgenie_opens_an_alert_with_the_command(wire: Wire) -> None:
    await sent("opsgenie://a1b2c3d4-0000-4000-8000-aabbccddeeff/")
    assert str(wire.sent[0].url) == "https://api.opsgenie.com/v2/alerts"
    assert wire.body["message"] == "Countersign: Approve? Send 5 USDT"
    assert COMMAND in wire.body["description"]


async def test_whatever_an_address_asks_for_no_redirect_is_followed_and_no_call_is_long(
    wire: Wire,
) -> None:
    await sent("jsons://acme.example/x?redirect=yes&rto=3600&cto=3600&retry=5&wait=60")
    assert wire.options[0]["timeout"] == (SOCKET_S, SOCKET_S)
    post = ApprisePost(Secret("jsons://acme.example/x?redirect=yes&retry=5"))
    assert post._service.redirects is False


async def test_two_in_a_row_do_not_sleep_between(wire: Wire) -> None:
    post = ApprisePost(Secret("pagerduty://INTEGRATIONKEY@APIKEY/countersign/approvals"))
    began = time.monotonic()
    await post.send(PLAIN, "a")
    await post.send(PLAIN, "b")
    assert time.monotonic() - began < 5  # the library would sleep for longer
    assert len(wire.sent) == 2


async def test_what_is_not_accepted_is_not_told(wire: Wire) -> None:
    wire.status = 403
    with pytest.raises(NotTold, match="not accepted"):
        await sent("pagerduty://INTEGRATIONKEY@APIKEY/countersign/approvals?retry=5")
    assert len(wire.sent) == 1


def at_work() -> int:
    return sum(thread.name == "apprise" for thread in threading.enumerate())


async def test_a_mail_server_that_hangs_is_not_waited_for() -> None:
    async with mail_sink() as mails:
        mails.hangs = True
        url = f"mailto://127.0.0.1:{mails.port}/a@acme.example?from=b@acme.example&mode=insecure"
        post = ApprisePost(Secret(url), timeout_s=0.05)
        for taken in (1, 2, 2):  # no third thread waits there
            with pytest.raises(NotTold, match="too slow"):
                await post.send(PLAIN, "a")
            assert at_work() == taken
        await until(lambda: len(mails.open) == AT_ONCE)
    await until(lambda: at_work() == 0)


async def test_where_no_thread_can_be_started_the_next_message_still_may(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = ApprisePost(Secret("pagerduty://INTEGRATIONKEY@APIKEY/countersign/approvals"))

    def full(_thread: threading.Thread) -> None:
        raise RuntimeError

    monkeypatch.setattr(threading.Thread, "start", full)
    for _ in range(AT_ONCE + 1):
        with pytest.raises(NotTold, match="no thread"):
            await post.send(PLAIN, "a")
    assert not wire.sent


@pytest.mark.parametrize("url", ["tgram://SECRETPART", "nonsense://SECRETPART", "SECRETPART", ""])
def test_an_address_of_no_use_is_refused_without_showing_it(
    url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadAddress) as caught:
        ApprisePost(Secret(url))
    assert "SECRETPART" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caplog.text == ""
    assert capsys.readouterr().err == ""


async def test_what_the_library_logs_reaches_no_log(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    wire.status = 403
    with caplog.at_level(logging.DEBUG), pytest.raises(NotTold):
        await sent("tgram://123456789:abcdefg_hijklmnop/12315544/")
    assert "apprise" not in caplog.text
    assert "abcdefg" not in caplog.text


async def test_the_webhook_of_the_library_is_posted_to_a_real_server() -> None:
    async with receiving() as receiver:
        await sent(receiver.url.replace("http://", "json://"))
        receiver.answers.append(500)
        with pytest.raises(NotTold):
            await sent(receiver.url.replace("http://", "json://"))
    assert COMMAND in receiver.posted[0].document["message"]
