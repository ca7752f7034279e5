"""Permits: typed data that lets somebody move tokens, known by its whole type and its domain.

ERC-2612 and DAI's older form are taken by the token itself, which is the domain's contract;
Permit2's four forms by the one contract that stands at the same address on every chain.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from approvals.chains.addresses import evm_address
from approvals.chains.eip712 import Struct, TypedData
from approvals.chains.tables import Chain, Tables
from approvals.findings import Address, Fee, Note, TokenApproval
from approvals.inspect.calls.dangers import UNLIMITED
from approvals.inspect.calls.tokens import EVERYTHING
from approvals.inspect.claims import claimed_asset
from approvals.inspect.messages.document import hash_notes, signing_of
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import Case, Seen
from approvals.risks import Flag
from approvals.wording import moment

PERMIT2: Final = bytes.fromhex("000000000022d473030f116ddee9f6b43ac78ba3")
MAX_GRANTS: Final = 50
"""Tokens of one permit."""


@dataclass(frozen=True, slots=True)
class _Permit:
    """What a permit says. `grants` are pairs of a token's contract and an amount.

    `owner` is None where the signer is meant. `fits`: the domain is the one that it has to have.
    """

    via: str
    owner: bytes | None
    spender: bytes
    grants: tuple[tuple[bytes, int], ...]
    notes: tuple[Note, ...]
    fits: bool


def look_at_permit(
    case: Case, data: TypedData, chain: Chain | None, signer: Address | None, reasons: Reasons
) -> Seen | None:
    """Checks 12 and 15 of a permit; None for what is no permit that we know."""
    read = _READERS.get(data.encoded_type)
    permit = None if read is None else read(data)
    if permit is None or not 0 < len(permit.grants) <= MAX_GRANTS:
        return None
    flags, notes = tuple(_unlimited(permit)), (*permit.notes, *hash_notes(data))
    if chain is None or not permit.fits:
        reasons.unverified(
            15, "It looks like a permit, but its domain is not one that such a permit has."
        )
        chain_id = chain.chain_id if chain else None
        shown = (signing_of(data, chain),)
        return Seen(shown, chain=chain_id, source=signer, flags=flags, notes=notes)
    effects = tuple(_effects(permit, chain, signer, case.tables))
    _check_claim(case, chain, effects, reasons)
    return Seen(
        effects=effects,
        complete=_is_understood(effects, signer, reasons),
        chain=chain.chain_id,
        source=signer,
        fee=Fee(chain.native, 0),
        flags=flags,
        notes=notes,
    )


def _effects(
    permit: _Permit, chain: Chain, signer: Address | None, tables: Tables
) -> Iterator[TokenApproval]:
    owner = signer if permit.owner is None else evm_address(permit.owner)
    for contract, amount in permit.grants:
        yield TokenApproval(
            chain=chain.chain_id,
            asset=tables.asset_of(chain.chain_id, evm_address(contract)),
            owner=owner,
            spender=evm_address(permit.spender),
            amount=amount,
            via=permit.via,
        )


def _unlimited(permit: _Permit) -> Iterator[Flag]:
    if any(amount >= UNLIMITED for _, amount in permit.grants):
        spender = evm_address(permit.spender).text
        yield Flag("unlimited_allowance", f"{spender} may move any amount of the token.")


def _check_claim(
    case: Case, chain: Chain, effects: tuple[TokenApproval, ...], reasons: Reasons
) -> None:
    """Check 12. Cobo gives a message the token id of the chain's coin."""
    claims = case.extra.claims
    claimed = claimed_asset(claims, case.tables, reasons)
    if claimed not in (None, chain.native, *(effect.asset for effect in effects)):
        reasons.contradiction(12, "The claim names a token that the permit is not about.")
    if claims.outputs:
        reasons.unverified(12, "The claim states a destination or an amount, as no message does.")


def _is_understood(
    effects: tuple[TokenApproval, ...], signer: Address | None, reasons: Reasons
) -> bool:
    """Check 15."""
    known = all(effect.asset.token_id is not None for effect in effects)
    owned = all(effect.owner == signer for effect in effects)
    if not known:
        reasons.unverified(15, "The token is not in our tables, so its amount cannot be read.")
    if not owned:
        reasons.unverified(15, "The permit names another owner than the account that signs it.")
    return known and owned and signer is not None


