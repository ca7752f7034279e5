"""A gateway that runs while keys rotate, asked by nodes that verify its answers, and the doctor."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.simulate.node import NodeSettings, ask
from keys import rsa
from tests.support.home import Home
from tests.support.patient import Patient
from tests.support.requests import FOLDER

PING = (FOLDER / "ping.json").read_bytes()

OLD = 'callback_public_key = "keys/tss-node-callback-pub.key"'
BOTH = 'callback_public_key = ["keys/tss-node-callback-pub.key", "keys/node-1-new-pub.pem"]'
SECOND = """\
[[tss_node]]
name = "node-2"
callback_public_key = "keys/node-2-pub.pem"
private_key = "keys/ours-new-pri.pem"
retry_times = 60
sleep_seconds = 2
request_timeout = 55

[keys]"""


def write_pair(folder: Path, name: str) -> None:
    key = rsa.generate_private_key(2048)
    rsa.write_private_key(folder / f"{name}-pri.pem", key)
    (folder / f"{name}-pub.pem").write_bytes(rsa.public_pem(key.public_key()))


@pytest.fixture(scope="module")
def house(healthy, tmp_path_factory):
    """In the middle of both: node-1 has two keys, and node-2 alone has our new one."""
    folder = tmp_path_factory.mktemp("rotating") / "home"
    shutil.copytree(healthy, folder)
    house = Patient(folder)
    for name in ("node-1-new", "node-2", "ours-new"):
        write_pair(folder / "keys", name)
    house.change("countersign.toml", OLD, BOTH)
    house.change("countersign.toml", "[keys]", SECOND)
    with Home(folder).served():
        yield house


def asks(house: Patient, private: str, believes: str) -> str:
    """Who concludes: `server` once its answer verifies; the node, where it does not."""
    keys = house.folder / "keys"
    usual: NodeSettings = Home(house.folder).node
    node = replace(
        usual,
        key=rsa.load_private_key(keys / private),
        server_key=rsa.load_public_key(keys / believes),
        window=replace(usual.window, retry_times=0),
    )
    return asyncio.run(ask(node, PING)).by


def test_two_keys_of_a_node_are_taken_at_once(house):
    assert asks(house, "test-node-pri.pem", "callback-server-pub.pem") == "server"
    assert asks(house, "node-1-new-pri.pem", "callback-server-pub.pem") == "server"
    assert asks(house, "ours-new-pri.pem", "callback-server-pub.pem") == "gave up"


def test_each_node_gets_our_new_key_on_its_own(house):
    assert asks(house, "node-2-pri.pem", "ours-new-pub.pem") == "server"
    assert asks(house, "node-2-pri.pem", "callback-server-pub.pem") == "gave up"
    assert asks(house, "test-node-pri.pem", "ours-new-pub.pem") == "gave up"


def test_the_doctor_asks_a_gateway_that_runs_and_starts_no_second_server(house):
    redis = house.folder / "data" / "redis"
    before = sorted(path.name for path in redis.iterdir())
    found = house.examined()
    assert found.of("wrong") == []
    reached = found.named("store.reach", "ok").sentence
    assert "noeviction, append-only file (fsync always)" in reached
    assert [check.sentence for check in found.checks if check.name == "machine.ports"] == [
        f"Our gateway answers at {house.settings.listen}.",
        f"Our gateway answers at {house.settings.operator_listen}.",
    ]
    assert found.named("machine.ready", "ok").sentence == "It is ready to decide."
    assert sorted(path.name for path in redis.iterdir()) == before


def test_the_doctor_of_another_gateway_sees_that_the_ports_are_taken(house, tmp_path):
    shutil.copytree(house.folder, tmp_path / "b", ignore=shutil.ignore_patterns("data"))
    other = Patient(tmp_path / "b")
    wrong = [check.sentence for check in other.examined().checks if check.level == "wrong"]
    listen, operator = other.settings.listen, other.settings.operator_listen
    assert wrong == [
        f"Another gateway answers at {listen}, not that of {other.folder}/data.",
        f"Something else than our gateway holds {operator}: end it, or choose another port.",
    ]


def test_a_gateway_that_has_the_lock_and_does_not_answer_is_wrong(house, tmp_path):
    moved = tmp_path / "moved.toml"
    text = house.config.read_text().replace('"keys/', f'"{house.folder}/keys/')
    for name in ("data", "policy.toml"):
        text = text.replace(f'= "{name}"', f'= "{house.folder}/{name}"')
    port = str(house.settings.listen.port)
    moved.write_text(text.replace(f"127.0.0.1:{port}", "127.0.0.1:1"))
    patient = Patient(tmp_path)
    moved.rename(patient.config)
    (check,) = [check for check in patient.examined().checks if check.level == "wrong"]
    assert check.sentence == (
        "Our gateway runs, and does not answer at 127.0.0.1:1: was listen changed since it"
        " started, or does it hang?"
    )
