"""Check 14: whose key signs, derived from root_pub_key and path, against the claimed source."""

from approvals.chains.addresses import claimed_address
from approvals.chains.bip32 import BadKey, ExtendedKey, derive, evm_account, parse_key, parse_path
from approvals.details import SignatureType, SourceClaim
from approvals.details.fields import hex_bytes
from approvals.findings import Address
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import Case


def check_evm_source(case: Case, reasons: Reasons) -> Address | None:
    """The EVM account that signs, or None where it cannot be derived."""
    signing = case.signing
    if len(signing.paths) != 1 or signing.signature_type != SignatureType.ECDSA:
        return None  # checks 5 and 6 have said why
    if any(map(any, signing.tweaks)):
        return None  # check 7 has
    path = signing.paths[0]
    try:
        key = derive(signing.root_pub_key, path)
    except BadKey as error:
        _note_bad_key(signing.root_pub_key, str(error), reasons)
        return None
    account = evm_account(key.key)
    _check_transaction_source(case.extra.claims.source, account, reasons)
    if not case.extra.sources:
        reasons.unverified(14, "The claim lists no source addresses.")
    elif not any(_is(source.address, account) for source in case.extra.sources):
        reasons.contradiction(14, "None of the source addresses belongs to the key that signs.")
    for source in case.extra.sources:
        if _is(source.address, account):
            _check_own(source, signing.root_pub_key, path, key, reasons)
        elif source.path is not None and parse_path(source.path) == path:
            reasons.contradiction(14, "A source address does not belong to the path it names.")
        else:
            reasons.unverified(14, "The claim lists a source address that does not sign.")
    return account


def _note_bad_key(root: str, why: str, reasons: Reasons) -> None:
    if root.startswith("xpub"):
        reasons.malformed(14, f"root_pub_key cannot be read: {why}.")
    else:
        reasons.unverified(14, f"root_pub_key cannot be derived from: {why}.")


def _check_transaction_source(claimed: str | None, account: Address, reasons: Reasons) -> None:
    if not claimed:
        reasons.unverified(14, "The claim states no source address.")
    elif not _is(claimed, account):
        said = f"The claimed source is {quoted(claimed)}"
        reasons.contradiction(14, f"{said}, the key that signs belongs to {account.text}.")


def _check_own(
    source: SourceClaim,
    root: str,
    path: tuple[int, ...],
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
    """Whether an xpub, or a compressed key in hex, is this key; None for another notation."""
    try:
        return parse_key(claimed) == key
    except BadKey:
        raw = hex_bytes(claimed)
        return raw == key.key if raw and len(raw) == len(key.key) else None


def _is(claimed: str | None, account: Address) -> bool:
    return claimed is not None and claimed_address(claimed) == account
