"""Unsigned Solana transactions, read exactly: legacy messages and those of version 0.

There is one way to write a message: lengths are as short as can be, nothing follows the end, and
no account is listed twice. What is read here is therefore what the same bytes mean to a validator.
"""

from dataclasses import dataclass
from typing import Final, NoReturn

PACKET: Final = 1232
"""Bytes a whole transaction may have, signatures included: one packet, as validators take it."""

KEY: Final = 32
SIGNATURE: Final = 64
_MOST_ACCOUNTS: Final = 256
_VERSIONED: Final = 0x80


class BadMessage(ValueError):  # noqa: N818 - named like BadRlp
    """The bytes are not the exact encoding of an unsigned transaction."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One call of a program: bytes `start` up to `end` of the transaction.

    `indexes` point into the accounts of the message. `accounts` are their keys, None for one that
    stands in a lookup table of the chain, where nobody can see it from here.
    """

    program: bytes
    indexes: bytes
    accounts: tuple[bytes | None, ...]
    data: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """An address lookup table, and the positions in it that the message takes accounts from."""

    table: bytes
    writable: bytes
    readonly: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Message:
    """What is signed. `version` is None for a legacy message.

    The first `signers` of `keys` sign, the last `readonly_signers` of these without being written
    to; of the other keys the last `readonly` are not written to. The first key pays the fee.
    `signed` is the message itself, from byte `start` of the transaction to its end; the keys begin
    at `keys_start`.
    """

    version: int | None
    signers: int
    readonly_signers: int
    readonly: int
    keys: tuple[bytes, ...]
    blockhash: bytes
    instructions: tuple[Instruction, ...]
    lookups: tuple[Lookup, ...]
    signed: bytes
    start: int
    keys_start: int

    def is_signer(self, index: int) -> bool:
        """Whether the account signs."""
        return index < self.signers

    def is_writable(self, index: int) -> bool:
        """Whether the account may be written to, among those that the message itself lists."""
        if index < self.signers:
            return index < self.signers - self.readonly_signers
        return index < len(self.keys) - self.readonly


@dataclass(frozen=True, slots=True)
class Foreign:
    """A transaction of a form that we do not read."""

    what: str


def read_transaction(raw: bytes) -> Message | Foreign:
    """Read a transaction without signatures: none at all, or an empty slot for each signer.

    Raises:
        BadMessage: it is anything else.
    """
    if len(raw) > PACKET:
        return Foreign("longer than a packet")
    if raw[:1] >= bytes([_VERSIONED]):
        return Foreign("of a version after 0")
    slots = raw[0] if raw else 0
    start = 1 + slots * SIGNATURE
    if any(raw[1:start]):
        raise BadMessage("it is signed already")
    if len(raw) > start and raw[start] > _VERSIONED:
        return Foreign("of a version after 0")
    message = _Reader(raw, start).message()
    if slots not in (0, message.signers):
        raise BadMessage("its empty signatures are not as many as its signers")
    if len(message.signed) + 1 + message.signers * SIGNATURE > PACKET:
        return Foreign("longer than a packet when signed")
    return message


class _Reader:
    """A place in the bytes, moving forward."""

    __slots__ = ("_at", "_raw")

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw = raw
        self._at = at

    def message(self) -> Message:
        start = self._at
        version = self._byte() - _VERSIONED if self._raw[start : start + 1] == b"\x80" else None
        signers, readonly_signers, readonly = self._byte(), self._byte(), self._byte()
        count = self._length()
        keys_start = self._at
        keys = tuple([self._take(KEY) for _ in range(count)])
        if len(set(keys)) != count:
            raise BadMessage("it lists an account twice")
        if readonly_signers >= signers or signers + readonly > count:
            raise BadMessage("its header counts more accounts than it lists, or nobody pays")
        blockhash = self._take(KEY)
        found = tuple([self._instruction() for _ in range(self._length())])
        lookups = () if version is None else tuple(self._lookups())
        if self._at != len(self._raw):
            raise BadMessage("something follows its end")
        return Message(
            version=version,
            signers=signers,
            readonly_signers=readonly_signers,
            readonly=readonly,
            keys=keys,
            blockhash=blockhash,
            instructions=_resolved(found, keys, lookups),
            lookups=lookups,
            signed=self._raw[start:],
            start=start,
            keys_start=keys_start,
        )

    def _instruction(self) -> tuple[int, int, bytes, bytes, int]:
        start = self._at
        program = self._byte()
        indexes = self._take(self._length())
        data = self._take(self._length())
        return start, program, indexes, data, self._at

    def _lookups(self) -> list[Lookup]:
        found = []
        for _ in range(self._length()):
            start, table = self._at, self._take(KEY)
            writable, readonly = self._take(self._length()), self._take(self._length())
            if not writable and not readonly:
                raise BadMessage("it names a lookup table and takes nothing from it")
            found.append(Lookup(table, writable, readonly, start, self._at))
        return found

    def _length(self) -> int:
        """A compact-u16, in its shortest form; a packet holds no length of three bytes."""
        low = self._byte()
        if low < 0x80:  # noqa: PLR2004 - seven bits
            return low
        high = self._byte()
        if not 0 < high < 0x80:  # noqa: PLR2004 - seven bits
            raise BadMessage("it has a length that is not in its shortest form, or too long")
        return low & 0x7F | high << 7

    def _byte(self) -> int:
        if self._at >= len(self._raw):
            _end()
        self._at += 1
        return self._raw[self._at - 1]

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._raw):
            _end()
        taken = self._raw[self._at : end]
        self._at = end
        return taken


def _resolved(
    found: tuple[tuple[int, int, bytes, bytes, int], ...],
    keys: tuple[bytes, ...],
    lookups: tuple[Lookup, ...],
) -> tuple[Instruction, ...]:
    """The instructions with the keys that their indexes point to."""
    count = len(keys) + sum(len(each.writable) + len(each.readonly) for each in lookups)
    if count > _MOST_ACCOUNTS:
        raise BadMessage("it has more accounts than an index can count")
    accounts = (*keys, *(None,) * (count - len(keys)))
    instructions = []
    for start, program, indexes, data, end in found:
        if not 0 < program < len(keys):
            raise BadMessage("it calls a program that it does not list, or the one who pays")
        if indexes and max(indexes) >= count:
            raise BadMessage("an instruction names an account that is not listed")
        named = tuple([accounts[index] for index in indexes])
        instructions.append(Instruction(keys[program], indexes, named, data, start, end))
    return tuple(instructions)


def _end() -> NoReturn:
    raise BadMessage("it ends in the middle")
