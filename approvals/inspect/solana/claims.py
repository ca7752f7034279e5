"""Checks 12 and 13 of a Solana transaction: what it is claimed to do, against what it does."""

import base64
import binascii

from approvals.chains.addresses import claimed_address
from approvals.chains.amounts import base_units
from approvals.chains.solana.message import Instruction, Message
from approvals.chains.solana.programs import COMPUTE_BUDGET
from approvals.chains.tables import Chain
from approvals.details import AccountClaim, FeeClaim, InstructionClaim
from approvals.findings import ClaimedOutput, TokenApproval, Transfer
from approvals.inspect.claims import (
    check_amount,
    check_asset,
    check_destination,
    check_kind,
    claimed_asset,
)
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import Case
from approvals.inspect.solana.doing import Doing


def check_claims(
    case: Case, message: Message, doing: Doing, chain: Chain, reasons: Reasons
) -> None:
    """Check 12 by the kind that is claimed, and check 13."""
    match case.extra.claims.kind:
        case "transfer":
            _check_transfer(case, doing, reasons)
        case "contract_call":
            _check_call(case, message, doing, chain, reasons)
        case _:
            check_kind(case.extra.claims.kind, reasons)
    _check_fee(case.extra.fee, doing, reasons)


def _check_transfer(case: Case, doing: Doing, reasons: Reasons) -> None:
    """One transfer is claimed: the bytes make it, and move and allow nothing else."""
    claims = case.extra.claims
    claimed = claimed_asset(case.extra.claims, case.tables, reasons)
    moving = [
        (position, effect)
        for position, effect in enumerate(doing.effects)
        if isinstance(effect, Transfer | TokenApproval)
    ]
    if len(moving) > 1 or len(claims.outputs) > 1:
        reasons.contradiction(12, "Not one transfer is claimed and made, but several.")
        return
    position, moved = moving[0] if moving else (0, None)
    if not isinstance(moved, Transfer):
        if moved is None and doing.hides_transfer:
            reasons.unverified(12, "Which token moves where cannot be seen.")
        else:
            reasons.contradiction(12, "The claim is a transfer; the bytes make none.")
        return
    check_asset(claimed, moved.asset, reasons)
    if not claims.outputs:
        reasons.unverified(12, "The claim states neither destination nor amount.")
        return
    output = claims.outputs[0]
    check_destination(output.address, moved.to, "solana", reasons, doing.places.get(position))
    check_amount(output.amount, moved.amount, moved.asset, reasons)
    _check_memo(output, doing.memos, reasons)


def _check_memo(output: ClaimedOutput, memos: list[str], reasons: Reasons) -> None:
    """A memo often says whom an exchange credits, so it has to be the claimed one, once."""
    if output.memo and memos != [output.memo]:
        reasons.contradiction(12, "The claimed memo is not that of the transaction.")
    elif memos and not output.memo:
        reasons.unverified(12, "The transaction has a memo that the claim does not state.")


def _check_call(case: Case, message: Message, doing: Doing, chain: Chain, reasons: Reasons) -> None:
    """The claimed instructions are those of the bytes, in order.

    Instructions of the Compute Budget set only the fee, which is compared by itself: the claim may
    leave all of them out. Cobo gives a call the token id of the chain's coin; that of a token it
    moves is as good.
    """
    claimed = claimed_asset(case.extra.claims, case.tables, reasons)
    moved = [each.asset for each in doing.effects if isinstance(each, Transfer | TokenApproval)]
    if claimed is not None and claimed not in (chain.native, *moved):
        reasons.contradiction(12, "The claim names a token that the bytes do not move.")
    said = case.extra.instructions
    if not said:
        reasons.unverified(12, "The claim states no instructions.")
        return
    made = message.instructions
    if len(said) != len(made):
        made = tuple(each for each in made if each.program != COMPUTE_BUDGET)
    if len(said) != len(made):
        counts = f"{len(said)} instructions, the bytes {len(message.instructions)}"
        reasons.contradiction(12, f"The claim has {counts}.")
        return
    for number, (claim, instruction) in enumerate(zip(said, made, strict=True), start=1):
        what = f"Instruction {number} of the claim"
        _check_instruction(what, claim, instruction, message, reasons)


def _check_instruction(
    what: str, claim: InstructionClaim, made: Instruction, message: Message, reasons: Reasons
) -> None:
    if claim.program is None:
        reasons.unverified(12, f"{what} names no program.")
    elif _raw(claim.program) != made.program:
        reasons.contradiction(12, f"{what} is for another program than in the bytes.")
    if len(claim.accounts) != len(made.accounts) or not all(
        _same_account(said, index, message)
        for said, index in zip(claim.accounts, made.indexes, strict=True)
    ):
        reasons.contradiction(12, f"{what} is about other accounts than in the bytes.")
    if claim.data is None:
        reasons.unverified(12, f"{what} states no data.")
        return
    try:
        data = base64.b64decode(claim.data, validate=True)
    except (ValueError, binascii.Error):
        reasons.unverified(12, f"{what} has data that is not base64.")
        return
    if data != made.data:
        reasons.contradiction(12, f"{what} has other data than in the bytes.")


def _same_account(said: AccountClaim, index: int, message: Message) -> bool:
    """Whether it is the account; one in a lookup table cannot be compared.

    A message gives an account its rights once for all instructions, so it may give more than one
    instruction is claimed to need, never less.
    """
    if index >= len(message.keys):
        return True
    if said.is_signer and not message.is_signer(index):
        return False
    if said.is_writable and not message.is_writable(index):
        return False
    return said.address is not None and _raw(said.address) == message.keys[index]


def _raw(text: str) -> bytes | None:
    address = claimed_address(text)
    return address.raw if address and address.family == "solana" else None


def _check_fee(fee: FeeClaim | None, doing: Doing, reasons: Reasons) -> None:
    """Check 13: the price and the limit of compute units, where claimed, whatever `fee_type`."""
    if fee is None:
        return
    price, limit = fee.compute_unit_price, fee.compute_unit_limit
    if price is not None and base_units(price, 0) != (doing.price or 0):
        sentence = f"The claimed price of a compute unit is {quoted(price)}"
        reasons.contradiction(13, f"{sentence}, the bytes say {doing.price or 0}.")
    if limit is None:
        return
    if doing.limit is None:
        reasons.unverified(13, "A limit of compute units is claimed, and the bytes set none.")
    elif base_units(limit, 0) != doing.limit:
        sentence = f"The claimed limit of compute units is {quoted(limit)}"
        reasons.contradiction(13, f"{sentence}, the bytes say {doing.limit}.")
