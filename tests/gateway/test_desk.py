import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
from dataclasses import replace

import pytest

from approvals.model import Choice
from approvals.statement import FRESH_MS, NAMESPACE, Statement
from gateway.clock import SYSTEM
from gateway.config.settings import Address
from gateway.desk.cookie import Cookie
from gateway.oncall.client import DeskClient
from gateway.oncall.terminal import Failure
from keys import rsa, ssh, ssh_files, sshsig
from tests.support.home import made
from tests.support.proxy import Proxy
from tests.support.security_key import ED25519, Token

TOKEN = Token.made(ED25519)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = made(tmp_path_factory.mktemp("desk") / "home")
    with home.served():
        yield home


@pytest.fixture
def asked(home):
    with home.asked() as asked:
        yield asked


@pytest.fixture
def key(home):
    return ssh_files.load_private_key(home.key)


def call(home, method="GET", target="/approvals", body=None, **headers):
    address = home.settings.operator_listen
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    cookie = {"Authorization": Cookie.read(home.settings.data_dir).header}
    sent = {name: value for name, value in (cookie | headers).items() if value is not None}
    connection.putrequest(method, target, skip_host="Host" in sent)
    content = b"" if body is None else body
    for name, value in ({"Content-Length": str(len(content))} | sent).items():
        connection.putheader(name, value)
    connection.endheaders(content)
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def statement(home, request_id, **changes):
    (entry,) = home.desk.find(request_id)
    server = rsa.load_private_key(home.settings.private_key).public_key()
    said = Statement(
        gateway=rsa.fingerprint(server),
        node="node-1",
        request_id=request_id,
        digest=entry["approval"]["digest"],
        choice=Choice.APPROVE,
        reason="a test",
        at=SYSTEM.now_ms(),
    )
    return replace(said, **changes).text()


def vote(home, text, key, namespace=NAMESPACE, signed=None):
    signature = sshsig.sign(key, namespace, (signed or text).encode())
    body = json.dumps({"statement": text, "signature": signature}).encode()
    return call(home, "POST", "/votes", body)


def votes_on(home, request_id):
    (entry,) = home.desk.find(request_id)
    return entry["approval"]["votes"]


def audited(home):
    lines = [
        json.loads(line)
        for path in sorted((home.settings.data_dir / "audit").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    return [line["cause"] for line in lines if line["event"] == "ballot_refused"]


def test_without_the_cookie_nobody_is_heard(home):
    for header in (None, "", "Bearer x", "Basic x", "Bearer " + "0" * 64):
        for method, target in (
            ("GET", "/approvals"),
            ("POST", "/votes"),
            ("POST", "/policy/reload"),
        ):
            status, answer = call(home, method, target, Authorization=header)
            assert (status, list(answer)) == (401, ["error"])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403),
        ("evil.example:{port}", 403),
        ("", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:{port}", 200),
        ("127.0.0.1", 200),
        ("[::1]:{port}", 200),
    ],
)
def test_a_web_page_cannot_call_it_by_another_name(home, host, status):
    port = home.settings.operator_listen.port
    assert call(home, Host=host.format(port=port))[0] == status


def test_a_signed_vote_counts_and_is_kept_as_evidence(home, asked, key):
    text = statement(home, asked.request_id)
    status, entry = vote(home, text, key)
    assert status == 200
    (stored,) = entry["approval"]["votes"]
    assert stored["person"] == "ana"
    assert stored["evidence"]["statement"] == text
    public = ssh.public_key(key)
    assert stored["evidence"]["key"] == ssh.fingerprint(public)
    assert sshsig.verify(public, NAMESPACE, text.encode(), stored["evidence"]["signature"])
    assert asked.conclusion.action == "APPROVE"


def test_a_vote_that_was_not_signed_so_does_not_count(home, asked, key):
    text = statement(home, asked.request_id)
    other = text.replace("choice: approve", "choice: reject")
    refused = {
        "error": "The signature does not verify, so nothing was done: run the command again."
    }
    assert vote(home, text, key, signed=other) == (403, refused)
    for namespace in ("file", "git", "countersign-freeze@v1", "countersign-vote@v2", ""):
        assert vote(home, text, key, namespace=namespace) == (403, refused)
    assert audited(home)[-6:] == ["bad_signature"] * 6
    assert votes_on(home, asked.request_id) == []


