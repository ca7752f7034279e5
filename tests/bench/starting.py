"""How long the command takes to say what it can do, and a gateway to be ready."""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from tests.bench.house import running
from tests.bench.rows import Row
from tests.support.world import RULES

TIMES: Final = 5


def measure(folder: Path) -> list[Row]:
    """The rows of this measurement."""
    helps = [_command_s("--help") for _ in range(TIMES)]
    checks, readies = [], []
    for number in range(TIMES):
        home = folder / str(number)
        home.mkdir()
        with running(home, RULES) as house:
            readies.append(house.ready_s)
        checks.append(_command_s("policy", "check", "--config", str(home / "countersign.toml")))
    how = f"median of {TIMES}"
    return [
        Row("Starting", "countersign --help", f"{statistics.median(helps):.2f} s", how),
        Row("Starting", "countersign policy check", f"{statistics.median(checks):.2f} s", how),
        Row(
            "Starting",
            "countersign serve, until ready",
            f"{statistics.median(readies):.2f} s",
            f"{how}, with a new embedded server",
        ),
    ]


def _command_s(*arguments: str) -> float:
    began = time.monotonic()
    command = [sys.executable, "-m", "gateway", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began
