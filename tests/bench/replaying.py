"""How fast a draft policy is replayed on the requests that the audit kept."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from approvals.audit.chain import Chain
from approvals.audit.lines import body_of
from approvals.birth import Circumstances, born
from approvals.events import Answered, Asked
from approvals.inspect import inspect
from approvals.policy import load
from approvals.policy.judge import judge
from tests.bench.asking import request_of
from tests.bench.house import WINDOW
from tests.bench.judging import RULE, RULE_COUNT
from tests.bench.rows import Row
from tests.support.audits import notary
from tests.support.world import APPROVE_SMALL, RULES, World, people

REQUESTS: Final = 20_000
AT_ONCE: Final = 1_000
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
    write_audit(folder / "data" / "audit", requests)
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


def write_audit(folder: Path, requests: int) -> None:
    """What a gateway would have written about so many requests: asked and answered."""
    policy, now = load(people() + RULES), time.time_ns() // 1_000_000
    bodies: list[bytes] = []
    chain = Chain(
        folder, process="bench", clock=lambda: now, notary=notary(), standing=lambda: None
    )
    for number in range(requests):
        request = request_of(SAMPLES[number % len(SAMPLES)], number, "node-1")
        findings = inspect(request, policy.tables)
        at = Circumstances(WINDOW, policy.digest, f"token-{number}", now, "bench")
        approval = born(request, findings, judge(findings, policy), at)
        bodies.append(body_of(Asked(now, request, findings, approval), "bench"))
        bodies.append(body_of(Answered(now, approval, f"token-{number}", 5), "bench"))
        if len(bodies) >= AT_ONCE or number == requests - 1:
            chain.append(bodies)
            bodies.clear()
    chain.close()
