"""Checks 9 and 10 of what is no transaction: messages, and bare hashes."""

from typing import Final

from approvals.chains.bip32 import evm_account
from approvals.details.fields import hex_bytes
from approvals.findings import Signing
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import Case, Seen
from approvals.inspect.source import check_source

_STANDARDS: Final = {
    "EVM_EIP_191_Signature": "EIP-191",
    "EVM_EIP_712_Signature": "EIP-712",
    "BTC_BIP_137_Signature": "BIP-137",
    "BTC_BIP_322_Signature": "BIP-322",
    "COSMOS_ADR_36_Signature": "ADR-36",
    "Raw_Message_Signature": "raw",
}


def look_at_message(case: Case, reasons: Reasons) -> Seen:
    """What the claim calls it; a raw hash must at least be the hash that is to be signed."""
    claims = case.extra.claims
    blind = claims.kind == "blind"
    if not blind:
        reasons.unverified(9, "The hash of the message cannot be recomputed yet.")
    elif case.extra.message is None:
        reasons.unverified(9, "A bare hash is to be signed, and the claim does not state it.")
    else:
        reasons.unverified(9, "A bare hash is to be signed; what it stands for nobody can see.")
        if case.signing.hashes != (hex_bytes(case.extra.message),):
            reasons.contradiction(10, "The hash to be signed is not the one that is claimed.")
    is_evm = case.chain is not None and case.chain.family == "evm"
    signer = check_source(case, evm_account, reasons) if is_evm else None
    effect = Signing(
        chain=case.chain.chain_id if case.chain else None,
        kind="blind" if blind else "message",
        standard=_STANDARDS.get(claims.destination_type or "", ""),
        preview=case.extra.preview,
    )
    return Seen(effects=(effect,), source=signer)