@pytest.mark.parametrize(
    "signature",
    [
        TOKEN.but(flags=0).sign,
        lambda namespace, text: TOKEN.sign(namespace, text)[:-40],
        lambda namespace, text: TOKEN.sign(namespace, text.replace("approve", "reject")),
        lambda *_: "",
    ],
)
def test_a_token_that_nobody_touched_or_another_text_does_not_count(home, asked, signature):
    text = statement(home, asked.request_id)
    body = json.dumps({"statement": text, "signature": signature(NAMESPACE, text)}).encode()
    status, answer = call(home, "POST", "/votes", body)
    assert (status, answer["error"][:30]) == (403, "The signature does not verify,")
    assert audited(home)[-1] == "bad_signature"
    assert votes_on(home, asked.request_id) == []


def test_a_key_that_nobody_has_does_not_count(home, asked):
    stranger = ssh.generate_private_key()
    status, answer = vote(home, statement(home, asked.request_id), stranger)
    assert status == 403
    print_ = ssh.fingerprint(ssh.public_key(stranger))
    assert answer["error"] == (
        f"No person of the policy in force has the key {print_}: sign with the one in the policy,"
        " or put this one there and run `countersign policy reload`."
    )
    assert audited(home)[-1] == "unknown_person"
    assert votes_on(home, asked.request_id) == []


@pytest.mark.parametrize("late_ms", [-FRESH_MS - 5_000, FRESH_MS + 5_000])
def test_a_stale_vote_does_not_count(home, asked, key, late_ms):
    text = statement(home, asked.request_id, at=SYSTEM.now_ms() + late_ms)
    status, answer = vote(home, text, key)
    assert status == 409
    assert answer["error"] == (
        "This was signed more than 5 minutes ago, or ahead of us: check the clocks, and run the"
        " command again."
    )
    assert audited(home)[-1] == "stale"
    assert votes_on(home, asked.request_id) == []


def test_a_vote_for_another_gateway_does_not_count(home, asked, key):
    text = statement(home, asked.request_id, gateway="SHA256:" + "a" * 43)
    status, answer = vote(home, text, key)
    assert status == 409
    assert (
        answer["error"]
        == "This was signed for another gateway: run the command again, on its machine."
    )
    assert vote(home, statement(home, asked.request_id, node="node-2"), key) == (409, answer)
    assert audited(home)[-2:] == ["other_gateway", "other_gateway"]


def test_a_vote_on_other_bytes_does_not_count(home, asked, key):
    text = statement(home, asked.request_id, digest="ab" * 32)
    status, answer = vote(home, text, key)
    assert status == 409
    assert answer["error"].startswith("This vote names other bytes than the request holds.")
    assert audited(home)[-1] == "other_digest"
    assert votes_on(home, asked.request_id) == []


def test_a_vote_on_nothing_is_not_found(home, asked, key):
    text = statement(home, asked.request_id)
    gone = text.replace(asked.request_id, "20991231000000000000000000000000:1")
    assert vote(home, gone, key) == (404, {"error": "There is no such approval."})


def test_a_second_vote_says_what_became_of_the_first(home, asked, key):
    text = statement(home, asked.request_id, choice=Choice.REJECT)
    assert vote(home, text, key)[0] == 200
    assert asked.conclusion.error == "person: refused by an approver"
    status, answer = vote(home, statement(home, asked.request_id), key)
    assert status == 409
    assert "Already decided" in answer["error"]


@pytest.mark.parametrize("reason", ['""', '" "', '"\\n"'])
def test_a_vote_without_a_reason_does_not_count(home, asked, key, reason):
    text = statement(home, asked.request_id).replace('"a test"', reason)
    status, answer = vote(home, text, key)
    assert status == 400
    assert answer["error"]
    assert votes_on(home, asked.request_id) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"statement":"x"}',
        b'{"statement":"x","signature":"y","more":1}',
        b'{"statement":1,"signature":2}',
        b'{"statement":"x","statement":"x","signature":"y"}',
        b"[" * 10_000,
    ],
)
def test_what_is_no_vote_is_one_sentence(home, body):
    status, answer = call(home, "POST", "/votes", body)
    assert status == 400
    assert list(answer) == ["error"]


