"""What the pre-checks and 200 rules cost, beside the signature that follows them."""

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from approvals.chains.rlp import Item, encode
from approvals.details.documents import MAX_CHARS
from approvals.inspect import inspect
from approvals.inspect.keysign import MAX_RAW_BYTES
from approvals.policy import Policy, load
from approvals.policy.judge import judge
from approvals.request import Request
from tests.bench import rsa_limit
from tests.bench.asking import request_of
from tests.bench.rows import Row
from tests.support.requests import FOLDER, sample
from tests.support.world import RULES, people, rsa_key

T = TypeVar("T")

RULE_COUNT: Final = 200
REQUESTS: Final = 100
UNSEEN: Final = 20
ROUNDS: Final = 10
SAMPLES: Final = tuple(sorted(path.stem for path in FOLDER.glob("key*.json")))
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
_SUBJECT: Final = "Pre-checks and rules"


def measure(_folder: Path) -> list[Row]:
    """The rows of this measurement; all times are of the processor, the best of several rounds."""
    rules = "".join(RULE.format(number=number) for number in range(1, RULE_COUNT + 1))
    text = people() + RULES + rules
    began = time.perf_counter()
    policy = load(text)
    loaded_ms = (time.perf_counter() - began) * 1000
    key = rsa_key("server")
    signature_us = min(rsa_limit.signature_us(key) for _ in range(ROUNDS))
    for name in SAMPLES:
        inspect(sample(name).request, policy.tables)  # so that every family is imported
    caches = _caches()
    return [
        Row(_SUBJECT, f"loading {RULE_COUNT} rules", f"{loaded_ms:.0f} ms", "once, at start"),
        Row(_SUBJECT, "one RSA-2048 signature", f"{signature_us:.0f} us", "what follows them"),
        *(_sample(name, policy, signature_us, caches) for name in SAMPLES),
        *_largest(policy),
    ]


def _sample(name: str, policy: Policy, signature_us: float, caches: Sequence[Any]) -> Row:
    """One sample as so many new tasks for the same addresses, and as if nothing were known yet."""
    fresh = [request_of(name, number, "node-1") for number in range(REQUESTS)]
    findings = [inspect(request, policy.tables) for request in fresh]

    def whole(request: Request) -> None:
        judge(inspect(request, policy.tables), policy)

    checks_us = _best_us(lambda request: inspect(request, policy.tables), fresh)
    verdict_us = _best_us(lambda found: judge(found, policy), findings)
    whole_us = _best_us(whole, fresh)
    new_us = min(_new_us(whole, request, caches) for request in fresh[:UNSEEN])
    share = f"{whole_us / signature_us:.0%} of a signature"
    parts = f"checks {checks_us:.0f} us, verdict {verdict_us:.0f} us, all new to us {new_us:.0f} us"
    return Row(_SUBJECT, name, f"{whole_us:.0f} us", f"{share}; {parts}")


def _largest(policy: Policy) -> Iterable[Row]:
    """The largest documents that are read at all, as a hostile backend might send them."""
    base = sample("keysign_erc20_usdt")
    calldata = bytes(MAX_RAW_BYTES - 100)
    fields: list[Item] = [b"\1", b"", b"", b"", b"", b"\x11" * 20, b"", calldata, []]
    pair, pairs = '{"a":[]},', MAX_CHARS // 9 - 100
    cases = {
        "unsigned_raw_tx of 1 MiB": base.with_evm_bytes(b"\2" + encode(fields)).request,
        "extra_info of 8 MiB": base.with_texts(extra=f'{{"b":[{pair * pairs}0]}}').request,
    }
    for what, request in cases.items():
        took_us = _best_us(lambda each: inspect(each, policy.tables), [request], rounds=2)
        yield Row(_SUBJECT, f"checks of {what}", f"{took_us / 1000:.0f} ms", "at most")


def _best_us(call: Callable[[T], object], items: Sequence[T], rounds: int = ROUNDS) -> float:
    """Microseconds an item."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for item in items:
            call(item)
        best = min(best, time.process_time() - began)
    return best / len(items) * 1e6


def _new_us(call: Callable[[Request], None], request: Request, caches: Sequence[Any]) -> float:
    """Microseconds of a request of which no earlier one had any key, address or type."""
    for cache in caches:
        cache.cache_clear()
    began = time.process_time()
    call(request)
    return (time.process_time() - began) * 1e6


def _caches() -> list[Any]:
    """What remembers parts of requests; a cache without a bound holds what ships."""
    kind = type(lru_cache(abs))
    caches = [each for each in gc.get_objects() if type(each) is kind]
    ours = [each for each in caches if each.__module__.startswith("approvals.")]
    return [each for each in ours if each.cache_parameters()["maxsize"]]
