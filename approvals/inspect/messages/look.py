"""Which standard a message is said to follow, and the look at it; what remains is a bare hash."""

from typing import Final

from approvals.chains.bip32 import CPUB, evm_account
from approvals.details.fields import hex_bytes
from approvals.findings import Address, Family, Note, Signing
from approvals.inspect.messages.preview import bounded, signing_over
from approvals.inspect.messages.texts import look_at_bitcoin_text, look_at_text
from approvals.inspect.messages.typed import look_at_typed_data
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import NOTHING_SEEN, Case, Seen
from approvals.inspect.source import check_source
from approvals.risks import Flag

_NAMES: Final = {
    "BTC_BIP_137_Signature": "BIP-137",
    "BTC_BIP_322_Signature": "BIP-322",
    "COSMOS_ADR_36_Signature": "ADR-36",
    "EVM_EIP_191_Signature": "EIP-191",
    "EVM_EIP_712_Signature": "EIP-712",
    "Raw_Message_Signature": "raw",
}


def look_at_message(case: Case, reasons: Reasons) -> Seen:
    """Note every reason; return what the signature says, or that nobody can see it."""
    family = case.chain.family if case.chain else None
    signer = _signer(case, family, reasons)
    kind = case.extra.claims.destination_type or ""
    name = _NAMES[kind]
    match kind, family:
        case "Raw_Message_Signature", _:
            return _look_at_hash(case, signer, reasons)
        case "EVM_EIP_191_Signature", "evm" | None:
            seen = look_at_text(case, signer, reasons)
        case "EVM_EIP_712_Signature", "evm" | None:
            seen = look_at_typed_data(case, signer, reasons)
        case "BTC_BIP_137_Signature", "bitcoin":
            seen = look_at_bitcoin_text(case, reasons)
        case _:
            where = f" on {case.chain.name}" if case.chain else ""
            reasons.unverified(9, f"Hashes of {name} messages{where} cannot be recomputed.")
            seen = None
    return _unread(case, signer, name) if seen is None else seen


def _signer(case: Case, family: Family | None, reasons: Reasons) -> Address | None:
    """Check 14, where one key has one address."""
    match family:
        case "evm":
            return check_source(case, evm_account, reasons)
        case "tron":
            from approvals.chains.tron import tron_account

            return check_source(case, tron_account, reasons)
        case "solana":
            from approvals.chains.solana.accounts import solana_account

            return check_source(case, solana_account, reasons, CPUB)
        case _:
            return None


def _look_at_hash(case: Case, signer: Address | None, reasons: Reasons) -> Seen:
    """A raw hash must at least be the hash that is to be signed."""
    if case.extra.message is None:
        reasons.unverified(9, "A bare hash is to be signed, and the claim does not state it.")
    elif case.signing.hashes != (hex_bytes(case.extra.message),):
        reasons.contradiction(10, "The hash to be signed is not the one that is claimed.")
        return NOTHING_SEEN
    else:
        reasons.unverified(9, "A bare hash is to be signed; what it stands for nobody can see.")
    flag = Flag("blind", "It signs a bare hash, which may stand for anything.")
    return Seen(effects=(_bare(case, "raw"),), source=signer, flags=(flag,))


def _unread(case: Case, signer: Address | None, standard: str) -> Seen:
    """Nothing ties the hash to the message that is claimed, so that it may be any other."""
    flag = Flag("blind", "Its hash could not be recomputed from the claimed message.")
    said = case.extra.message
    notes = (Note(f"{standard} message", bounded(said), proved=False),) if said else ()
    return Seen(effects=(_bare(case, standard),), source=signer, flags=(flag,), notes=notes)


def _bare(case: Case, standard: str) -> Signing:
    preview = ", ".join("0x" + digest.hex() for digest in case.signing.hashes)
    return signing_over(preview, standard, kind="blind")
