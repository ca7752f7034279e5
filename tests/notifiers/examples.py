"""Requests as approvers see them, without a store: each test changes one thing."""

from dataclasses import replace
from typing import Any

from approvals.chains.tables import SHIPPED
from approvals.findings import (
    Address,
    Asset,
    ClaimedOutput,
    Claims,
    ContractCall,
    Effect,
    Fee,
    Findings,
    Passed,
    Reason,
    Refused,
    Signing,
    Transfer,
    Unverified,
)
from approvals.model import Approval, Decision, Pending, SeatsLeft, Verdict
from notifiers.ports import Story
from notifiers.words.facts import PAGE
from notifiers.words.sheet import sheet_of
from notifiers.words.text import NO_NAMES, Names
from tests.support.records import NOW, approval, ask, need

TO = Address("evm", b"\x01" * 20, "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c")
FROM = Address("evm", b"\x02" * 20, "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE")
TETHER = Address("evm", b"\x03" * 20, "0xdAC17F958D2ee523a2206206994597C13D831ec7")
USDT = Asset("ETH", "ETH_USDT", "USDT", TETHER, 6)
ETHER = Asset("ETH", "ETH", "ETH", None, 18)
HASH = "0x" + "9c" * 32

TRANSFER = Transfer("ETH", USDT, FROM, TO, 2_500_000_000)
CALL = ContractCall("ETH", TETHER, FROM, 0, ETHER, "0x095ea7b3", 68, "approve(address,uint256)")
CLAIMS = Claims(
    transaction_type="Withdrawal",
    wallet_id="7fc2bfef",
    wallet_name="Hot wallet",
    initiator="treasury-api-key",
    initiator_type="API",
)
NAMES = Names(
    address=lambda address, _: "cold-1" if address == TO else None,
    chain=lambda chain: known.name if (known := SHIPPED.chain(chain)) else chain,
)


def findings(*effects: Effect, **changes: Any) -> Findings:
    """A proved transfer of 2,500 USDT unless told otherwise."""
    made = Findings(
        digest="ab" * 32,
        type=2,
        integrity=Passed(),
        claims=CLAIMS,
        effects=effects or (TRANSFER,),
        complete=True,
        chain="ETH",
        source=FROM,
        fee=Fee(ETHER, 2_700_000_000_000_000),
        hashes=(HASH,),
    )
    return replace(made, **changes)


def unverified(*reasons: str) -> Unverified:
    return Unverified(tuple(Reason(9, reason) for reason in reasons))


def refused(*reasons: str) -> Refused:
    return Refused("contradiction", tuple(Reason(5, reason) for reason in reasons))


def pending(record: Approval, missing: int = 1) -> Pending:
    seats = tuple(
        SeatsLeft(need.group, need.count, missing, need.people) for need in record.verdict.needs
    )
    return Pending(seats, record.deadline)


def story(
    found: Findings | None = None,
    record: Approval | None = None,
    decision: Decision | None = None,
    names: Names = NAMES,
) -> Story:
    record = record or approval()
    found = found or findings()
    page = sheet_of(record, found, names, room=PAGE)
    return Story(
        record, decision or pending(record), sheet_of(record, found, names), paged=lambda: page
    )


__all__ = [
    "CALL",
    "CLAIMS",
    "ETHER",
    "FROM",
    "HASH",
    "NAMES",
    "NOW",
    "NO_NAMES",
    "TETHER",
    "TO",
    "TRANSFER",
    "USDT",
    "ClaimedOutput",
    "Signing",
    "Verdict",
    "approval",
    "ask",
    "findings",
    "need",
    "pending",
    "refused",
    "story",
    "unverified",
]
