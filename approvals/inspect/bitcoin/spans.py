"""The bytes of a transaction laid open, in order."""

from typing import Final

from approvals.chains.bitcoin.scripts import OP_RETURN, form_of
from approvals.chains.bitcoin.transaction import (
    TXID_SIZE,
    BadTransaction,
    Input,
    Output,
    Transaction,
    length_bytes,
    output_number,
    string_bytes,
)
from approvals.inspect.bitcoin.opening import open_unsigned
from approvals.inspect.seen import Span

_NUMBER: Final = 4
_AMOUNT: Final = 8
_HEADS: Final = {"P2PKH": 3, "P2SH": 2, "P2WPKH": 2, "P2WSH": 2, "P2TR": 2}
"""How many bytes of a standard script stand before its hash or key."""

_TAILS: Final = {"P2PKH": -2, "P2SH": -1}


def dissect(raw: bytes) -> tuple[Span, ...]:
    """Version, inputs, outputs and locktime; of a PSBT those of the transaction inside."""
    try:
        unsigned = open_unsigned(raw)
    except BadTransaction:
        return ()
    return tuple(_Layer(unsigned.start).transaction(unsigned.transaction))


class _Layer:
    """Spans that follow one another; each transaction has one encoding, so sizes tell places."""

    def __init__(self, at: int) -> None:
        self._at = at

    def transaction(self, transaction: Transaction) -> list[Span]:
        """Every field, in the order of the bytes."""
        inputs, outputs = transaction.inputs, transaction.outputs
        spans = [self._span(_NUMBER, "version", str(transaction.version))]
        spans += [self._span(len(length_bytes(len(inputs))), "inputs", str(len(inputs)))]
        for number, spent in enumerate(inputs, 1):
            spans += self._input(number, spent)
        spans += [self._span(len(length_bytes(len(outputs))), "outputs", str(len(outputs)))]
        for number, output in enumerate(outputs, 1):
            spans += self._output(number, output)
        return [*spans, self._span(_NUMBER, "locktime", str(transaction.locktime))]

    def _input(self, number: int, spent: Input) -> list[Span]:
        start, size = self._at, len(string_bytes(spent.script))
        whole = Span(start, start + TXID_SIZE + 2 * _NUMBER + size, f"input {number}", "", depth=1)
        return [
            whole,
            self._span(TXID_SIZE, "transaction", spent.outpoint[:TXID_SIZE][::-1].hex(), depth=2),
            self._span(_NUMBER, "output number", str(output_number(spent.outpoint)), depth=2),
            self._span(size, "script", spent.script.hex() or "empty", depth=2),
            self._span(_NUMBER, "sequence", f"0x{spent.sequence:08x}", depth=2),
        ]

    def _output(self, number: int, output: Output) -> list[Span]:
        start, size = self._at, len(string_bytes(output.script))
        return [
            Span(start, start + _AMOUNT + size, f"output {number}", "", depth=1),
            self._span(_AMOUNT, "amount", f"{output.amount} base units", depth=2),
            self._span(size, "script", _script(output.script), depth=2),
        ]

    def _span(self, size: int, label: str, value: str, *, depth: int = 0) -> Span:
        start, self._at = self._at, self._at + size
        return Span(start, self._at, label, value, depth)


def _script(script: bytes) -> str:
    form = form_of(script)
    if form is not None:
        return f"{form} {script[_HEADS[form] : _TAILS.get(form)].hex()}"
    return f"OP_RETURN {script[1:].hex()}" if script[:1] == bytes([OP_RETURN]) else script.hex()
