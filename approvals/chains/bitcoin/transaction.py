"""Transactions in the serialization without witnesses, which a transaction id is the hash of.

Read so strictly that each transaction has exactly one form: every length is written in its
shortest way and nothing follows, so that encoding gives the same bytes.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

MAX_SIZE: Final = 100_000
"""Bytes without witnesses: 400,000 units of weight, the most that nodes relay."""

MAX_AMOUNT: Final = 2**63 - 1
"""Base units: amounts are signed numbers of eight bytes."""

FINAL: Final = 0xFFFFFFFF
"""The sequence of an input that waits for nothing."""

TXID_SIZE: Final = 32
OUTPOINT_SIZE: Final = TXID_SIZE + 4

_TWO_BYTES: Final = 0xFD
_WIDTHS: Final = {_TWO_BYTES: (2, _TWO_BYTES), 0xFE: (4, 1 << 16), 0xFF: (8, 1 << 32)}
"""By the first byte of a longer length: how many bytes follow, and the least that needs them."""

_FLAG: Final = 1


class BadTransaction(ValueError):  # noqa: N818 - named like BadJson
    """The bytes are not the one canonical form of a transaction."""


@dataclass(frozen=True, slots=True)
class Input:
    """An output that is spent. `script` is empty until a legacy input is signed.

    `outpoint` names the output: 32 bytes of a transaction's id, which is shown backwards, and 4 of
    the output's number.
    """

    outpoint: bytes
    script: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class Output:
    """`amount` base units, for whoever satisfies `script`."""

    amount: int
    script: bytes


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is signed; `version` is the number as it is written, without a sign."""

    version: int
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    locktime: int


class Reader:
    """Bytes from the front, each once. Every method raises BadTransaction at the end of them."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self.at + size
        if end > len(self.data):
            raise BadTransaction("it is cut short")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def number(self, size: int) -> int:
        """A little-endian number of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def length(self) -> int:
        """A variable-length number (CompactSize), which has one shortest form."""
        lead = self.number(1)
        if lead < _TWO_BYTES:
            return lead
        width, least = _WIDTHS[lead]
        length = self.number(width)
        if length < least:
            raise BadTransaction("a length is not written in its shortest form")
        return length

    def string(self) -> bytes:
        """Bytes behind their length."""
        return self.take(self.length())

    def finish(self) -> None:
        """Nothing may be left."""
        if self.at != len(self.data):
            raise BadTransaction(f"{len(self.data) - self.at} bytes follow it")


def decode(raw: bytes) -> Transaction:
    """The transaction that these bytes are.

    Raises:
        BadTransaction: they are none, or one with a place for witnesses, or longer than MAX_SIZE.
    """
    if len(raw) > MAX_SIZE:
        raise BadTransaction(f"it is longer than {MAX_SIZE} bytes")
    reader = Reader(raw)
    version = reader.number(4)
    if raw[reader.at : reader.at + 1] == b"\0":
        raise BadTransaction("it has no inputs, or is in the form with witnesses")
    transaction = Transaction(version, _inputs(reader), _outputs(reader), reader.number(4))
    reader.finish()
    return transaction


def decode_relayed(raw: bytes) -> Transaction:
    """The same of a transaction as nodes relay it, whose witnesses (BIP-144) are left out.

    Raises:
        BadTransaction: they are none.
    """
    if raw[4:6] != bytes([0, _FLAG]):
        return decode(raw)
    reader = Reader(raw)
    version = reader.number(4)
    reader.take(2)
    inputs, outputs = _inputs(reader), _outputs(reader)
    stacks = [[reader.string() for _ in range(reader.length())] for _ in inputs]
    if not any(stacks):
        raise BadTransaction("it is in the form with witnesses and has none")
    transaction = Transaction(version, inputs, outputs, reader.number(4))
    reader.finish()
    return transaction


def encode(transaction: Transaction) -> bytes:
    """The bytes that `decode` reads."""
    return b"".join(
        (
            transaction.version.to_bytes(4, "little"),
            length_bytes(len(transaction.inputs)),
            *(
                each.outpoint + string_bytes(each.script) + each.sequence.to_bytes(4, "little")
                for each in transaction.inputs
            ),
            length_bytes(len(transaction.outputs)),
            *map(output_bytes, transaction.outputs),
            transaction.locktime.to_bytes(4, "little"),
        )
    )


def output_bytes(output: Output) -> bytes:
    """One output as transactions hold it."""
    return output.amount.to_bytes(8, "little") + string_bytes(output.script)


def string_bytes(data: bytes) -> bytes:
    """Bytes behind their length."""
    return length_bytes(len(data)) + data


def outpoint(txid: bytes, vout: int) -> bytes:
    """Output number `vout` of a transaction, whose id is in wire order."""
    return txid + vout.to_bytes(4, "little")


def output_number(outpoint: bytes) -> int:
    """Which output of its transaction it is."""
    return int.from_bytes(outpoint[TXID_SIZE:], "little")


def length_bytes(length: int) -> bytes:
    """The shortest form of a length (CompactSize)."""
    if length < _TWO_BYTES:
        return bytes([length])
    lead = next(lead for lead in (0xFF, 0xFE, _TWO_BYTES) if length >= _WIDTHS[lead][1])
    return bytes([lead]) + length.to_bytes(_WIDTHS[lead][0], "little")


def transaction_id(transaction: Transaction) -> bytes:
    """The id, in wire order."""
    return double_sha256(encode(transaction))


def double_sha256(data: bytes) -> bytes:
    """SHA-256 of SHA-256, as Bitcoin hashes nearly everything."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def _inputs(reader: Reader) -> tuple[Input, ...]:
    count = reader.length()
    if not count:
        raise BadTransaction("it has no inputs")
    return tuple(
        Input(reader.take(OUTPOINT_SIZE), reader.string(), reader.number(4)) for _ in range(count)
    )


def _outputs(reader: Reader) -> tuple[Output, ...]:
    count = reader.length()
    if not count:
        raise BadTransaction("it has no outputs")
    return tuple(_output(reader) for _ in range(count))


def _output(reader: Reader) -> Output:
    amount = reader.number(8)
    if amount > MAX_AMOUNT:
        raise BadTransaction("an amount is larger than there can be")
    return Output(amount, reader.string())
