"""Nearly right requests at every door: never a 500, never a traceback, never a bug, no growth.

`make fuzz` runs the same for minutes, with other seeds: FUZZ_ROUNDS and FUZZ_SEED.
"""

import asyncio
import contextlib
import gc
import json
import os
import random
import resource
import time
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from approvals import statement as statements
from approvals.model import Choice
from gateway.desk.cookie import Cookie
from keys import sshsig
from keys.envelope import sign
from keys.rsa import fingerprint
from tests.support.attack_book import Book
from tests.support.mutations import Mutations
from tests.support.requests import FOLDER
from tests.support.slack_server import local_slack
from tests.support.world import APPROVE_SMALL, RULES, people, rsa_key, ssh_key

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "2"))
SEED = int(os.environ.get("FUZZ_SEED", "2026"))
A_ROUND = 100
AT_ONCE = 10
SAMPLES = [json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))]
SAMPLES = [each for each in SAMPLES if "request_type" in each]
FORM = "application/x-www-form-urlencoded"
HOSTS = ("localhost", "", "[", "[::1", "::1", "localhost:x", "127.0.0.1:0", "\xff", "a" * 999)
TELLTALE = (b"Traceback", b'File "', b"Error:", b"Exception", b"site-packages")


@pytest.fixture
async def slack():
    async with local_slack() as slack:
        yield slack


@pytest.fixture
async def house(world, slack, monkeypatch):
    """Everything is decided at once, so that nothing is held; Slack is heard over HTTP."""
    world.policy = people().replace('default = "ask"', 'default = "reject"')
    world.rules = RULES.replace("30m", "1s") + APPROVE_SMALL
    world.with_slack(slack.settings, monkeypatch, "http")
    async with world.running() as house:
        slack.interactions_url = f"{house.running.public.url}/slack/interactions"
        yield house


@pytest.fixture
def mutations(request):
    seed = f"{SEED}:{request.node.name}"
    print("seed", seed)  # noqa: T201 - shown when it fails
    return Mutations(random.Random(seed))


def raw(method, target, body=b"", **headers):
    """A request as bytes; header names are written with underscores."""
    lines = [f"{method} {target} HTTP/1.1"]
    given = {"host": "localhost", "content_length": len(body)} | headers
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


async def exchange(server, data, patience_s):
    """All that is said; a request that is not complete is waited for in vain."""
    said = b""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    with contextlib.suppress(ConnectionError, TimeoutError):
        writer.write(data)
        async with asyncio.timeout(patience_s):
            while chunk := await reader.read(65_536):
                said += chunk
                head, found, body = said.partition(b"\r\n\r\n")
                size = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                if found and size.isdigit() and len(body) >= int(size):
                    break
    writer.close()
    return said


