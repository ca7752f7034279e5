"""[[notify]] in the configuration, `notify test`, and a whole gateway with a second notifier."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from approvals.model import Choice
from gateway.cli.main import main
from gateway.config.file import load, load_for_operator
from keys.secret import Secret
from notifiers.settings import NOTIFY_DEFAULT, NotifySettings
from tests.gateway.test_config import (
    KEYS,
    NODE,
    SLACK,
    home,  # noqa: F401 - a fixture
    key_folder,  # noqa: F401 - a fixture
    mistakes,
    one_mistake,
    write,
)
from tests.support.receiver import Receiver, receiving
from tests.support.requests import sample
from tests.support.slack_server import Fails, LocalSlack, local_slack
from tests.support.waiting import until

HOOK = """
[[notify]]
name = "siem"
kind = "webhook"
url = "https://siem.acme.example/hook"
secret = { file = "hook_key" }
"""
PAGER = """
[[notify]]
name = "pager"
kind = "apprise"
url = { env = "TEST_PAGER_URL" }
on = ["asked"]
when = "slack_down"
"""


@pytest.fixture
def place(home, monkeypatch):  # noqa: F811
    (home / "hook_key").write_text("hmac-key\n")
    monkeypatch.setenv("TEST_PAGER_URL", "pagerduty://SECRETPART@SECRETPART/a/b")
    monkeypatch.setenv("TEST_BOT_TOKEN", "xoxb-1")
    return home


def test_what_is_written_is_what_is_meant(place):
    found = load(write(place, NODE + KEYS + HOOK + PAGER + SLACK)).notify
    assert found == (
        NotifySettings(
            "siem",
            "webhook",
            Secret("https://siem.acme.example/hook"),
            Secret("hmac-key"),
            frozenset(NOTIFY_DEFAULT),
            "always",
        ),
        NotifySettings(
            "pager",
            "apprise",
            Secret("pagerduty://SECRETPART@SECRETPART/a/b"),
            None,
            frozenset({"asked"}),
            "slack_down",
        ),
    )
    assert "SECRETPART" not in repr(found)
    assert load(write(place, NODE + KEYS)).notify == ()


def test_a_command_at_a_terminal_reads_no_secret_of_a_notifier(place, monkeypatch):
    monkeypatch.delenv("TEST_PAGER_URL")
    found = load_for_operator(write(place, NODE + KEYS + HOOK + PAGER + SLACK)).notify
    assert [one.name for one in found] == ["siem", "pager"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "webhook"', 'kind = "carrier"', 'one of "webhook", "apprise"; found'),
        ('kind = "webhook"', "", 'one of "webhook", "apprise"; it is missing'),
        ('name = "siem"', 'name = "Siem"', 'expected text such as "pager"'),
        ('name = "siem"', 'name = "slack"', '"slack" is taken: choose another'),
        ('name = "siem"', 'name = "siem"\ncolor = 1', "color: is no setting that we know"),
        ("secret =", "# ", "secret: is missing"),
        ('name = "siem"', 'name = "siem"\non = []', 'some of "asked", "escalated", "decided"'),
        ('name = "siem"', 'name = "siem"\non = ["asked", "asked"]', "each once"),
        ('name = "siem"', 'name = "siem"\non = ["voted"]', "expected an array of some of"),
        ('name = "siem"', 'name = "siem"\non = "asked"', "expected an array of some of"),
        ('name = "siem"', 'name = "siem"\nwhen = "never"', 'one of "always", "slack_down"'),
        ('name = "siem"', 'name = "siem"\nwhen = "slack_down"', "needs [slack]"),
        ("https://siem", "http://siem", "expected an https:// URL"),
        ("https://siem", "https://ana:pw@siem", "holds a secret: put it elsewhere"),
        ("/hook", "/hook?key=SECRETPART", "holds a secret: put it elsewhere"),
        ("https://siem", "ftp://siem", "expected an https:// URL"),
        ("https://siem.acme.example/hook", "https://[x", "expected an https:// URL"),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_was_expected(place, old, new, said):
    sentence = one_mistake(place, NODE + KEYS + HOOK.replace(old, new))
    assert said in sentence
    assert sentence.startswith(f"{place}/countersign.toml: [[notify]] number 1 ")
    assert "SECRETPART" not in sentence


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_clear_text_stays_on_this_machine(place, host):
    text = HOOK.replace("https://siem.acme.example", f"http://{host}")
    assert load(write(place, NODE + KEYS + text)).notify[0].url == Secret(f"http://{host}/hook")


@pytest.mark.parametrize("url", ["https://a:SECRETPART@siem.example/", "http://siem.example/"])
def test_what_comes_from_elsewhere_is_held_to_the_same(place, monkeypatch, url):
    monkeypatch.setenv("TEST_HOOK_URL", url)
    text = HOOK.replace('"https://siem.acme.example/hook"', '{ env = "TEST_HOOK_URL" }')
    sentence = one_mistake(place, NODE + KEYS + text)
    assert "url: expected an https:// URL without user" in sentence
    assert "SECRETPART" not in sentence


def test_two_of_a_name_and_too_many_are_mistakes(place):
    assert "is taken" in one_mistake(place, NODE + KEYS + HOOK + HOOK)
    many = "".join(HOOK.replace('"siem"', f'"siem-{n}"') for n in range(17))
    assert "at most 16 tables" in one_mistake(place, NODE + KEYS + many)
    found = mistakes(place, "notify = [1]\n" + NODE + KEYS)
    assert any("number 1 must be a table" in one for one in found)
    assert "at most 16 tables" in one_mistake(place, 'notify = "x"\n' + NODE + KEYS)


def test_an_address_that_the_library_cannot_use_is_a_mistake_that_does_not_show_it(
    place, monkeypatch
):
    monkeypatch.setenv("TEST_PAGER_URL", "tgram://SECRETPART")
    sentence = one_mistake(place, NODE + KEYS + PAGER + SLACK)
    assert sentence.endswith("url: is no address that apprise understands: see docs/notifiers.md")
    literal = PAGER.replace('{ env = "TEST_PAGER_URL" }', '"tgram://SECRETPART"')
    found = mistakes(place, NODE + KEYS + literal + SLACK)
    assert "SECRETPART" not in "".join(found)
    monkeypatch.setenv("TEST_PAGER_URL", "pagerduty://SECRETPART@SECRETPART/a/b")
    with_secret = PAGER.replace("on =", 'secret = { env = "X" }\non =')
    sentence = one_mistake(place, NODE + KEYS + with_secret + SLACK)
    assert "secret: is for a webhook" in sentence


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


async def notify_test(folder: Path, tables: str, *names: str) -> tuple[int, str, str]:
    config = folder / "countersign.toml"
    config.write_text(NODE + KEYS + tables)
    arguments = ["notify", "test", *names, "--config", str(config)]
    done = await asyncio.to_thread(CliRunner().invoke, main, arguments)
    return done.exit_code, done.stdout, done.stderr


async def test_notify_test_says_what_came_of_each(tmp_path, receiver, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "hmac-key")
    monkeypatch.setenv("TEST_URL", f"{receiver.base}/SECRETPART?key=SECRETPART")
    tables = "".join(
        f'[[notify]]\nname = "{name}"\nkind = "webhook"\nurl = {{ env = "TEST_URL" }}\n'
        'secret = { env = "TEST_KEY" }\n'
        for name in ("siem", "pager-2")
    )
    folder = tmp_path
    assert await notify_test(folder, tables) == (
        0,
        "siem     accepted\npager-2  accepted\n",
        "",
    )
    assert receiver.events == ["test", "test"]
    receiver.answers.append(403)
    code, out, err = await notify_test(folder, tables, "siem")
    assert (code, out) == (1, "siem  NOT accepted: http_403\n")
    assert err.startswith("Not every notifier took the test message")
    code, _, err = await notify_test(folder, tables, "nobody")
    assert code == 1
    assert 'has no [[notify]] with name = "nobody"' in err
    monkeypatch.delenv("TEST_KEY")
    code, _, err = await notify_test(folder, tables)
    assert code == 1
    assert "the environment variable TEST_KEY is not set" in err
    assert "SECRETPART" not in out + err


async def test_notify_test_without_any_says_how_to_write_one(tmp_path):
    code, out, err = await notify_test(tmp_path, "")
    assert (code, out) == (1, "")
    assert "has no [[notify]]: docs/notifiers.md shows how to write one." in err


async def test_a_whole_gateway_tells_a_webhook_and_no_secret_reaches_the_log(
    world, receiver, monkeypatch
):
    monkeypatch.setenv("TEST_URL", f"{receiver.base}/SECRETPART")
    monkeypatch.setenv("TEST_KEY", "hmac-key-SECRETPART")
    receiver.answers.append(403)
    world.more_config = (
        '[[notify]]\nname = "siem"\nkind = "webhook"\nurl = { env = "TEST_URL" }\n'
        'secret = { env = "TEST_KEY" }\n'
        'on = ["asked", "decided", "alarm"]\n'
    )
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(sample("keysign_erc20_usdt")))
        await until(lambda: receiver.events == ["asked", "alarm"])
        await house.votes("bo", Choice.REJECT)
        await asking
        log = json.dumps(house.lines, default=str)
    assert "siem: http_403" in log
    assert "notify_siem" in log
    assert "SECRETPART" not in log


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with local_slack() as server:
        yield server


async def test_a_whole_gateway_whose_slack_is_away_tells_the_second_at_once(
    world, receiver, slack, monkeypatch
):
    monkeypatch.setenv("TEST_KEY", "hmac-key")
    world.with_slack(slack.settings, monkeypatch, "http")
    world.more_config += (
        f'[[notify]]\nname = "pager"\nkind = "webhook"\nurl = "{receiver.url}"\n'
        'secret = { env = "TEST_KEY" }\nwhen = "slack_down"\n'
    )
    slack.fail("chat.postMessage", *[Fails(status=500)] * 20)
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(sample("keysign_erc20_usdt")))
        await until(lambda: receiver.posted)
        _, metrics = await house.get("/metrics", house.running.operator.url)
        await house.votes("bo", Choice.REJECT)
        await asking
    assert receiver.posted[0].document["event"] == "asked"
    assert 'countersign_up{part="slack_path"} 0.0' in metrics
