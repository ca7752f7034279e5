"""What one instruction says: understood where there is one plain way to read it, else named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from approvals.chains.solana.message import Instruction
from approvals.chains.solana.naming import Named, named
from approvals.chains.solana.programs import (
    ASSOCIATED_TOKEN,
    COMPUTE_BUDGET,
    COMPUTE_FORMS,
    MEMO_1,
    MEMO_2,
    NAMES,
    RECENT_BLOCKHASHES,
    RENT,
    SYSTEM,
    TOKEN,
    TOKEN_2022,
)

UNLIMITED: Final = 2**64 - 1
_WORD: Final = 4
_U64: Final = 8
_CHECKED: Final = 10
_UNCHECKED: Final = 9


@dataclass(frozen=True, slots=True)
class MoveLamports:
    """System: `lamports` from one account to another."""

    sender: bytes
    to: bytes
    lamports: int


@dataclass(frozen=True, slots=True)
class MoveTokens:
    """Token: `amount` base units from one token account to another, in the authority's name.

    `mint` and `decimals` are None for the old form, which does not say which token it moves.
    """

    program: bytes
    account: bytes
    mint: bytes | None
    to: bytes
    authority: bytes
    amount: int
    decimals: int | None


@dataclass(frozen=True, slots=True)
class AllowTokens:
    """Token: `delegate` may from now on move up to `amount` out of the token account."""

    program: bytes
    account: bytes
    mint: bytes | None
    delegate: bytes
    authority: bytes
    amount: int
    decimals: int | None


@dataclass(frozen=True, slots=True)
class OpenTokenAccount:
    """Associated Token Account: make a wallet's token account, the payer lending its rent."""

    payer: bytes
    account: bytes
    wallet: bytes
    mint: bytes
    program: bytes


@dataclass(frozen=True, slots=True)
class AdvanceNonce:
    """System: use up a durable nonce, in place of a recent blockhash."""

    account: bytes
    authority: bytes


@dataclass(frozen=True, slots=True)
class WriteMemo:
    """Memo: a text that stays on the chain."""

    text: str


@dataclass(frozen=True, slots=True)
class LimitUnits:
    """Compute Budget: the most compute units that the transaction may use."""

    units: int


@dataclass(frozen=True, slots=True)
class PriceUnits:
    """Compute Budget: what a compute unit costs beside the base fee, in micro-lamports."""

    price: int


@dataclass(frozen=True, slots=True)
class LimitMemory:
    """Compute Budget: a limit that neither moves nor costs anything."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An instruction of a program whose instructions we do not read; `name` is the program's."""

    program: bytes
    name: str | None


Step: TypeAlias = (
    MoveLamports | MoveTokens | AllowTokens | OpenTokenAccount | WriteMemo | Named | Unknown
)
"""What does something on the chain."""

Action: TypeAlias = Step | AdvanceNonce | LimitUnits | PriceUnits | LimitMemory
"""A step, or what is about the transaction itself."""


def read_instruction(instruction: Instruction) -> Action:
    """Read one instruction; pure, bounded, and never raises."""
    program = instruction.program
    reader = _READERS.get(program)
    if reader is None:
        return Unknown(program, NAMES.get(program))
    seen = [key for key in instruction.accounts if key is not None]
    whole = len(seen) == len(instruction.accounts)
    return (reader(program, seen, instruction.data) if whole else None) or named(instruction)


def _system(_program: bytes, accounts: list[bytes], data: bytes) -> Action | None:
    number = int.from_bytes(data[:_WORD], "little")
    if number == 2 and len(data) == _WORD + _U64 and len(accounts) == 2:  # noqa: PLR2004
        return MoveLamports(accounts[0], accounts[1], int.from_bytes(data[_WORD:], "little"))
    if number == 4 and len(data) == _WORD and len(accounts) == 3:  # noqa: PLR2004
        nonce, blockhashes, authority = accounts
        return AdvanceNonce(nonce, authority) if blockhashes == RECENT_BLOCKHASHES else None
    return None


def _token(program: bytes, accounts: list[bytes], data: bytes) -> Action | None:
    number, size = data[0] if data else None, len(data)
    amount = int.from_bytes(data[1:_UNCHECKED], "little")
    if number in (3, 4) and size == _UNCHECKED and len(accounts) == 3:  # noqa: PLR2004
        account, other, authority = accounts
        kind = MoveTokens if number == 3 else AllowTokens  # noqa: PLR2004
        return kind(program, account, None, other, authority, amount, None)
    if number in (12, 13) and size == _CHECKED and len(accounts) == 4:  # noqa: PLR2004
        account, mint, other, authority = accounts
        kind = MoveTokens if number == 12 else AllowTokens  # noqa: PLR2004
        return kind(program, account, mint, other, authority, amount, data[-1])
    return None


def _associated(_program: bytes, accounts: list[bytes], data: bytes) -> Action | None:
    """Create has no data in its oldest form; old clients also name the rent sysvar, at the end."""
    if data not in (b"", b"\0", b"\1"):
        return None
    if len(accounts) == 7 and accounts[-1] == RENT:  # noqa: PLR2004
        accounts = accounts[:-1]
    if len(accounts) != 6 or accounts[4] != SYSTEM:  # noqa: PLR2004
        return None
    payer, account, wallet, mint, _, program = accounts
    return OpenTokenAccount(payer, account, wallet, mint, program)


def _memo(_program: bytes, _accounts: list[bytes], data: bytes) -> Action | None:
    try:
        return WriteMemo(data.decode())
    except UnicodeDecodeError:
        return None


def _compute(_program: bytes, _accounts: list[bytes], data: bytes) -> Action | None:
    number, value = data[0] if data else None, int.from_bytes(data[1:], "little")
    match number, len(data) - 1:
        case 2, 4:
            return LimitUnits(value)
        case 3, 8:
            return PriceUnits(value)
        case ((1 | 4), 4):
            return LimitMemory(COMPUTE_FORMS[data[0]].name)
        case _:
            return None


_READERS: Final[Mapping[bytes, Callable[[bytes, list[bytes], bytes], Action | None]]] = {
    SYSTEM: _system,
    TOKEN: _token,
    TOKEN_2022: _token,
    ASSOCIATED_TOKEN: _associated,
    MEMO_1: _memo,
    MEMO_2: _memo,
    COMPUTE_BUDGET: _compute,
}
