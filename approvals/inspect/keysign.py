"""Checks 4 to 8 of every KeySign; 9 to 15 are its family's, found by a table."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from approvals.chains.tables import Tables
from approvals.details import Extra, KeySign, SignatureType
from approvals.details.fields import hex_bytes
from approvals.findings import Family
from approvals.inspect.families import family_of, port_of
from approvals.inspect.messages import look_at_message
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import NOTHING_SEEN, Case, Seen
from approvals.inspect.source import SIGNATURES
from approvals.risks import Flag
from approvals.wording import counted

MAX_RAW_BYTES: Final = 1024 * 1024
"""Longest unsigned_raw_tx that is read; nodes of every chain relay far less."""

_ROOTS: Final = {
    "xpub": (SignatureType.ECDSA, SignatureType.SCHNORR),
    "cpub": (SignatureType.EDDSA,),
}
_FAMILIES: Final[Mapping[str, Family]] = {
    "EVM_Contract": "evm",
    "TRON_Contract": "tron",
    "SOL_Contract": "solana",
    "COSMOS_Contract": "other",
    "STELLAR_Contract": "other",
    "SUI_Contract": "other",
}
"""Destinations that only chains of one family have."""

_DIGEST: Final = 32
_TYPE_KINDS: Final = {
    "Withdrawal": ("transfer",),
    "ContractCall": ("contract_call",),
    "MessageSign": ("message", "blind"),
}


def look_at_keysign(signing: KeySign, extra: Extra, tables: Tables, reasons: Reasons) -> Seen:
    """Note every reason; return what the signature does."""
    chain = tables.chain(extra.claims.chain_id) if extra.claims.chain_id else None
    case = Case(signing, extra, chain, tables)
    _check_task(case, reasons)
    _check_lists(signing, reasons)
    _check_signature(case, reasons)
    _check_tweaks(case, reasons)
    _check_claim(case, reasons)
    seen = _look(case, reasons)
    flags = _claimed_flags(case, seen)
    return replace(seen, flags=(*seen.flags, *flags)) if flags else seen


def _look(case: Case, reasons: Reasons) -> Seen:
    """Checks 9 to 15, by the family of the claimed chain, or that of the bytes."""
    text, chain = case.extra.unsigned_raw_tx or "", case.chain
    if len(text) > 2 * MAX_RAW_BYTES + 2:
        reasons.unverified(9, f"unsigned_raw_tx is longer than {MAX_RAW_BYTES} bytes.")
        return NOTHING_SEEN
    family = chain.family if chain else family_of(text, case.signing.hashes)
    port = None if family is None else port_of(family)
    raw = port.unpack(text) if port else hex_bytes(text)
    if raw is None:
        if port is None or port.documented:
            reasons.malformed(9, "unsigned_raw_tx is not written as its chain writes it.")
        else:
            reasons.unverified(9, "unsigned_raw_tx is in no notation that we read.")
        return NOTHING_SEEN
    if not raw:
        return _without_transaction(case, reasons)
    if port is not None:
        return port.look(case, raw, reasons)
    if family_of(text, case.signing.hashes) is not None:
        reasons.contradiction(9, "The bytes are a transaction of another chain than the claim's.")
    else:
        name = chain.name if chain else "an unknown chain"
        reasons.unverified(9, f"Transactions of {name} cannot be recomputed.")
    return NOTHING_SEEN


def _check_task(case: Case, reasons: Reasons) -> None:
    """Check 4."""
    task, claims = case.signing.biz_task_id, case.extra.claims
    if not case.extra.has_transaction:
        reasons.unverified(4, "extra_info has no transaction to compare with.")
    elif not task or not claims.transaction_id:
        reasons.unverified(4, "The task and the transaction do not both say which they are.")
    elif task != claims.transaction_id:
        reasons.contradiction(4, "The task is for another transaction than extra_info describes.")
    wallets = (claims.wallet_id, claims.transaction_wallet_id)
    if all(wallets) and wallets[0] != wallets[1]:
        reasons.unverified(4, "The claim names two wallets.")


def _check_lists(signing: KeySign, reasons: Reasons) -> None:
    """Check 5."""
    if not signing.hashes or not all(signing.hashes):
        reasons.contradiction(5, "There is nothing to be signed in msg_hash_list.")
    if len(signing.hashes) != len(signing.paths):
        hashes = counted(len(signing.hashes), "hash", "hashes")
        paths = counted(len(signing.paths), "path")
        sentence = f"msg_hash_list has {hashes}, bip32_path_list {paths}: each hash needs its own."
        reasons.contradiction(5, sentence)


def _check_signature(case: Case, reasons: Reasons) -> None:
    """Check 6."""
    signing = case.signing
    try:
        kind = SignatureType(signing.signature_type)
    except ValueError:
        reasons.unverified(6, f"The signature type {signing.signature_type} is not known.")
        return
    if case.chain and kind not in SIGNATURES[case.chain.family]:
        reasons.contradiction(6, f"{case.chain.name} has no {kind.name} signatures.")
    curve = _ROOTS.get(signing.root_pub_key[:4])
    if curve is None:
        reasons.unverified(6, "root_pub_key is of a kind that is not known.")
    elif kind not in curve:
        reasons.contradiction(6, f"The key of root_pub_key cannot make {kind.name} signatures.")
    sizes = {len(digest) for digest in signing.hashes}
    if kind is not SignatureType.EDDSA and sizes - {_DIGEST}:
        reasons.contradiction(6, f"A hash for {kind.name} must be {_DIGEST} bytes long.")


def _check_tweaks(case: Case, reasons: Reasons) -> None:
    """Check 7; Bitcoin's family recomputes the tweaks of Schnorr keys from what they spend."""
    if case.signing.signature_type == SignatureType.SCHNORR:
        if case.chain is None or case.chain.family != "bitcoin":
            reasons.unverified(7, "Tweaks of Schnorr keys can be recomputed for Bitcoin alone.")
    elif any(map(any, case.signing.tweaks)):
        reasons.contradiction(7, "Only keys for Schnorr signatures are tweaked.")


