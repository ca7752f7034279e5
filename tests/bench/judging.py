"""What the pre-checks and 200 rules cost, beside the signature that follows them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from approvals.inspect import inspect
from approvals.policy import load
from approvals.policy.judge import judge
from approvals.request import Request
from tests.bench import rsa_limit
from tests.bench.asking import request_of
from tests.bench.rows import Row
from tests.support.world import RULES, people, rsa_key

RULE_COUNT: Final = 200
REQUESTS: Final = 200
SAMPLES: Final = (
    "keysign_eth_transfer_eip1559",
    "keysign_erc20_usdt",
    "keysign_contract_call_approve",
    "keysign_eip712_permit",
    "keysign_btc_p2wpkh",
    "keygen_secp256k1",
)
RULE: Final = """
[[rule]]
id = "rule-{number}"
why = "One of many"
effect = "approve"
when.type = "key_sign"
when.kind = "transfer"
when.token = "ETH_USDT"
when.to = ["ETH:0x{number:040x}"]
when.amount_at_most = "{number} USDT"
"""


def measure(_folder: Path) -> list[Row]:
    """The rows of this measurement."""
    rules = "".join(RULE.format(number=number) for number in range(1, RULE_COUNT + 1))
    text = people() + RULES + rules
    began = time.perf_counter()
    policy = load(text)
    loaded_ms = (time.perf_counter() - began) * 1000
    signature_us = min(rsa_limit.signature_us(rsa_key("server")) for _ in range(3))
    subject = "Pre-checks and rules"
    rows = [Row(subject, f"loading {RULE_COUNT} rules", f"{loaded_ms:.0f} ms", "once, at start")]
    for name in SAMPLES:
        fresh = [request_of(name, number, "node-1") for number in range(REQUESTS)]

        def once(request: Request) -> None:
            judge(inspect(request, policy.tables), policy)

        once(fresh[0])
        took_us = min(_microseconds(once, fresh) for _ in range(3))
        share = f"{took_us / signature_us:.2f} of an RSA-2048 signature ({signature_us:.0f} us)"
        rows.append(Row(subject, name, f"{took_us:.0f} us", share))
    return rows


def _microseconds(call: Callable[[Request], None], requests: list[Request]) -> float:
    began = time.perf_counter()
    for request in requests:
        call(request)
    return (time.perf_counter() - began) / len(requests) * 1e6
