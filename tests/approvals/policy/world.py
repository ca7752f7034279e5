"""One world for the tests of rules: people, addresses, coins, and requests that bend one fact."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from approvals.chains.addresses import parse_address
from approvals.chains.tables import SHIPPED
from approvals.findings import (
    Address,
    Asset,
    Claims,
    ContractCall,
    Effect,
    Fee,
    Findings,
    KeyFacts,
    Passed,
    Reason,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
    Wrap,
)
from approvals.model import Verdict
from approvals.policy import Policy, PolicyError, judge, load

POLICIES = Path(__file__).parents[2] / "policies"
KEYS = {
    "ana": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMuoAAVSm05jLdIiaue1qa2ez+AT+41dE6AAQkCup4AZ ana",
    "bo": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOBWT+oPQGcf54SfoojkKB3xAJgboJAjSrhly0rJiTqm bo",
}

PEOPLE = f"""
[people.ana]
slack = "U024ANA"
ssh_key = "{KEYS["ana"]}"
initiates_as = ["ana@acme.example", "treasury-api-key"]
[people.bo]
slack = "U024BO"
ssh_key = "{KEYS["bo"]}"
[people.chen]
slack = "U024CHEN"
[people.dee]
slack = "U024DEE"
[people.eli]
slack = "U024ELI"
[groups]
treasury = ["ana", "bo", "chen"]
on_call = ["dee", "eli"]
"""
ASK = """
[ask]
approvals = [{ group = "treasury", count = 1 }]
within = "30m"
"""

COLD_TEXT = "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"
HOT_TEXT = "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE"
THIEF_TEXT = "0x000000000000000000000000000000000000dEaD"


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None
    return found


def asset(token_id: str) -> Asset:
    token = SHIPPED.token(token_id)
    assert token is not None
    return token.asset


COLD, HOT, THIEF = address(COLD_TEXT), address(HOT_TEXT), address(THIEF_TEXT)
USDT, USDC, ETH = asset("ETH_USDT"), asset("ETH_USDC"), asset("ETH")
BSC_USDT = asset("BSC_USDT")
WETH = asset("ETH_WETH")
UNIT = 10**6

NODES = (
    "coboWSdAU7eb11Y4apUyHRrWvuAF24yFqPta4NSS5ZLqFgvDQ",
    "coboWVtofiNQSEKpaerFNSJNa5s32kT3hBmBBFgYiY6PmPEcG",
    "coboWXXxkiXBUxX3sAXrsa7aLsiyrKJZQ9PUngyy5mAjf1giU",
)
XPUB = (
    "xpub661MyMwAqRbcGAp3B7J7f9Q6i7Mzf5thT9TF4nKxK196JMZDeCZS9HnmdFRbhD95W2mMVcwJD8p1CHANx2u8x"
    "Zjz8cfQfzBY1x2Fg8jaUh7"
)
CPUB = (
    "cpubGCmTMqXYTnzkcKJbZfbbjJJzfGbfJZAQuYmg5egLcWQV36juvDotQpPNXQRTd4737T8Nr3LbUCSjvAXUGwzcj"
    "4E4otWyiouZFwQeEU8gvqM"
)

CLAIMS = Claims(
    transaction_id="t-1",
    chain_id="ETH",
    token_id="ETH_USDT",
    kind="transfer",
    source=HOT_TEXT,
    wallet_id="w-1",
    wallet_name="Hot wallet",
    vault_id="v-1",
    vault_name="Main vault",
    initiator_type="API",
    categories=("AutoSweep", "payroll"),
    initiator="desk-bot",
)


def usdt(amount: int, to: Address = COLD, *, coin: Asset = USDT) -> Transfer:
    """A transfer of whole coins with six decimals."""
    return Transfer(coin.chain, coin, HOT, to, amount * UNIT)


def call(contract: Address = THIEF, *, value: int = 0) -> ContractCall:
    return ContractCall("ETH", contract, HOT, value, ETH, "0xdeadbeef", 68)


def message() -> Signing:
    return Signing("ETH", "message", "EIP-191", "hello")


def allowance(amount: int | None, spender: Address = COLD) -> TokenApproval:
    """USDT that a spender may move from now on; None: all of it."""
    units = None if amount is None else amount * UNIT
    return TokenApproval("ETH", USDT, HOT, spender, units, "approve", "0x095ea7b3")


def wrap(coins: int = 1, *, unwraps: bool = False) -> Wrap:
    """Coins become WETH, or WETH coins."""
    selector = "0x2e1a7d4d" if unwraps else "0xd0e30db0"
    return Wrap("ETH", ETH, WETH, HOT, coins * 10**18, unwraps, selector)


def fee(at_most: int = 10**15, *, coin: Asset = ETH) -> Fee:
    return Fee(coin, at_most)


def passed(*effects: Effect, claims: Claims = CLAIMS) -> Findings:
    """A KeySign whose bytes are fully understood."""
    return Findings(
        digest="d" * 64,
        type=2,
        integrity=Passed(),
        claims=claims,
        effects=effects,
        complete=True,
        chain="ETH",
        source=HOT,
        fee=fee(),
    )


def undecoded(*effects: Effect, claims: Claims = CLAIMS) -> Findings:
    """A KeySign of which we know these effects, and that there may be others."""
    return Findings(
        digest="d" * 64,
        type=2,
        integrity=Unverified((Reason(3, "not understood"),)),
        claims=claims,
        effects=effects,
    )


def keys(type_: int) -> Findings:
    """A request about keys, which has no effects."""
    return Findings(
        "d" * 64, type_, Unverified((Reason(1, "both halves come from Cobo"),)), Claims()
    )


def ceremony(type_: int = 1, **facts: Any) -> Findings:
    """A key that is made (1) or moved (3), with which nothing is wrong but that nobody pins it."""
    key = KeyFacts("secp256k1", NODES, 2, root_pub_key=None if type_ == 1 else XPUB, agreed=True)
    return replace(keys(type_), claims=CLAIMS, keys=replace(key, **facts))


PINS = ("when.threshold_at_least = 2", f"when.nodes = {[*NODES]}")


def policy(*rules: str, default: str = "ask", ask: str = ASK, more: str = "") -> Policy:
    return load(text(*rules, default=default, ask=ask, more=more))


def text(*rules: str, default: str = "ask", ask: str = ASK, more: str = "") -> str:
    return "\n".join([f'default = "{default}"', PEOPLE, ask, more, *rules])


def rule(id_: str, effect: str, *lines: str) -> str:
    return "\n".join(
        ["[[rule]]", f'id = "{id_}"', f'why = "why {id_}"', f'effect = "{effect}"', *lines]
    )


SWEEP = rule(
    "sweep",
    "approve",
    'when.type = "key_sign"',
    'when.kind = "transfer"',
    f'when.to = ["ETH:{COLD_TEXT}"]',
    'when.amount_at_most = "50000 USDT"',
)
"""Approves a transfer of up to 50,000 USDT to COLD."""


def verdict(findings: Findings, *rules: str, default: str = "ask", more: str = "") -> Verdict:
    return judge(findings, policy(*rules, default=default, more=more))


def seats(said: Verdict) -> dict[str, int]:
    return {need.group: need.count for need in said.needs}


def mistakes(toml: str) -> list[str]:
    """What `load` says about a file, line by line."""
    try:
        load(toml)
    except PolicyError as error:
        return [mistake.sentence for mistake in error.mistakes]
    return []