async def fuzz(house, server, make, statuses, *, rounds=ROUNDS, patience_s=10):
    """Send what `make` gives; the statuses seen, with how often."""
    seen: dict[int, int] = {}

    async def one(data):
        said = await exchange(server, data, patience_s)
        status = int(said[9:12]) if said else 0
        seen[status] = seen.get(status, 0) + 1
        assert status in statuses, (status, data[:2_000], said[:500])
        assert not any(word in said for word in TELLTALE), (data[:2_000], said[:500])

    for _ in range(rounds):
        for _ in range(A_ROUND // AT_ONCE):
            await asyncio.gather(*(one(make()) for _ in range(AT_ONCE)))
    bugs = [line for line in house.lines if line["event"] == "bug" or "bug_" in str(line)]
    assert bugs == []
    return seen


def form(token):
    return raw("POST", "/v2/check", b"TSS_JWT_MSG=" + quote_plus(token).encode(), content_type=FORM)


def signed(package):
    return form(sign(package, rsa_key("node-1"), expires_at_s=int(time.time()) + 120))


async def test_signed_packages_that_are_nearly_requests(house, mutations):
    numbers = iter(range(10**9))

    def make():
        request = dict(mutations.random.choice(SAMPLES))
        if request.get("request_id"):
            request["request_id"] = f"fuzz:{next(numbers)}"
        if mutations.random.random() < 0.1:
            return signed(mutations.noise(json.dumps(request).encode()))
        return signed(mutations.json(request).encode(errors="surrogatepass"))

    seen = await fuzz(house, house.running.public, make, {200})
    assert seen == {200: ROUNDS * A_ROUND}
    events = {line["event"] for line in house.audit()}
    assert {"malformed", "asked", "answered"} <= events


async def test_tokens_that_are_nearly_signed(house, mutations):
    book = Book(rsa_key("node-1"), rsa_key("stranger"), int(time.time()))
    attacks, good = [token for _, token in book.all()], book.token()

    def make():
        token = mutations.random.choice([*attacks, good])
        changed = mutations.noise(token.encode(errors="replace"), most=2)
        return raw("POST", "/v2/check", b"TSS_JWT_MSG=" + changed, content_type=FORM)

    seen = await fuzz(house, house.running.public, make, {200, 400, 401})
    assert seen[401] > ROUNDS * A_ROUND // 3


async def test_http_that_is_nearly_right(house, mutations):
    good = signed(b'{"request_type":0}')
    targets = ("/v2/check", "/ping", "/readyz", "/slack/interactions", "/v2/check/", "//", "/%00")

    def make():
        data = mutations.random.choice(
            [good, *(raw("GET", target) for target in targets), raw("POST", "/slack/interactions")]
        )
        return mutations.noise(data[:300], most=3) + data[300:]

    # 503 is /readyz's, which names a part and says nothing else
    statuses = {0, 200, 400, 401, 404, 405, 413, 503}
    await fuzz(house, house.running.public, make, statuses, patience_s=0.1)


async def test_payloads_of_slack_that_are_nearly_clicks(house, slack, mutations):
    click = {
        "type": "block_actions",
        "team": {"id": slack.settings.workspace},
        "user": {"id": "U0ANA", "team_id": slack.settings.workspace},
        "api_app_id": "A0",
        "container": {"message_ts": "1.2", "channel_id": slack.settings.channel},
        "channel": {"id": slack.settings.channel},
        "message": {"ts": "1.2", "app_id": "A0", "blocks": [{"type": "section"}]},
        "trigger_id": "1.2.3",
        "actions": [{"action_id": "approve", "value": "v1:node-1/r:1:" + "0" * 64}],
    }
    values = {"reason": {"reason": {"value": "why"}}}
    view = {"callback_id": "reject", "private_metadata": "v1", "state": {"values": values}}
    submission = {**click, "type": "view_submission", "view": view}

    def make():
        payload = mutations.json(mutations.random.choice((click, submission)))
        body = "payload=" + quote_plus(payload, errors="replace")
        at = str(int(time.time()))
        changes = {"x_slack_request_timestamp": at, "x_slack_signature": slack.sign(body, at)}
        if mutations.random.random() < 0.3:
            name = mutations.random.choice(list(changes))
            changes[name] = mutations.noise(changes[name].encode()).decode("latin-1")
            changes[name] = changes[name].replace("\r", "").replace("\n", "").replace("\0", "")
        return raw("POST", "/slack/interactions", body.encode(), content_type=FORM, **changes)

    seen = await fuzz(house, house.running.public, make, {200, 400, 401})
    assert seen[200] > ROUNDS * A_ROUND // 3


async def test_votes_and_questions_of_operators_that_are_nearly_right(house, mutations):
    cookie = Cookie.read(house.world.folder / "data").header
    said = statements.Statement(
        gateway=fingerprint(rsa_key("server").public_key()),
        node="node-1",
        request_id="r:1",
        digest="0" * 64,
        choice=Choice.APPROVE,
        reason="seen",
        at=int(time.time() * 1000),
    ).text()

    def vote():
        text = mutations.noise(said.encode(), 1).decode(errors="replace") if flip() else said
        armored = sshsig.sign(ssh_key("ana"), statements.NAMESPACE, text.encode())
        armored = mutations.noise(armored.encode()).decode("latin-1") if flip() else armored
        ballot = {"statement": text, "signature": armored}
        body = mutations.json(ballot) if flip() else json.dumps(ballot)
        return raw("POST", "/votes", body.encode(errors="replace"), authorization=cookie)

    def question():
        wanted = mutations.noise(b"node-1/fuzz:1").decode("latin-1") * mutations.random.choice(
            (1, 1, 100)
        )
        return raw("GET", f"/approvals?id={quote(wanted)[:30_000]}", authorization=cookie)

    def doors():
        shown = mutations.noise(cookie.encode(), 1).decode("latin-1")
        shown = shown.replace("\r", "").replace("\n", "").replace("\0", "")
        return raw("GET", "/approvals", host=mutations.random.choice(HOSTS), authorization=shown)

    def flip():
        return mutations.random.random() < 0.5

    def make():
        return mutations.any_of([vote, question, doors])

    seen = await fuzz(house, house.running.operator, make, {200, 400, 401, 403, 404, 409, 413})
    assert {200, 400, 401, 403} <= set(seen)


async def test_strangers_leave_no_memory_behind(house, mutations):
    book = Book(rsa_key("stranger"), rsa_key("stranger"), int(time.time()))
    token = book.token(book.claims | {"package_data": "A" * 10_000})

    def make():
        return form(mutations.noise(token.encode(), 1).decode("latin-1"))

    sizes = []
    for _ in range(3):
        await fuzz(house, house.running.public, make, {400, 401}, rounds=1)
        gc.collect()
        sizes.append(_resident())
    assert sizes[2] - sizes[1] < 4_000_000


def _resident():
    """Bytes of memory in use; what was in use at most, where the system does not say."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
