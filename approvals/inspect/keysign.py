"""Checks 4 to 8 of every KeySign; 9 to 15 are its family's, found by a table."""

from collections.abc import Mapping
from typing import Final

from approvals.chains.evm import BadTransaction, EvmTransaction, decode_transaction, signing_hash
from approvals.chains.tables import Tables
from approvals.details import Extra, KeySign, SignatureType
from approvals.details.fields import hex_bytes
from approvals.findings import Family, Signing
from approvals.inspect.evm import look_at_evm
from approvals.inspect.messages import look_at_message
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import NOTHING_SEEN, Case, Look, Seen
from approvals.inspect.source import check_evm_source
from approvals.wording import counted

MAX_RAW_BYTES: Final = 1024 * 1024
"""Longest unsigned_raw_tx that is read; nodes of every chain relay far less."""

FAMILIES: Final[Mapping[Family, Look]] = {"evm": look_at_evm}
"""Whose transactions we can recompute. A family that is missing here stays Unverified."""

_SIGNATURES: Final[Mapping[Family, tuple[SignatureType, ...]]] = {
    "evm": (SignatureType.ECDSA,),
    "tron": (SignatureType.ECDSA,),
    "bitcoin": (SignatureType.ECDSA, SignatureType.SCHNORR),
    "solana": (SignatureType.EDDSA,),
    "other": tuple(SignatureType),
}
_ROOTS: Final = {
    "xpub": (SignatureType.ECDSA, SignatureType.SCHNORR),
    "cpub": (SignatureType.EDDSA,),
}
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
    _check_tweaks(signing, reasons)
    _check_claim(case, reasons)
    raw = _raw(extra, reasons)
    if raw is None:
        return NOTHING_SEEN
    if not raw:
        return _without_transaction(case, reasons)
    family = chain.family if chain else _family(case, raw)
    look = FAMILIES.get(family) if family else None
    if look is not None:
        return look(case, raw, reasons)
    if _family(case, raw) is not None:
        reasons.contradiction(9, "The bytes are a transaction of another chain than the claim's.")
    else:
        name = chain.name if chain else "an unknown chain"
        reasons.unverified(9, f"Transactions of {name} cannot be recomputed yet.")
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
    wallets = (claims.wallet_id, case.extra.transaction_wallet_id)
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
    if case.chain and kind not in _SIGNATURES[case.chain.family]:
        reasons.contradiction(6, f"{case.chain.name} has no {kind.name} signatures.")
    curve = _ROOTS.get(signing.root_pub_key[:4])
    if curve is None:
        reasons.unverified(6, "root_pub_key is of a kind that is not known.")
    elif kind not in curve:
        reasons.contradiction(6, f"The key of root_pub_key cannot make {kind.name} signatures.")
    sizes = {len(digest) for digest in signing.hashes}
    if kind is not SignatureType.EDDSA and sizes - {_DIGEST}:
        reasons.contradiction(6, f"A hash for {kind.name} must be {_DIGEST} bytes long.")


def _check_tweaks(signing: KeySign, reasons: Reasons) -> None:
    """Check 7."""
    if signing.signature_type == SignatureType.SCHNORR:
        reasons.unverified(7, "Tweaks of Schnorr keys cannot be recomputed yet.")
    elif any(map(any, signing.tweaks)):
        reasons.contradiction(7, "Only keys for Schnorr signatures are tweaked.")


def _check_claim(case: Case, reasons: Reasons) -> None:
    """Check 8."""
    claims = case.extra.claims
    if not claims.chain_id:
        reasons.unverified(8, "The claim names no chain.")
    elif case.chain is None:
        reasons.unverified(8, f"The chain {quoted(claims.chain_id)} is not in our tables.")
    if claims.kind is None:
        destination = quoted(claims.destination_type or "")
        reasons.unverified(8, f"The kind of destination '{destination}' is not known.")
    elif claims.kind not in _TYPE_KINDS.get(claims.transaction_type or "", (claims.kind,)):
        reasons.unverified(8, "The claimed type of transaction and of destination do not fit.")


def _raw(extra: Extra, reasons: Reasons) -> bytes | None:
    """The bytes of unsigned_raw_tx, empty if there are none, None if they cannot be read."""
    text = extra.unsigned_raw_tx or ""
    if len(text) > 2 * MAX_RAW_BYTES + 2:
        reasons.unverified(9, f"unsigned_raw_tx is longer than {MAX_RAW_BYTES} bytes.")
        return None
    raw = hex_bytes(text)
    if raw is None:
        reasons.malformed(9, "unsigned_raw_tx is not hex.")
    return raw


def _without_transaction(case: Case, reasons: Reasons) -> Seen:
    """There are no bytes to read: a message, or nothing that we can say."""
    signer = None
    if case.chain and case.chain.family == "evm":
        signer = check_evm_source(case, reasons)
    if case.extra.claims.kind in ("message", "blind"):
        effect: Signing = look_at_message(case, reasons)
        return Seen(effects=(effect,), source=signer)
    reasons.unverified(9, "There is no unsigned_raw_tx, so what is signed cannot be recomputed.")
    return Seen(source=signer)


def _family(case: Case, raw: bytes) -> Family | None:
    """The family whose transaction these bytes surely are: they decode, and the hash is theirs."""
    try:
        transaction = decode_transaction(raw)
    except BadTransaction:
        return None
    is_evm = isinstance(transaction, EvmTransaction)
    return "evm" if is_evm and case.signing.hashes == (signing_hash(raw),) else None
