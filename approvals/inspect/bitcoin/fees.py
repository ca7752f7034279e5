"""Check 13: what is left for the miner, and how surely that is known."""

from collections.abc import Sequence

from approvals.chains.bitcoin.scripts import form_of
from approvals.chains.bitcoin.transaction import Transaction
from approvals.details import FeeClaim
from approvals.findings import Fee, Note
from approvals.inspect.bitcoin.asked import Asked
from approvals.inspect.bitcoin.coins import Coin
from approvals.inspect.reasons import Reasons, quoted
from approvals.risks import Flag


def look_at_fee(
    asked: Asked, transaction: Transaction, coins: Sequence[Coin], reasons: Reasons
) -> tuple[Fee | None, tuple[Note, ...], tuple[Flag, ...]]:
    """The fee where it is proved; otherwise a note, and a flag if it is high as it is stated."""
    paid = sum(output.amount for output in transaction.outputs)
    fee = sum(coin.output.amount for coin in coins) - paid
    if fee < 0:
        reasons.contradiction(13, "The outputs are worth more than what is spent.")
        return None, (), ()
    _check_limit(asked, fee, reasons)
    notes = _claimed_notes(asked)
    if _amounts_are_proved(coins):
        return Fee(asked.chain.native, fee), notes, ()
    text = f"{asked.coins(fee)}, by the amounts that Cobo states for what is spent"
    flags: tuple[Flag, ...] = ()
    if 0 < asked.chain.fee_at_most < fee:
        sentence = "Its fee, as far as Cobo states it, is higher than is usual on this chain."
        flags = (Flag("fee_unusual", sentence, proved=False),)
    return None, (Note("Fee", text, proved=False), *notes), flags


def _amounts_are_proved(coins: Sequence[Coin]) -> bool:
    """Whether no signature here holds if any amount that is spent is another than is stated.

    BIP-341 commits to all amounts, BIP-143 to that of its own input alone: two requests, each
    with one true amount and one false, would together sign away the difference. So that counts
    only where there is one input. What a PSBT proves is proved.
    """
    if all(coin.proved for coin in coins):
        return True
    forms = {form_of(coin.output.script) for coin in coins}
    return forms == {"P2TR"} or (len(coins) == 1 and forms <= {"P2WPKH", "P2SH"})


def _check_limit(asked: Asked, fee: int, reasons: Reasons) -> None:
    claim = _claim(asked)
    if claim is None or claim.max_fee_amount is None:
        return
    limit = asked.amount(claim.max_fee_amount)
    if limit is None or fee > limit:
        said = f"The claimed highest fee is {quoted(claim.max_fee_amount)}"
        reasons.contradiction(13, f"{said}, that of the transaction {asked.coins(fee)}.")


def _claimed_notes(asked: Asked) -> tuple[Note, ...]:
    claim = _claim(asked)
    if claim is None:
        return ()
    notes = []
    if claim.estimated_fee_used is not None:
        text = f"{claim.estimated_fee_used} {asked.chain.native.symbol}"
        notes.append(Note("Estimated fee", text, proved=False))
    if claim.fee_rate is not None:
        notes.append(Note("Fee rate", f"{claim.fee_rate} base units a byte", proved=False))
    return tuple(notes)


def _claim(asked: Asked) -> FeeClaim | None:
    """What is claimed of the fee, where that is in the chain's coin."""
    fee = asked.extra.fee
    return fee if fee and fee.is_in(asked.chain.native.token_id) else None
