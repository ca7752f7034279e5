"""The real process: it stops in time, dies without harm, and never runs twice over one store."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.simulate.node import signed_token
from tests.support.home import made
from tests.support.ports import free_ports
from tests.support.requests import sample

STOPS_WITHIN_S = 10


class Process:
    """`countersign serve`, as an operator starts it."""

    def __init__(self, home):
        self.home = home
        self.log = home.folder / f"serve-{time.monotonic_ns()}.log"
        self.began = time.monotonic()
        with self.log.open("wb") as output:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", "--config", str(home.config)],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self):
        return self.log.read_text()

    def ready(self):
        until = time.monotonic() + 30
        address = self.home.settings.listen
        while time.monotonic() < until and self.child.poll() is None:
            try:
                with socket.create_connection((address.host, address.port), 1) as asking:
                    asking.sendall(b"GET /readyz HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n")
                    if asking.recv(100).startswith(b"HTTP/1.1 200"):
                        return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.said)

    def ends(self, number):
        began = time.monotonic()
        self.child.send_signal(number)
        code = self.child.wait(STOPS_WITHIN_S)
        return code, time.monotonic() - began

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


@pytest.fixture
def home(tmp_path):
    return made(tmp_path / "home")


@pytest.fixture
def start(home):
    started = []

    def starting():
        started.append(Process(home))
        return started[-1]

    yield starting
    for process in started:
        process.kill()
    for pid in embedded(home):
        os.kill(pid, signal.SIGKILL)


def embedded(home):
    """The embedded server's processes of this home."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.joinpath("cwd").readlink() == (home.folder / "data" / "redis").resolve():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def held(home):
    """A connection whose request is pending."""
    address = home.settings.listen
    connection = socket.create_connection((address.host, address.port), 5)
    body = "TSS_JWT_MSG=" + signed_token(home.node, sample("keysign_erc20_usdt").package)
    connection.sendall(
        b"POST /v2/check HTTP/1.1\r\nHost: g\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    until = time.monotonic() + 10
    while not home.desk.open_approvals()["approvals"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    return connection


def everything(connection):
    connection.settimeout(15)
    with connection:
        try:
            return connection.recv(100)
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_time_and_who_is_held_hears_no_byte(start, home, number):
    process = start().ready()
    connection = held(home)
    code, took = process.ends(number)
    assert everything(connection) == b""
    assert code == 0
    assert took < STOPS_WITHIN_S / 2
    assert embedded(home) == []
    assert "Traceback" not in process.said


def signals(process, which):
    """A set of signals that the kernel keeps of a process: `SigIgn`, `SigCgt`."""
    status = Path(f"/proc/{process.child.pid}/status").read_text()
    (found,) = re.findall(rf"{which}:\s*([0-9a-f]+)", status)
    return int(found, 16)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks the kernel of Linux")
def test_a_hangup_long_before_it_answers_does_not_end_it(start):
    process = start()
    hangup, terminate = 1 << signal.SIGHUP - 1, 1 << signal.SIGTERM - 1
    while not signals(process, "SigIgn") & hangup:
        assert not signals(process, "SigCgt") & terminate, "it listens, and never was deaf"
        assert process.child.poll() is None
        time.sleep(0.001)
    process.child.send_signal(signal.SIGHUP)
    process.ready()
    assert signals(process, "SigCgt") & hangup


def test_a_hangup_reads_the_policy_again_and_never_ends_it(start, home):
    process = start()
    while "Answering TSS Nodes" not in process.said:
        assert process.child.poll() is None
        time.sleep(0.01)
    process.child.send_signal(signal.SIGHUP)
    process.ready()
    path = home.settings.policy
    good = path.read_text()
    path.write_text(good + "\n# another one\n")
    process.child.send_signal(signal.SIGHUP)
    says(process, "Policy change: ")
    path.write_text('default = "approve"')
    process.child.send_signal(signal.SIGHUP)
    says(process, "policy_refused")
    path.unlink()
    process.child.send_signal(signal.SIGHUP)
    says(process, "cannot be read")
    assert process.child.poll() is None
    process.child.send_signal(signal.SIGHUP)
    code, _ = process.ends(signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in process.said


def says(process, text):
    until = time.monotonic() + 10
    while text not in process.said:
        assert time.monotonic() < until, process.said
        time.sleep(0.02)


def test_after_a_kill_9_the_next_one_adopts_the_store_and_goes_on(start, home):
    first = start().ready()
    connection = held(home)
    (server,) = embedded(home)
    first.kill()
    assert everything(connection) == b""
    second = start().ready()
    assert embedded(home) == [server]
    (approval,) = home.desk.open_approvals()["approvals"]
    assert approval["approval"]["request_id"] == sample("keysign_erc20_usdt").request_id
    second.ends(signal.SIGTERM)
    assert embedded(home) == []


def test_a_second_gateway_on_the_same_data_is_refused_in_one_sentence(start):
    start().ready()
    second = start()
    assert second.child.wait(30) == 1
    assert re.search(r"is in use by another gateway", second.said)
    assert "Traceback" not in second.said


def test_an_address_that_is_taken_is_refused_in_one_sentence(start, home):
    (port,) = free_ports(1)
    text = home.config.read_text()
    text = re.sub(r'^listen = ".*"', f'listen = "127.0.0.1:{port}"', text, flags=re.MULTILINE)
    home.config.write_text(text)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        process = start()
        assert process.child.wait(30) == 1
    assert "Cannot listen on" in process.said
    assert "Traceback" not in process.said
    assert embedded(home) == []


def test_it_is_ready_soon_and_says_what_it_is_connected_to_and_no_secret(start, home):
    process = start().ready()
    assert time.monotonic() - process.began < 10
    said = process.said
    for part in ("SHA256:", "noeviction", "always", "it listens", "operators at", "Policy "):
        assert part in said
    connection = held(home)
    process.ends(signal.SIGTERM)
    everything(connection)
    seal = (home.folder / "keys" / "seal.key").read_text().strip()
    cookie = (home.folder / "data" / "operator.cookie").read_text().strip()
    for secret in (seal, cookie, "eyJ", "PRIVATE KEY", "unsigned_raw_tx"):
        assert secret not in process.said
