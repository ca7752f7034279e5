"""How fast a draft policy is replayed on the requests that the audit kept."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from approvals.audit import _line
from approvals.birth import Circumstances, born
from approvals.events import Answered, Asked
from approvals.inspect import inspect
from approvals.policy import load
from approvals.policy.judge import judge
from tests.bench.asking import request_of
from tests.bench.house import WINDOW
from tests.bench.judging import RULE, RULE_COUNT
from tests.bench.rows import Row
from tests.support.world import APPROVE_SMALL, RULES, World, people

REQUESTS: Final = 20_000
SAMPLES: Final = (
    "keysign_erc20_usdt",
    "keysign_eth_transfer_eip1559",
    "keysign_contract_call_approve",
    "keysign_eip712_permit",
)


def measure(folder: Path, requests: int = REQUESTS) -> list[Row]:
    """The rows of this measurement."""
    world = World(folder, None, rules=RULES)
    config = world.write()
    audit = folder / "data" / "audit"
    audit.mkdir(parents=True)
    write_audit(audit / "20260101-1-bench-1.jsonl", requests)
    rules = "".join(RULE.format(number=number) for number in range(1, RULE_COUNT + 1))
    draft = folder / "draft.toml"
    draft.write_text(people() + RULES + APPROVE_SMALL + rules)
    began = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "gateway",
        "policy",
        "replay",
        str(draft),
        "--config",
        str(config),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    took_s = time.monotonic() - began
    if done.returncode != 1 or f"{requests:,} requests" not in " ".join(done.stdout.split()):
        raise RuntimeError(f"The replay went wrong:\n{done.stdout[:500]}\n{done.stderr[:2000]}")
    how = f"{requests:,} requests, {RULE_COUNT} rules, start included: {took_s:.1f} s"
    return [Row("Policy replay", "requests a second", f"{requests / took_s:,.0f}", how)]


def write_audit(path: Path, requests: int) -> None:
    """What a gateway would have written about so many requests: asked and answered."""
    policy, now = load(people() + RULES), time.time_ns() // 1_000_000
    with path.open("wb") as lines:
        for number in range(requests):
            request = request_of(SAMPLES[number % len(SAMPLES)], number, "node-1")
            findings = inspect(request, policy.tables)
            at = Circumstances(WINDOW, policy.digest, f"token-{number}", now, "bench")
            approval = born(request, findings, judge(findings, policy), at)
            lines.write(_line(Asked(now, request, findings, approval), "bench"))
            lines.write(_line(Answered(now, approval, f"token-{number}", 5), "bench"))