def _of_token(data: TypedData) -> bool:
    """Whether the domain is that of one contract on one chain. Some tokens have a salt instead."""
    names = {field.name for field in data.domain.fields}
    return {"chainId", "verifyingContract"} <= names and "salt" not in names


def _of_permit2(data: TypedData) -> bool:
    """Whether the domain is Permit2's own: no version, and its one address."""
    members = {field.name: field.value for field in data.domain.fields}
    fixed = {"name": "Permit2", "verifyingContract": PERMIT2}
    return members == {**fixed, "chainId": members.get("chainId")}


def _erc2612(data: TypedData) -> _Permit | None:
    contract, message = data.domain.value("verifyingContract"), data.message
    if not isinstance(contract, bytes):
        return None
    return _Permit(
        via="Permit (EIP-2612)",
        owner=message.raw("owner"),
        spender=message.raw("spender"),
        grants=((contract, message.number("value")),),
        notes=(_nonce(message), _until(message.number("deadline"))),
        fits=_of_token(data),
    )


def _dai(data: TypedData) -> _Permit | None:
    contract, message = data.domain.value("verifyingContract"), data.message
    if not isinstance(contract, bytes):
        return None
    expiry = message.number("expiry")
    return _Permit(
        via="Permit (DAI)",
        owner=message.raw("holder"),
        spender=message.raw("spender"),
        grants=((contract, EVERYTHING if message.number("allowed") else 0),),
        notes=(_nonce(message), _until(expiry) if expiry else Note("Valid until", "it is used")),
        fits=_of_token(data),
    )


def _permit2(data: TypedData) -> _Permit:
    """PermitSingle and PermitBatch: allowances that last, each with an end of its own."""
    message = data.message
    details = message.structs("details")
    return _Permit(
        via=f"Permit2 {message.name}",
        owner=None,
        spender=message.raw("spender"),
        grants=tuple((each.raw("token"), each.number("amount")) for each in details),
        notes=(*map(_allowance_ends, details), _until(message.number("sigDeadline"))),
        fits=_of_permit2(data),
    )


def _permit2_transfer(data: TypedData) -> _Permit:
    """PermitTransferFrom and PermitBatchTransferFrom: what the spender may move once."""
    message = data.message
    permitted = message.structs("permitted")
    return _Permit(
        via=f"Permit2 {message.name}",
        owner=None,
        spender=message.raw("spender"),
        grants=tuple((each.raw("token"), each.number("amount")) for each in permitted),
        notes=(_nonce(message), _until(message.number("deadline"))),
        fits=_of_permit2(data),
    )


def _nonce(message: Struct) -> Note:
    return Note("Nonce", str(message.number("nonce")))


def _until(seconds: int) -> Note:
    return Note("Valid until", moment(seconds))


def _allowance_ends(details: Struct) -> Note:
    """Permit2 takes an end of 0 for the block that it is used in."""
    end, nonce = details.number("expiration"), details.number("nonce")
    ends = moment(end) if end else "with the block that it is used in"
    return Note("Allowance ends", f"{ends} (nonce {nonce})")


_DETAILS: Final = "PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)"
_PERMISSIONS: Final = "TokenPermissions(address token,uint256 amount)"
_ONCE: Final = "address spender,uint256 nonce,uint256 deadline)" + _PERMISSIONS
_LASTING: Final = "address spender,uint256 sigDeadline)" + _DETAILS

_READERS: Final[Mapping[str, Callable[[TypedData], _Permit | None]]] = {
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)": _erc2612,
    "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)": _dai,
    f"PermitSingle(PermitDetails details,{_LASTING}": _permit2,
    f"PermitBatch(PermitDetails[] details,{_LASTING}": _permit2,
    f"PermitTransferFrom(TokenPermissions permitted,{_ONCE}": _permit2_transfer,
    f"PermitBatchTransferFrom(TokenPermissions[] permitted,{_ONCE}": _permit2_transfer,
}
"""By `encodeType`: a document that merely calls itself Permit is not one."""
