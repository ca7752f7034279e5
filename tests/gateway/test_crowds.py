"""A gateway process that strangers crowd: nodes are answered, and nothing is left behind."""

import asyncio
import contextlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.doors.seats import FILES, limit_lines, seats_for_nodes, seats_for_operators
from gateway.simulate.node import ask
from tests.support.home import made
from tests.support.waiting import until

FEW = 300
PING = json.dumps({"request_id": "", "request_type": 0, "request_detail": "", "extra_info": ""})

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts in /proc")


class Crowded:
    """A gateway that may open only a few files."""

    def __init__(self, home, process):
        self.home, self.process = home, process

    @property
    def files(self):
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    @property
    def resident(self):
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()

    @property
    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    @property
    def said(self):
        return (self.home.folder / "gateway.log").read_text()

    @contextlib.asynccontextmanager
    async def left_as_found(self):
        """A crowd may come in here; afterwards the gateway has closed each file that it brought."""
        before = self.files
        async with contextlib.AsyncExitStack() as stack:
            yield stack
        await until(lambda: self.files <= before + 1)

    async def answers_at_once(self):
        """The first of a node's attempts."""
        conclusion = await ask(self.home.node, PING.encode())
        assert (conclusion.by, conclusion.action) == ("server", ""), conclusion
        assert conclusion.attempts == 1


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    home = made(tmp_path_factory.mktemp("crowd") / "home")
    log = home.folder / "gateway.log"
    command = [sys.executable, "-P", "-m", "gateway", "serve", "--config", str(home.config)]
    limited = ["sh", "-c", f'ulimit -n {FEW} && exec "$@"', "sh", *command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            limited, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while "Answering TSS Nodes" not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield Crowded(home, process)
    finally:
        process.terminate()
        process.wait(20)


async def crowd(stack, address, data, count):
    for _ in range(count):
        with contextlib.suppress(ConnectionError):
            _, writer = await asyncio.open_connection(address.host, address.port)
            stack.callback(writer.close)
            writer.write(data)


def test_the_limit_is_said_at_the_start(crowded):
    assert f"may open only {FEW} files, so at most 113 connections of nodes" in crowded.said


async def test_a_thousand_idle_and_a_thousand_half_sent_leave_nothing_behind(crowded):
    await crowded.answers_at_once()
    sizes = []
    for _ in range(2):
        async with crowded.left_as_found() as stack:
            await crowd(stack, crowded.home.settings.listen, b"", 500)
            await crowded.answers_at_once()
            half = b"POST /v2/check HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\n"
            await crowd(stack, crowded.home.settings.listen, half + b"x" * 4_000, 500)
            await crowded.answers_at_once()
            assert crowded.files < FEW
        sizes.append(crowded.resident)
    assert sizes[1] - sizes[0] < 8_000_000
    assert "Too many open files" not in crowded.said


async def test_operators_have_seats_of_their_own(crowded):
    async with crowded.left_as_found() as stack:
        await crowd(stack, crowded.home.settings.listen, b"GET /pi", 500)
        found = await asyncio.to_thread(crowded.home.desk.open_approvals)
        assert (found["approvals"], found["more"]) == ([], 0)


async def test_without_a_file_left_it_lives_on_without_spinning(crowded):
    soft, hard = resource.prlimit(crowded.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(crowded.process.pid, resource.RLIMIT_NOFILE, (crowded.files + 3, hard))
    try:
        async with crowded.left_as_found() as stack:
            await crowd(stack, crowded.home.settings.listen, b"", 20)
            await until(lambda: "Too many open files" in crowded.said)
            busy = crowded.cpu_s
            await asyncio.sleep(1)
            assert crowded.cpu_s - busy < 0.5
    finally:
        resource.prlimit(crowded.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
    await crowded.answers_at_once()
    assert crowded.said.count("Too many open files") < 200


def test_seats_keep_files_for_what_the_gateway_itself_needs():
    assert limit_lines(FILES) == []
    for files in (64, 256, 1_024, 4_096, FILES):
        nodes, operators = seats_for_nodes(files).most, seats_for_operators(files).most
        assert min(nodes, operators) > 0
        assert nodes + operators <= files - min(files // 2, 256)
    assert (seats_for_nodes(FILES).most, seats_for_operators(FILES).most) == (12_000, 64)