def test_a_vote_as_long_as_a_book_is_not_read(home):
    assert call(home, "POST", "/votes", b" " * 100_000)[0] == 413


def test_who_hangs_up_while_they_send_is_no_bug(home):
    address, cookie = home.settings.operator_listen, Cookie.read(home.settings.data_dir).header
    head = f"POST /votes HTTP/1.1\r\nHost: {address.host}\r\nAuthorization: {cookie}\r\n"
    with socket.create_connection((address.host, address.port)) as caller:
        caller.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        time.sleep(0.1)
    assert call(home)[0] == 200
    assert "Traceback" not in (home.folder / "gateway.log").read_text()


def test_lists_leave_the_bytes_out_and_one_approval_brings_them(home, asked):
    (listed,) = [
        entry
        for entry in home.desk.open_approvals()["approvals"]
        if entry["approval"]["request_id"] == asked.request_id
    ]
    assert listed["request"] is None
    assert listed["headline"].startswith("Send 2,500 USDT")
    assert listed["verified"] is True
    (found,) = home.desk.find(asked.request_id)
    assert found["request"]["request_id"] == asked.request_id
    digest = found["approval"]["digest"]
    for prefix in (f"node-1/{asked.request_id}", digest, digest[:10], asked.request_id[:30]):
        assert [entry["member"] for entry in home.desk.find(prefix)] == [found["member"]]
    assert home.desk.find("no-such") == []


def test_the_cookie_of_another_gateway_is_refused_in_one_sentence(home, tmp_path):
    client = type(home.desk)(home.settings.operator_listen, Cookie.bake(tmp_path))
    with pytest.raises(Failure, match="does not take the cookie of this data_dir: it was"):
        client.open_approvals()


@pytest.fixture
def deaf():
    """Takes calls and never answers: its port, and what came in."""
    calls = []

    def listen(server):
        with contextlib.suppress(OSError):
            while True:
                calls.append(server.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=listen, args=(server,))
        thread.start()
        yield server.getsockname()[1], calls
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for call in calls:
        call.close()


@pytest.mark.parametrize("hangs_up", [False, True])
def test_what_was_sent_to_a_gateway_that_does_not_answer_may_be_stored(deaf, tmp_path, hangs_up):
    port, calls = deaf
    client = DeskClient(Address("127.0.0.1", port), Cookie.bake(tmp_path), within_s=0.2)
    if hangs_up:
        threading.Timer(0.05, lambda: calls[-1].shutdown(socket.SHUT_RDWR)).start()
    with pytest.raises(Failure) as told:
        client.vote("x", "y")
    how = "ended the connection" if hangs_up else "did not answer within 0.2 s"
    assert told.value.exit_code == 3
    assert how in told.value.message
    assert "Nobody knows whether what you sent was stored: look with" in told.value.message
    assert "is `countersign serve` running?" not in told.value.message


def test_a_question_that_nobody_answers_is_asked_again(deaf, tmp_path):
    client = DeskClient(Address("127.0.0.1", deaf[0]), Cookie.bake(tmp_path), within_s=0.1)
    with pytest.raises(Failure, match=r"did not answer within 0\.1 s: try again") as told:
        client.freezes()
    assert told.value.exit_code == 3
    assert "Nobody knows" not in told.value.message


class LosesTheAnswer(Proxy):
    """A wire that breaks, and stays broken, once it has carried a vote to the store."""

    found = lost = False

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (data := await reader.read(65536)) and not self.lost:
            writer.write(data)
            if not self.found and b'"seen"' in data:
                self.found = True
                self.lost = True
                await self.refuse()
                await asyncio.sleep(0.05)


async def test_nobody_is_told_that_a_vote_of_which_nothing_is_known_was_not_stored(
    world, shared_redis
):
    async with LosesTheAnswer(str(shared_redis.socket)) as wire:
        world.redis_url = wire.url
        async with world.running() as house:
            asking = asyncio.create_task(house.asks())
            (approval,) = await house.pending()
            with pytest.raises(Failure, match="It is not known whether what you sent was stored"):
                await house.votes("ana", approval=approval)
            wire.lost = False
            await wire.listen()
            assert (await asking).action == "APPROVE"