def _check_claim(case: Case, reasons: Reasons) -> None:
    """Check 8."""
    claims = case.extra.claims
    if not case.extra.has_transaction:
        return  # check 4 has said so
    destination = claims.destination_type or ""
    if not claims.chain_id:
        reasons.unverified(8, "The claim names no chain.")
    elif case.chain is None:
        reasons.unverified(8, f"The chain {quoted(claims.chain_id)} is not in our tables.")
    if claims.kind is None:
        reasons.unverified(8, f"The kind of destination '{quoted(destination)}' is not known.")
    elif case.chain and _FAMILIES.get(destination, case.chain.family) != case.chain.family:
        sentence = f"The kind of destination '{quoted(destination)}' is not one of the chain."
        reasons.unverified(8, sentence)
    elif claims.kind not in _TYPE_KINDS.get(claims.transaction_type or "", (claims.kind,)):
        reasons.unverified(8, "The claimed type of transaction and of destination do not fit.")


def _without_transaction(case: Case, reasons: Reasons) -> Seen:
    """There are no bytes to read: a message, or nothing that we can say."""
    if case.extra.claims.kind in ("message", "blind"):
        return look_at_message(case, reasons)
    reasons.unverified(9, "There is no unsigned_raw_tx, so what is signed cannot be recomputed.")
    return NOTHING_SEEN


def _claimed_flags(case: Case, seen: Seen) -> list[Flag]:
    """What anybody should know before reading on, whatever the family."""
    flags: list[Flag] = []
    replaced = case.extra.replacement
    if replaced is not None:
        what = quoted(replaced.transaction_id or replaced.transaction_hash or "a transaction")
        how = f" ({quoted(replaced.how)})" if replaced.how else ""
        flags.append(Flag("replacement", f"It replaces {what}{how}.", proved=False))
    usual = case.tables.chain(seen.chain) if seen.chain else None
    if usual is not None and seen.fee is not None and 0 < usual.fee_at_most < seen.fee.at_most:
        flags.append(Flag("fee_unusual", "Its fee may be higher than is usual on this chain."))
    return flags
