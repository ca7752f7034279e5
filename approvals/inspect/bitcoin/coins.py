"""The outputs that a transaction spends: what Cobo and a PSBT say of them, input by input."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.chains.bip32 import hash160
from approvals.chains.bitcoin.psbt import PsbtInput
from approvals.chains.bitcoin.scripts import form_of, p2sh
from approvals.chains.bitcoin.transaction import MAX_AMOUNT, Output, outpoint
from approvals.details import UtxoClaim
from approvals.details.fields import hex_bytes
from approvals.inspect.bitcoin.asked import Asked
from approvals.inspect.bitcoin.opening import Unsigned
from approvals.inspect.reasons import Reasons, quoted

_TXID: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_MAX_VOUT: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Coin:
    """An output that is spent. `proved`: a PSBT holds the transaction that made it."""

    output: Output
    proved: bool
    redeem_script: bytes | None
    sighash: int | None


def spent_coins(asked: Asked, unsigned: Unsigned, reasons: Reasons) -> tuple[Coin, ...] | None:
    """One for each input, in their order; None, and the reason, where one is not known.

    Nothing of it is trusted: a digest that comes out as the one to be signed proves the scripts,
    and the amounts as far as the digest commits to them.
    """
    claimed = _by_outpoint(asked, reasons)
    spent = {each.outpoint for each in unsigned.transaction.inputs}
    if claimed.keys() - spent:
        reasons.contradiction(10, "The claim lists an output that the transaction does not spend.")
    if not asked.extra.utxos:
        reasons.unverified(10, "The claim does not list the outputs that are spent.")
    elif spent - claimed.keys() and _all_named(asked.extra.utxos):
        reasons.contradiction(10, "The transaction spends an output that the claim does not list.")
    coins: list[Coin] = []
    for each, said in zip(unsigned.transaction.inputs, unsigned.inputs, strict=True):
        utxo = claimed.get(each.outpoint)
        coin = _claimed_coin(asked, utxo, said, reasons) if utxo else _coin(said)
        if coin is None:
            return None
        _check_redeem_script(coin, reasons)
        coins.append(coin)
    return tuple(coins)


def _all_named(utxos: tuple[UtxoClaim, ...]) -> bool:
    """Where one is not, it may be any of those that are spent."""
    return all(utxo.tx_hash and utxo.vout is not None for utxo in utxos)


def _by_outpoint(asked: Asked, reasons: Reasons) -> Mapping[bytes, UtxoClaim]:
    found: dict[bytes, UtxoClaim] = {}
    for utxo in asked.extra.utxos:
        if not utxo.tx_hash or utxo.vout is None:
            reasons.unverified(10, "The claim does not say which output is spent.")
        elif not _TXID.fullmatch(utxo.tx_hash) or not 0 <= utxo.vout <= _MAX_VOUT:
            reasons.malformed(10, "A claimed output is not named by a transaction and a number.")
        else:
            place = outpoint(bytes.fromhex(utxo.tx_hash[-64:])[::-1], utxo.vout)
            if place in found:
                reasons.contradiction(10, "The claim lists an output that is spent twice.")
            found[place] = utxo
        if utxo.token_id not in (None, asked.chain.native.token_id):
            sentence = f"A claimed output holds {quoted(utxo.token_id or '')}, which is not seen."
            reasons.unverified(12, sentence)
        if utxo.revealed_script:
            reasons.unverified(10, "The claim reveals a script for an output that is spent.")
    return found


def _coin(said: PsbtInput) -> Coin | None:
    """What a PSBT says."""
    if said.spent is None:
        return None
    return Coin(said.spent, said.proved, said.redeem_script, said.sighash)


def _claimed_coin(asked: Asked, utxo: UtxoClaim, said: PsbtInput, reasons: Reasons) -> Coin | None:
    """What Cobo says, held against what a PSBT says."""
    output = _claimed_output(asked, utxo, reasons)
    if output is None:
        return _coin(said)
    if said.spent not in (None, output):
        reasons.contradiction(10, "The claim and the PSBT describe an output that is spent apart.")
    redeem = _redeem_script(utxo, said, reasons)
    return Coin(output, said.proved, redeem, said.sighash)


def _claimed_output(asked: Asked, utxo: UtxoClaim, reasons: Reasons) -> Output | None:
    if not utxo.address or utxo.value is None:
        reasons.unverified(10, "The claim does not say what an output that is spent holds.")
        return None
    script = asked.script(utxo.address)
    if script is None:
        sentence = (
            f"{quoted(utxo.address)}, which is spent from, is no address of {asked.chain.name}."
        )
        reasons.contradiction(10, sentence)
        return None
    amount = asked.amount(utxo.value)
    if amount is None or amount > MAX_AMOUNT:
        reasons.malformed(10, f"An output that is spent cannot hold {quoted(utxo.value)}.")
        return None
    return Output(amount, script)


def _redeem_script(utxo: UtxoClaim, said: PsbtInput, reasons: Reasons) -> bytes | None:
    """The script that the output is said to be the hash of."""
    claimed = hex_bytes(utxo.redeem_script) if utxo.redeem_script else None
    if utxo.redeem_script and claimed is None:
        reasons.malformed(10, "The redeem script of an output that is spent is not hex.")
    if claimed and said.redeem_script not in (None, claimed):
        reasons.contradiction(10, "The claim and the PSBT give two redeem scripts for an input.")
    return claimed or said.redeem_script


def _check_redeem_script(coin: Coin, reasons: Reasons) -> None:
    """An output is the hash of one script at most."""
    redeem, script = coin.redeem_script, coin.output.script
    if redeem is None:
        return
    if form_of(script) != "P2SH":
        reasons.unverified(10, "A redeem script is given for an input that has none.")
    elif p2sh(hash160(redeem)) != script:
        reasons.contradiction(10, "The redeem script of an input is not that of its address.")
