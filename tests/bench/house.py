"""A gateway as operators run it: its own process, an embedded server, a synced audit."""

import asyncio
import contextlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from approvals.window import Window
from gateway.child import free_addresses
from gateway.config.settings import Address
from gateway.desk.cookie import Cookie
from keys.rsa import public_pem, write_private_key
from tests.support.world import CONFIG, NODE, people, rsa_key

WINDOW: Final = Window(retry_times=60, sleep_ms=2_000, timeout_ms=600_000)
NODE_NAME: Final = "node-1"
START_S: Final = 30.0
STOP_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class House:
    """Where a gateway answers, and where its files are."""

    folder: Path
    listen: Address
    operators: Address
    ready_s: float

    def metrics(self) -> dict[str, float]:
        """The numbers that it shows to monitoring."""
        with urllib.request.urlopen(f"http://{self.operators}/metrics", timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    async def resident_and_cpu(self) -> tuple[float, float]:
        """Bytes of memory and seconds of processor time; zeros where the system does not say."""
        found = await asyncio.to_thread(self.metrics)
        memory = found.get("process_resident_memory_bytes", 0.0)
        return memory, found.get("process_cpu_seconds_total", 0.0)

    @property
    def cookie(self) -> Cookie:
        """What opens the operators' door."""
        return Cookie.read(self.folder / "data")


@contextlib.contextmanager
def running(folder: Path, rules: str) -> Iterator[House]:
    """`countersign serve` with these rules, from start to end."""
    listen, operators = free_addresses(2)
    config = _write(folder, rules, listen, operators)
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
    began = time.monotonic()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_ready(process, listen, folder / "log")
        yield House(folder, listen, operators, time.monotonic() - began)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write(folder: Path, rules: str, listen: Address, operators: Address) -> Path:
    keys = folder / "keys"
    keys.mkdir()
    write_private_key(keys / "server.pem", rsa_key("server"))
    (keys / f"{NODE_NAME}.pub").write_bytes(public_pem(rsa_key(NODE_NAME).public_key()))
    seal = folder / "seal.key"
    seal.touch(mode=0o600)
    seal.write_text("5e" * 32 + "\n")
    config = CONFIG.format(keys="keys", port=listen.port).replace(
        "127.0.0.1:0", f"127.0.0.1:{operators.port}"
    )
    config += NODE.format(
        name=NODE_NAME,
        keys="keys",
        retry_times=WINDOW.retry_times,
        sleep=WINDOW.sleep_ms / 1000,
        timeout=WINDOW.timeout_ms / 1000,
    )
    (folder / "policy.toml").write_text(people() + rules)
    path = folder / "countersign.toml"
    path.write_text(config)
    return path


def _wait_ready(process: subprocess.Popen[bytes], listen: Address, log: Path) -> None:
    until = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://{listen}/readyz", timeout=5).close()
            return
        time.sleep(0.005)
    raise RuntimeError(f"The gateway does not get ready. It said:\n{log.read_text()[-2000:]}")
