import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.config.file import load
from gateway.config.settings import Address
from gateway.demo import _decide, _said, _Stage
from gateway.demo_screen import Screen
from gateway.simulate.attempts import Began
from tests.support.requests import FOLDER, sample

COMMAND = [sys.executable, "-m", "gateway", "demo"]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where the demo puts its folder: short, for the embedded server's socket has a long name."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def play(*arguments):
    """In this process, but for the gateway; the signals' handlers are given back."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(main, ["demo", *arguments])
    finally:
        signal.signal(signal.SIGTERM, before)


def left_running(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found


@pytest.mark.parametrize(
    ("answer", "concluded"),
    [
        ("approve", "APPROVE, verified and signed by the gateway"),
        ("none", "timeout: no decision in time"),
    ],
)
def test_the_node_concludes_what_was_asked_for(answer, concluded, temporary):
    done = play("--answer", answer)
    assert done.exit_code == 0, done.output
    assert concluded in done.stdout
    assert "Send 2,500 USDT" in done.stdout
    assert "VERIFIED" in done.stdout
    assert list(temporary.iterdir()) == []
    assert left_running(temporary) == []


def test_a_request_that_no_person_can_approve_is_not_what_was_asked_for(temporary):
    done = play("--answer", "approve", "--request", str(FOLDER / "bad_hash_mismatch.json"))
    assert done.exit_code == 1
    assert "contradiction: " in done.stdout
    assert "The node concluded REJECT" in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert list(temporary.iterdir()) == []


async def test_what_was_decided_before_the_person_looked_is_held_against_what_they_were_to_say(
    world,
):
    async with world.running() as house:
        refused = sample("bad_hash_mismatch")
        await house.asks(refused)
        operator = house.running.operator
        settings = replace(
            load(world.folder / "countersign.toml"),
            operator_listen=Address(operator.host, operator.port),
        )
        stage = _Stage(
            settings=settings,
            node=house.node(),
            package=refused.package,
            request_id=refused.request_id,
            key=world.folder / "nobody.key",
            answer="approve",
            screen=Screen(),
        )
        assert await _decide(stage) == "approve"


def test_another_request_can_be_shown_and_rejected(temporary):
    done = play("--answer", "reject", "--request", str(FOLDER / "keygen_secp256k1.json"))
    assert done.exit_code == 0, done.output
    assert "NOT VERIFIED" in done.stdout
    assert "REJECT, verified and signed by the gateway" in done.stdout
    assert list(temporary.iterdir()) == []
    assert left_running(temporary) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_whoever_ends_it_early_leaves_nothing_behind(number, temporary):
    with subprocess.Popen(
        [*COMMAND, "--answer", "none"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        while "says nothing" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "Traceback" not in said
    assert list(temporary.iterdir()) == []
    assert left_running(temporary) == []


def piped(typed):
    """Play it with a pipe in the terminal's place; None: with nobody at all."""
    return subprocess.run(
        COMMAND,
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_with_nobody_at_the_terminal_it_says_so_and_the_deadline_refuses(temporary):
    done = piped(None)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Nobody is at the terminal, so nobody will answer")
    assert "Send 2,500 USDT" in done.stdout
    assert "REJECT, verified and signed by the gateway" in done.stdout
    assert "timeout: no decision in time" in done.stdout


def test_a_pipe_may_answer_as_a_person_does(temporary):
    done = piped("x\na\n")
    assert done.returncode == 0, done.stderr
    assert "[a]pprove or [r]eject? x\n" in done.stdout
    assert "[a]pprove or [r]eject? a\n" in done.stdout
    assert "APPROVE, verified and signed by the gateway" in done.stdout


@pytest.mark.parametrize("kind", ["pipe", "file", "closed"])
async def test_whoever_speaks_is_heard_line_by_line_to_the_end(kind, monkeypatch, tmp_path):
    said = tmp_path / "said"
    said.write_text("r\nnot ours" if kind == "file" else "")
    with said.open() as file:
        reading, writing = os.pipe()
        os.write(writing, b"r\nnot ours")
        os.close(writing)
        with os.fdopen(reading) as pipe:
            monkeypatch.setattr(sys, "stdin", {"pipe": pipe, "file": file, "closed": None}[kind])
            screen = Screen()
            assert screen.is_deserted() == (kind == "closed")
            lines = [await screen.ask("? ") for _ in range(3)]
    assert lines == ([None] * 3 if kind == "closed" else ["r", "not ours", None])


async def test_a_pipe_that_says_the_same_for_ever_is_not_asked_for_ever(monkeypatch, capsys):
    reading, writing = os.pipe()
    with os.fdopen(reading) as pipe, os.fdopen(writing, "w") as person:
        person.write("y\n" * 100)
        person.flush()
        monkeypatch.setattr(sys, "stdin", pipe)
        stage: Any = SimpleNamespace(answer=None, screen=Screen())
        assert await _said(stage) == ("none", "")
    assert capsys.readouterr().out.count("eject? y\n") == 5


def at_a_terminal(answers):
    """Play the demo; `answers` are (what is waited for, what is typed then). Text, exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, COMMAND, {**os.environ, "COLUMNS": "80", "TERM": "xterm"})
    shown = b""
    unread = b""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            content = os.read(terminal, 65_536)
        except OSError:
            break
        shown += content
        unread += content
        if answers and answers[0][0] in unread:
            unread = b""
            os.write(terminal, answers.pop(0)[1])
    os.close(terminal)
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_person_answers_at_the_terminal(temporary):
    text, status = at_a_terminal(
        [(b"eject? ", b"x\n"), (b"eject? ", b"a\n"), (b"because? ", b"payroll\n")]
    )
    assert status == 0, text
    assert "--reason 'payroll'" in text
    assert "APPROVE, verified and signed by the gateway" in text


async def test_what_the_node_says_meanwhile_does_not_run_into_the_question(monkeypatch, capsys):
    reading, writing = os.pipe()
    with os.fdopen(reading) as terminal, os.fdopen(writing, "w") as person:
        monkeypatch.setattr(sys, "stdin", terminal)
        screen = Screen()
        asking = asyncio.create_task(screen.ask("yes or no? "))
        await asyncio.sleep(0)
        screen.show(Began(2, 3, at=0))
        person.write("no\n")
        person.flush()
        assert await asking == "no"
        screen.show(Began(3, 3, at=0))
    assert capsys.readouterr().out == (
        "yes or no? \nnode    | attempt 2 of 3: waiting\n"
        "yes or no? no\n"
        "node    | attempt 3 of 3: waiting\n"
    )
