"""Check 14: whose key signs, derived from root_pub_key and path, against the claimed source.

And what check 11 asks of the source: that it is on the chain of the transaction.
"""

from collections.abc import Callable, Mapping
from typing import Final

from approvals.chains.addresses import claimed_address
from approvals.chains.bip32 import (
    CPUB,
    XPUB,
    BadKey,
    ExtendedKey,
    Path,
    derive,
    parse_key,
    parse_path,
)
from approvals.chains.tables import Chain
from approvals.details import SignatureType, SourceClaim
from approvals.details.fields import hex_bytes
from approvals.findings import Address, Family
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import Case

SIGNATURES: Final[Mapping[Family, tuple[SignatureType, ...]]] = {
    "evm": (SignatureType.ECDSA,),
    "tron": (SignatureType.ECDSA,),
    "bitcoin": (SignatureType.ECDSA, SignatureType.SCHNORR),
    "solana": (SignatureType.EDDSA,),
    "other": tuple(SignatureType),
}
"""How each family of chains signs."""


def check_source_chains(case: Case, chain: Chain, reasons: Reasons) -> None:
    """Check 11, of the source addresses: they are on the chain that the bytes are for."""
    for source in case.extra.sources:
        if source.chain_id is None:
            reasons.unverified(11, "A source address does not say its chain.")
        elif source.chain_id != chain.chain_id:
            sentence = f"A source address is on {quoted(source.chain_id)}, not {chain.chain_id}."
            if case.tables.chain(source.chain_id):
                reasons.contradiction(11, sentence)
            else:
                reasons.unverified(11, sentence)


def check_source(
    case: Case,
    account_of: Callable[[bytes], Address],
    reasons: Reasons,
    version: bytes = XPUB,
) -> Address | None:
    """The one account that signs, or None where it cannot be derived.

    `account_of` makes a family's address of the public key, whose curve `version` says. For
    families that sign with one key; those of several inputs derive each for themselves.
    """
    signing = case.signing
    if len(signing.paths) != 1 or any(map(any, signing.tweaks)):
        return None  # checks 5 and 7 have said why
    if case.chain and signing.signature_type not in SIGNATURES[case.chain.family]:
        return None  # check 6 has
    path = signing.paths[0]
    key = derived(signing.root_pub_key, path, reasons, version)
    if key is None:
        return None
    account = account_of(key.key)
    _check_transaction_source(case.extra.claims.source, account, reasons)
    if not case.extra.sources:
        reasons.unverified(14, "The claim lists no source addresses.")
    elif not any(_may_be(source.address, account) for source in case.extra.sources):
        reasons.contradiction(14, "None of the source addresses belongs to the key that signs.")
    for source in case.extra.sources:
        if source.address is None:
            reasons.unverified(14, "The claim lists a source without its address.")
        elif _is(source.address, account):
            check_own(source, signing.root_pub_key, path, key, reasons)
        elif source.path is not None and parse_path(source.path) == path:
            reasons.contradiction(14, "A source address does not belong to the path it names.")
        else:
            reasons.unverified(14, "The claim lists a source address that does not sign.")
    return account


def derived(root: str, path: Path, reasons: Reasons, version: bytes = XPUB) -> ExtendedKey | None:
    """The key that signs; None, and the reason, where it cannot be derived.

    `version` (XPUB or CPUB) says the curve that the family's keys are on.
    """
    try:
        key = derive(root, path)
    except BadKey as error:
        _note_bad_key(root, str(error), reasons)
        return None
    if key.version != version:
        reasons.unverified(14, "root_pub_key is a key of another curve than the chain's.")
        return None
    return key


def _note_bad_key(root: str, why: str, reasons: Reasons) -> None:
    if root.startswith(("xpub", "cpub")):
        reasons.malformed(14, f"root_pub_key cannot be read: {why}.")
    else:
        reasons.unverified(14, f"root_pub_key cannot be derived from: {why}.")


def _check_transaction_source(claimed: str | None, account: Address, reasons: Reasons) -> None:
    if not claimed:
        reasons.unverified(14, "The claim states no source address.")
    elif not _is(claimed, account):
        said = f"The claimed source is {quoted(claimed)}"
        reasons.contradiction(14, f"{said}, the key that signs belongs to {account.text}.")


def check_own(
    source: SourceClaim,
    root: str,
    path: Path,
    key: ExtendedKey,
    reasons: Reasons,
) -> None:
    """What the claim says about the very address that signs."""
    if source.path is not None and parse_path(source.path) != path:
        reasons.contradiction(14, f"The source is claimed at another path, {quoted(source.path)}.")
    if source.root_pubkey and source.root_pubkey != root:
        reasons.contradiction(14, "The source is claimed below another root key.")
    if not source.pubkey:
        return
    same = _same_key(source.pubkey, key)
    if same is None:
        reasons.unverified(14, "The claimed public key of the source cannot be read.")
    elif not same:
        reasons.contradiction(14, "The claimed public key of the source is not the one that signs.")


def _same_key(claimed: str, key: ExtendedKey) -> bool | None:
    """Whether an extended key, or the bare key in hex, is this key; None for another notation.

    Bare is a compressed point of secp256k1, or a point of ed25519 with or without its 0x00.
    """
    try:
        return parse_key(claimed) == key
    except BadKey:
        raw = hex_bytes(claimed)
    if raw and key.version == CPUB and len(raw) == len(key.key) - 1:
        raw = key.key[:1] + raw
    return raw == key.key if raw and len(raw) == len(key.key) else None


def _may_be(claimed: str | None, account: Address) -> bool:
    """What is not said is not contradicted."""
    return claimed is None or _is(claimed, account)


def _is(claimed: str, account: Address) -> bool:
    if claimed == account.text:
        return True  # the fast way: the same text is the same account
    return claimed_address(claimed) == account
