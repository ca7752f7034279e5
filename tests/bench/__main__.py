"""Run every measurement and print one table of what they found."""

import resource
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.bench import deciding, judging, replaying, starting, strangers, waiting
from tests.bench.rows import Row, show

_FILES: Final = 12_000
_SAY = Console(stderr=True)


def main() -> None:
    """Measure on this machine, over loopback alone; takes about two minutes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    began = time.monotonic()
    rows: list[Row] = []
    for measurement in (starting, judging, replaying, strangers, deciding, waiting):
        _SAY.print(f"{measurement.__doc__}".splitlines()[0], style="dim")
        with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
            rows += measurement.measure(Path(folder))
    show(rows, took_s=time.monotonic() - began)


if __name__ == "__main__":  # the workers import this file too
    main()
