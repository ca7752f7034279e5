"""What was found of a message so far, what it is read against, and the fee."""

from dataclasses import dataclass, field
from typing import Final

from approvals.chains.solana.accounts import solana_address
from approvals.chains.solana.message import Message
from approvals.chains.solana.naming import Named
from approvals.chains.solana.programs import SIGNATURE_CHECKS
from approvals.chains.tables import Chain, Tables
from approvals.findings import Asset, ClaimedOutput, Effect, Fee, Note, Operation
from approvals.risks import Flag

SIGNATURE_FEE: Final = 5_000
"""Lamports for each signature."""

TOKEN_ACCOUNT_RENT: Final = 2_039_280
"""Lamports that a token account of 165 bytes must hold: the payer lends them, its owner may take
them out. (165 + 128 bytes) x 3,480 lamports a byte-year x 2 years."""

UNITS: Final = 200_000
"""Compute units that an instruction may use where the transaction sets no limit."""

MOST_UNITS: Final = 1_400_000
"""Compute units that a whole transaction may use, whatever it says."""

_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """What instructions are read against. `claimed` is the claimed asset, if it is on the chain."""

    chain: Chain
    tables: Tables
    source: bytes
    claimed: Asset | None
    outputs: tuple[ClaimedOutput, ...]


@dataclass(slots=True)
class Doing:
    """What was found so far.

    `doubts` are sentences for check 15; `places` are the token accounts that transfers of tokens
    go to, by the position of their effect. `hides_transfer`: tokens move, but who knows which.
    """

    effects: list[Effect] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    memos: list[str] = field(default_factory=list)
    places: dict[int, bytes] = field(default_factory=dict)
    hides_transfer: bool = False
    limit: int | None = None
    price: int | None = None
    rents: int = 0

    def fee(self, message: Message, chain: Chain) -> Fee:
        """The most it can cost: signatures, compute units at their price, rents that it lends."""
        checked = sum(
            each.data[0]
            for each in message.instructions
            if each.program in SIGNATURE_CHECKS and each.data
        )
        limit = UNITS * len(message.instructions) if self.limit is None else self.limit
        units = -(-min(limit, MOST_UNITS) * (self.price or 0) // _MICRO)
        lamports = SIGNATURE_FEE * (message.signers + checked) + units + self.rents
        return Fee(chain.native, lamports)


def add_named(action: Named, setting: Setting, doing: Doing) -> None:
    """A step that we can name and not explain."""
    source = solana_address(setting.source)
    doing.effects.append(Operation(setting.chain.chain_id, action.name, source, action.details))
    doing.doubts.append(f"{action.name}: what that does is not understood.")
    doing.hides_transfer |= "Transfer" in action.name
    if action.risk:
        doing.flags.append(Flag(action.risk, f"{action.name} {action.warning}."))
