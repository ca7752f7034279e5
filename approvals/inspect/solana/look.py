"""Checks 9 to 15 of a Solana transaction, in order; and the family's port."""

import base64
import binascii
from dataclasses import replace
from typing import Final

from approvals.chains.bip32 import CPUB
from approvals.chains.solana.accounts import solana_account, solana_address
from approvals.chains.solana.message import BadMessage, Foreign, Message, read_transaction
from approvals.chains.tables import Chain
from approvals.details.fields import hex_bytes
from approvals.findings import Address
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import NOTHING_SEEN, Case, Port, Seen
from approvals.inspect.solana.claims import check_claims
from approvals.inspect.solana.doing import Doing, Setting
from approvals.inspect.solana.effects import look_at_instructions
from approvals.inspect.solana.spans import dissect
from approvals.inspect.source import check_source, check_source_chains

MAIN_NETWORK: Final = "SOL"
"""Cobo's id of the chain that is meant at worst: a message does not say which network it is for."""


def look_at_solana(case: Case, raw: bytes, reasons: Reasons) -> Seen:
    """Read the message, compare it with what is signed and with every claim."""
    source = check_source(case, solana_account, reasons, CPUB)
    try:
        message = read_transaction(raw)
    except BadMessage as error:
        reasons.unverified(9, f"unsigned_raw_tx is no unsigned Solana transaction: {error}.")
        if not any(digest and raw.endswith(digest) for digest in case.signing.hashes):
            reasons.contradiction(10, "What is to be signed does not stand in unsigned_raw_tx.")
        return Seen(source=source)
    if isinstance(message, Foreign):
        reasons.unverified(9, f"unsigned_raw_tx is {message.what}, which we do not read.")
        return Seen(source=source)
    if case.signing.hashes != (message.signed,):
        reasons.contradiction(10, "What is to be signed is not the message of unsigned_raw_tx.")
        return NOTHING_SEEN
    chain = _check_chain(case, reasons)
    if chain is None:
        return Seen(source=source)
    payer = solana_address(message.keys[0])
    doing = look_at_instructions(message, _setting(case, chain, source or payer))
    _check_signers(message, source, doing, reasons)
    check_claims(case, message, doing, chain, reasons)
    for doubt in dict.fromkeys(doing.doubts):
        reasons.unverified(15, doubt)
    return _seen(case, message, doing, chain, source)


def _check_chain(case: Case, reasons: Reasons) -> Chain | None:
    """Check 11: the claimed chain. Only to call it the main network can hide nothing worse."""
    chain = case.chain or case.tables.chain(MAIN_NETWORK)
    if chain is None:
        reasons.unverified(11, "The chain of the bytes is not in our tables.")
        return None
    if not _is_sure(case):
        sentence = "The bytes do not say which Solana network they are for: it may be the main one."
        reasons.unverified(11, sentence)
    check_source_chains(case, chain, reasons)
    return chain


def _is_sure(case: Case) -> bool:
    return case.chain is not None and case.chain.chain_id == MAIN_NETWORK


def _check_signers(
    message: Message, source: Address | None, doing: Doing, reasons: Reasons
) -> None:
    """Checks 14 and 15: whose signatures the message needs."""
    if message.signers > 1:
        sentence = f"It needs {message.signers} signatures; the other signers are unknown."
        doing.doubts.append(sentence)
    if source is None or source.raw == message.keys[0]:
        return
    if source.raw in message.keys[: message.signers]:
        doing.doubts.append("Another account than the source pays the fee.")
    else:
        sentence = "The key that signs belongs to an account whose signature is not needed."
        reasons.contradiction(14, sentence)


def _setting(case: Case, chain: Chain, source: Address) -> Setting:
    claimed = case.extra.claims
    token = case.tables.token(claimed.token_id) if claimed.token_id else None
    asset = token.asset if token and token.asset.chain == chain.chain_id else None
    return Setting(chain, case.tables, source.raw, asset, claimed.outputs)


def _seen(case: Case, message: Message, doing: Doing, chain: Chain, source: Address | None) -> Seen:
    seen = Seen(
        effects=tuple(doing.effects),
        source=source,
        fee=doing.fee(message, chain),
        flags=tuple(doing.flags),
        notes=tuple(doing.notes),
    )
    if not _is_sure(case):
        return seen
    return replace(seen, chain=chain.chain_id, complete=not doing.doubts)


def signs(raw: bytes, hashes: tuple[bytes, ...]) -> bool:
    """Whether the bytes are an unsigned Solana transaction and the one hash is its message."""
    try:
        message = read_transaction(raw)
    except BadMessage:
        return False
    return isinstance(message, Message) and hashes == (message.signed,)


def unpack(text: str) -> bytes | None:
    """The transaction in hex of the ASCII of its base64, which has to be in its one strict form."""
    letters = hex_bytes(text)
    if letters is None:
        return None
    try:
        raw = binascii.a2b_base64(letters, strict_mode=True)
    except binascii.Error:
        return None
    return raw if base64.b64encode(raw) == letters else None


PORT: Final = Port(look=look_at_solana, signs=signs, dissect=dissect, unpack=unpack)
