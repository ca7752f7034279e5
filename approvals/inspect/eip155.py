"""Check 11 of what names its chain by an EIP-155 number: transactions and typed data."""

from approvals.chains.tables import Chain
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import Case
from approvals.inspect.source import check_source_chains


def check_chain(case: Case, number: int, what: str, reasons: Reasons) -> Chain | None:
    """The chain that the bytes are for, None if it is in no table. `what` begins the sentences."""
    claimed, chain = case.chain, case.tables.chain_by_eip155(number)
    named = f"{what} is for EIP-155 chain {number}"
    if chain is None:
        reasons.unverified(11, f"{named}, not in our tables.")
    if claimed is not None and claimed.eip155 != number:
        reasons.contradiction(11, f"{named}, and the claim is {claimed.chain_id}.")
    if chain is not None:
        check_source_chains(case, chain, reasons)
    return chain
