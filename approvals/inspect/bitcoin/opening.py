"""Check 9: the one transaction that unsigned_raw_tx holds, bare or in a PSBT."""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from approvals.chains.bitcoin.psbt import MAGIC, PsbtInput, decode_psbt
from approvals.chains.bitcoin.transaction import BadTransaction, Transaction, decode
from approvals.details.fields import hex_bytes
from approvals.inspect.reasons import Reasons

_PSBT_BASE64: Final = "cHNidP8"
"""How every PSBT begins in base64."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """`start` is where the transaction begins in the bytes; `inputs` are as a PSBT has them."""

    transaction: Transaction
    start: int
    inputs: tuple[PsbtInput, ...]
    doubts: tuple[str, ...]


def unpack(text: str) -> bytes | None:
    """Hex, or the base64 that PSBTs are usually written in."""
    if not text.startswith(_PSBT_BASE64):
        return hex_bytes(text)
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def open_unsigned(raw: bytes) -> Unsigned:
    """Read the bytes.

    Raises:
        BadTransaction: they are neither.
    """
    if raw.startswith(MAGIC):
        psbt = decode_psbt(raw)
        return Unsigned(psbt.transaction, psbt.start, psbt.inputs, psbt.doubts)
    transaction = decode(raw)
    return Unsigned(transaction, 0, (PsbtInput(),) * len(transaction.inputs), ())


def check_form(raw: bytes, reasons: Reasons) -> Unsigned | None:
    """The transaction; None, and the reason, where there is none that we read.

    How Cobo writes it is not documented, so that another form is not understood, not malformed.
    """
    try:
        unsigned = open_unsigned(raw)
    except BadTransaction as error:
        reasons.unverified(9, f"unsigned_raw_tx is no unsigned transaction that we read: {error}.")
        return None
    for doubt in unsigned.doubts:
        reasons.unverified(9, f"The PSBT {doubt}.")
    inputs = unsigned.transaction.inputs
    if any(each.script for each in inputs):
        reasons.unverified(9, "An input of the unsigned transaction already has a script.")
    if len({each.outpoint for each in inputs}) != len(inputs):
        reasons.contradiction(9, "The transaction spends an output twice.")
    return unsigned
