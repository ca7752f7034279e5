"""Partially signed transactions (BIP-174, version 0), as far as what they say can be checked.

The transaction inside is what counts. Of the rest only the fields that describe the outputs being
spent are read; any other is named in `doubts`, as nobody has compared it with anything.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from approvals.chains.bitcoin.sighash import SIGHASH_ALL, SIGHASH_DEFAULT
from approvals.chains.bitcoin.transaction import (
    TXID_SIZE,
    BadTransaction,
    Output,
    Reader,
    Transaction,
    decode,
    decode_relayed,
    output_number,
    transaction_id,
)

MAGIC: Final = bytes.fromhex("70736274ff")
MAX_DOUBTS: Final = 10

_UNSIGNED_TX: Final = b"\0"
_VERSION: Final = b"\xfb"
_NON_WITNESS_UTXO: Final = b"\0"
_WITNESS_UTXO: Final = b"\1"
_SIGHASH_TYPE: Final = b"\3"
_REDEEM_SCRIPT: Final = b"\4"


@dataclass(frozen=True, slots=True)
class PsbtInput:
    """What is said of an output that is spent.

    `proved`: it was read from the whole transaction that made it, whose id is in the outpoint.
    `sighash` None: the usual one.
    """

    spent: Output | None = None
    proved: bool = False
    sighash: int | None = None
    redeem_script: bytes | None = None


@dataclass(frozen=True, slots=True)
class Psbt:
    """`start` is where the bytes of the transaction begin; `inputs` are parallel to its inputs.

    `doubts` end a sentence that begins with "The PSBT".
    """

    transaction: Transaction
    start: int
    inputs: tuple[PsbtInput, ...]
    doubts: tuple[str, ...]


_Map: TypeAlias = dict[bytes, tuple[int, bytes]]
"""Values by key, each with the place where it begins."""


def decode_psbt(raw: bytes) -> Psbt:
    """Read it, strictly.

    Raises:
        BadTransaction: it is none, of another version, or says what cannot be.
    """
    reader = Reader(raw)
    if reader.take(len(MAGIC)) != MAGIC:
        raise BadTransaction("it does not begin as a PSBT")
    common = _map(reader)
    if _VERSION in common and common[_VERSION][1] != bytes(4):
        raise BadTransaction("it is not a PSBT of version 0")
    if _UNSIGNED_TX not in common:
        raise BadTransaction("it holds no unsigned transaction")
    start, inner = common[_UNSIGNED_TX]
    transaction = decode(inner)
    doubts = _unread("", common, (_UNSIGNED_TX, _VERSION))
    inputs = []
    for number, each in enumerate(transaction.inputs, 1):
        fields = _map(reader)
        doubts += _unread(f" for input {number}", fields, tuple(_READERS))
        inputs.append(_input(fields, each.outpoint))
    for number in range(1, len(transaction.outputs) + 1):
        doubts += _unread(f" for output {number}", _map(reader), ())
    reader.finish()
    return Psbt(transaction, start, tuple(inputs), tuple(doubts[:MAX_DOUBTS]))


def _map(reader: Reader) -> _Map:
    found: _Map = {}
    while key := reader.string():
        size = reader.length()
        if key in found:
            raise BadTransaction("it has a field twice")
        found[key] = (reader.at, reader.take(size))
    return found


def _unread(where: str, fields: _Map, known: tuple[bytes, ...]) -> list[str]:
    return [
        f"has a field of type 0x{key[:1].hex()}{where} that is not read"
        for key in fields
        if key not in known
    ]


def _input(fields: _Map, outpoint: bytes) -> PsbtInput:
    """The known fields in the order of their types, so that a whole transaction comes first."""
    said = PsbtInput()
    for key, read in _READERS.items():
        if key in fields:
            said = read(said, fields[key][1], outpoint)
    return said


def _whole(said: PsbtInput, value: bytes, outpoint: bytes) -> PsbtInput:
    made = decode_relayed(value)
    if transaction_id(made) != outpoint[:TXID_SIZE]:
        raise BadTransaction("it holds another transaction than the one that is spent from")
    vout = output_number(outpoint)
    if vout >= len(made.outputs):
        raise BadTransaction("it spends an output that does not exist")
    return replace(said, spent=made.outputs[vout], proved=True)


def _witness(said: PsbtInput, value: bytes, _outpoint: bytes) -> PsbtInput:
    reader = Reader(value)
    output = Output(reader.number(8), reader.string())
    reader.finish()
    if said.spent not in (None, output):
        raise BadTransaction("it describes an output that is spent in two ways")
    return replace(said, spent=output)


def _sighash(said: PsbtInput, value: bytes, _outpoint: bytes) -> PsbtInput:
    sighash = int.from_bytes(value, "little")
    if len(value) != 4 or sighash not in (SIGHASH_DEFAULT, SIGHASH_ALL):  # noqa: PLR2004 - 32 bits
        raise BadTransaction("it asks for signatures that do not hold for the whole transaction")
    return replace(said, sighash=sighash)


def _redeem(said: PsbtInput, value: bytes, _outpoint: bytes) -> PsbtInput:
    return replace(said, redeem_script=value)


_READERS: Final[dict[bytes, Callable[[PsbtInput, bytes, bytes], PsbtInput]]] = {
    _NON_WITNESS_UTXO: _whole,
    _WITNESS_UTXO: _witness,
    _SIGHASH_TYPE: _sighash,
    _REDEEM_SCRIPT: _redeem,
}
