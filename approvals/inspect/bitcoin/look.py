"""Checks 9 to 15 of a transaction of Bitcoin's shape: bytes, digests, keys, and each claim."""

from collections.abc import Mapping, Sequence
from typing import Final

from approvals.chains.bitcoin.transaction import FINAL, Transaction
from approvals.findings import Address, Note
from approvals.inspect.bitcoin.asked import Asked
from approvals.inspect.bitcoin.coins import Coin, spent_coins
from approvals.inspect.bitcoin.fees import look_at_fee
from approvals.inspect.bitcoin.opening import check_form
from approvals.inspect.bitcoin.outputs import look_at_outputs
from approvals.inspect.bitcoin.signers import Owner, Signed, look_at_inputs
from approvals.inspect.bitcoin.sources import claimed_trees, own_scripts
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import NOTHING_SEEN, Case, Seen
from approvals.inspect.source import check_source_chains
from approvals.wording import moment

MAX_SOURCE_NOTES: Final = 5

_USUAL_VERSIONS: Final = (1, 2)
_REPLACEABLE_BELOW: Final = FINAL - 1
"""BIP-125: an input with a lower sequence lets the transaction be replaced."""

_TIME_FROM: Final = 500_000_000
"""A locktime below it is a block's height, any other a Unix time."""

_BITCOIN: Final = 0
"""Its coin type (SLIP-44)."""

_NO_DELAY: Final = 1 << 31
_DELAY_IS_TIME: Final = 1 << 22
_DELAY_MASK: Final = 0xFFFF
_DELAY_SECONDS: Final = 512


def look_at_bitcoin(case: Case, raw: bytes, reasons: Reasons) -> Seen:
    """Read the transaction, compare it with the hashes and with every claim."""
    chain = case.chain
    network = chain.network if chain else None
    if chain is None or network is None:
        reasons.unverified(9, "How this chain writes its addresses is not in our tables.")
        return NOTHING_SEEN
    asked, unsigned = Asked(case, chain, network), check_form(raw, reasons)
    sure = _check_chain(asked, reasons)
    coins = spent_coins(asked, unsigned, reasons) if unsigned else None
    if unsigned is None or coins is None:
        return NOTHING_SEEN
    transaction, trees = unsigned.transaction, claimed_trees(asked, reasons)
    signed = look_at_inputs(asked.signing, transaction, coins, trees, reasons)
    paid_scripts = frozenset(output.script for output in transaction.outputs)
    ours = own_scripts(asked, signed.owners, paid_scripts, reasons)
    source = _source(asked, signed)
    paid = look_at_outputs(asked, transaction.outputs, ours, source, reasons)
    fee, fee_notes, flags = look_at_fee(asked, transaction, coins, reasons)
    if not signed.agreed:
        return NOTHING_SEEN
    sources = _source_notes(asked, signed.owners, coins) if source is None else ()
    return Seen(
        effects=paid.effects,
        complete=paid.complete and sure,
        chain=chain.chain_id if sure else None,
        source=source,
        fee=fee,
        flags=flags,
        notes=(*sources, *paid.notes, *fee_notes, *_notes(transaction, signed)),
    )


def _check_chain(asked: Asked, reasons: Reasons) -> bool:
    """Check 11; whether the chain is sure.

    The bytes do not say it: those of one coin can be read as another's that is worth less. So a
    chain is believed where its coin is Bitcoin itself, which has no dearer one behind it, or where
    every key is one of the claimed coin's own, by the coin type of its path (SLIP-44).
    """
    check_source_chains(asked.case, asked.chain, reasons)
    own = asked.network.coin_type
    sure = own == _BITCOIN or all(path[1:2] == (own,) for path in asked.signing.paths)
    if not sure:
        name = asked.chain.name
        sentence = f"The bytes do not say which coin they move, and the key is not one of {name}'s."
        reasons.unverified(11, sentence)
    return sure


def _source(asked: Asked, signed: Signed) -> Address | None:
    """The one address that everything is spent from."""
    if not signed.alone or len(signed.owners) != 1:
        return None
    return asked.address(next(iter(signed.owners)))


def _source_notes(
    asked: Asked, owners: Mapping[bytes, Owner], coins: Sequence[Coin]
) -> tuple[Note, ...]:
    """Where it comes from, if that is not one address of ours."""
    scripts = list(dict.fromkeys(coin.output.script for coin in coins))
    notes = []
    for script in scripts[:MAX_SOURCE_NOTES]:
        address = asked.address(script)
        where = address.text if address else "a script without an address"
        notes.append(Note("Spends from", where, proved=script in owners))
    if len(scripts) > MAX_SOURCE_NOTES:
        more = f"{len(scripts) - MAX_SOURCE_NOTES} more addresses"
        notes.append(Note("Spends from", more, proved=len(owners) == len(scripts)))
    return tuple(notes)


def _notes(transaction: Transaction, signed: Signed) -> tuple[Note, ...]:
    """What is unusual, or holds it back."""
    notes = []
    sequences = [each.sequence for each in transaction.inputs]
    if transaction.locktime and any(sequence != FINAL for sequence in sequences):
        notes.append(Note("Not before", _locktime(transaction.locktime)))
    delays = [sequence for sequence in sequences if sequence < _NO_DELAY]
    if transaction.version > 1 and any(delay & _DELAY_MASK for delay in delays):
        notes.append(Note("Waits", _delay(delays)))
    if any(sequence < _REPLACEABLE_BELOW for sequence in sequences):
        notes.append(Note("Replaceable", "Until it is mined, a higher fee can replace it (RBF)"))
    if transaction.version not in _USUAL_VERSIONS:
        notes.append(Note("Version", str(transaction.version)))
    if signed.sighash_all:
        notes.append(Note("Signature hash", "SIGHASH_ALL instead of SIGHASH_DEFAULT"))
    return tuple(notes)


def _locktime(locktime: int) -> str:
    if locktime < _TIME_FROM:
        return f"block {locktime}"
    return moment(locktime)


def _delay(sequences: Sequence[int]) -> str:
    """BIP-68: how long after what it spends was mined; the longest of each kind."""
    blocks = [each & _DELAY_MASK for each in sequences if not each & _DELAY_IS_TIME]
    times = [each & _DELAY_MASK for each in sequences if each & _DELAY_IS_TIME]
    parts = [f"{max(blocks)} blocks"] if any(blocks) else []
    parts += [f"{max(times) * _DELAY_SECONDS} seconds"] if any(times) else []
    return " and ".join(parts) + " after what it spends was mined"
