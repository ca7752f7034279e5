"""What a signature of one input is made over: BIP-143, BIP-341 by key, and the first form of all.

Only digests that commit to the whole transaction: SIGHASH_ALL and, for Taproot, SIGHASH_DEFAULT.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from approvals.chains.bitcoin.scripts import p2pkh
from approvals.chains.bitcoin.transaction import (
    Output,
    Transaction,
    double_sha256,
    length_bytes,
    output_bytes,
    string_bytes,
)

SIGHASH_DEFAULT: Final = 0
SIGHASH_ALL: Final = 1

_BLANK_SIZE: Final = 41
"""An input with an empty script: an outpoint, a length, a sequence."""

_ALL: Final = SIGHASH_ALL.to_bytes(4, "little")


def tagged_hash(tag: str, data: bytes) -> bytes:
    """BIP-340's hash for one purpose."""
    name = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(name + name + data).digest()


class Digests:
    """The digests of one transaction's inputs. `spent` are the outputs they spend, in order.

    What the inputs share is hashed once, so that each digest of BIP-143 and BIP-341 costs the
    same however many inputs there are. A legacy digest hashes the whole transaction.
    """

    def __init__(self, transaction: Transaction, spent: Sequence[Output]) -> None:
        self._spent = spent
        self._version = transaction.version.to_bytes(4, "little")
        self._locktime = transaction.locktime.to_bytes(4, "little")
        self._outpoints = [each.outpoint for each in transaction.inputs]
        self._sequences = [each.sequence.to_bytes(4, "little") for each in transaction.inputs]
        self._count = length_bytes(len(transaction.outputs))
        self._outputs = b"".join(map(output_bytes, transaction.outputs))

    def bip143(self, index: int, key_hash: bytes) -> bytes:
        """SIGHASH_ALL of an input that spends a witness program of a key's HASH160."""
        head, tail = self._around_143
        spent = string_bytes(p2pkh(key_hash)) + self._spent[index].amount.to_bytes(8, "little")
        return double_sha256(head + self._outpoints[index] + spent + self._sequences[index] + tail)

    def bip341(self, index: int, sighash: int) -> bytes:
        """SIGHASH_DEFAULT or SIGHASH_ALL of an input that is spent by its key, without annex."""
        shared = bytes([0, sighash]) + self._shared_341
        return tagged_hash("TapSighash", shared + index.to_bytes(4, "little"))

    def legacy(self, index: int) -> bytes:
        """SIGHASH_ALL of an input whose output script is the code that is run."""
        cut, script = index * _BLANK_SIZE, string_bytes(self._spent[index].script)
        return double_sha256(
            b"".join(
                (
                    self._version,
                    length_bytes(len(self._outpoints)),
                    self._blanks[:cut],
                    self._outpoints[index],
                    script,
                    self._sequences[index],
                    self._blanks[cut + _BLANK_SIZE :],
                    self._count,
                    self._outputs,
                    self._locktime,
                    _ALL,
                )
            )
        )

    @cached_property
    def _around_143(self) -> tuple[bytes, bytes]:
        """What stands before and after the part of one input."""
        parts = (self._outpoints, self._sequences)
        head = self._version + b"".join(double_sha256(b"".join(part)) for part in parts)
        return head, double_sha256(self._outputs) + self._locktime + _ALL

    @cached_property
    def _shared_341(self) -> bytes:
        """What stands between the sighash byte and the input's number."""
        amounts = (output.amount.to_bytes(8, "little") for output in self._spent)
        scripts = (string_bytes(output.script) for output in self._spent)
        parts = (self._outpoints, amounts, scripts, self._sequences, (self._outputs,))
        return self._version + self._locktime + b"".join(map(_sha256, parts)) + b"\0"

    @cached_property
    def _blanks(self) -> bytes:
        """The inputs, each with an empty script."""
        pairs = zip(self._outpoints, self._sequences, strict=True)
        return b"".join(outpoint + b"\0" + sequence for outpoint, sequence in pairs)


def _sha256(parts: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()
