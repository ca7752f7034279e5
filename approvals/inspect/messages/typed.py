"""EIP-712: the hash of the document, the chain that it names, and what kinds that we know allow."""

from typing import Final

from approvals.chains.eip712 import TypedData
from approvals.chains.tables import Chain
from approvals.findings import Address
from approvals.inspect.eip155 import check_chain
from approvals.inspect.messages.document import hash_notes, read_claimed, signing_of, texts_of
from approvals.inspect.messages.permits import look_at_permit
from approvals.inspect.messages.preview import hidden
from approvals.inspect.messages.safe import look_at_safe
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import NOTHING_SEEN, Case, Seen
from approvals.risks import Flag

_SAFE_MESSAGE: Final = "SafeMessage(bytes message)"


def look_at_typed_data(case: Case, signer: Address | None, reasons: Reasons) -> Seen | None:
    """Checks 9 to 15. None: the hash could not be recomputed."""
    data = read_claimed(case.extra, reasons)
    if data is None:
        return None
    if case.signing.hashes != (data.signing_hash,):
        reasons.contradiction(10, "The hash to be signed is not that of the typed data.")
        return NOTHING_SEEN
    chain = _check_chain(case, data, reasons)
    return (
        look_at_permit(case, data, chain, signer, reasons)
        or look_at_safe(case, data, chain, signer, reasons)
        or _named(data, chain, signer, reasons)
    )


def _check_chain(case: Case, data: TypedData, reasons: Reasons) -> Chain | None:
    """Check 11; the chain that the domain pins."""
    number = data.domain.value("chainId")
    if isinstance(number, int):
        return check_chain(case, number, "The typed data", reasons)
    reasons.unverified(11, "The typed data names no chain: it is valid on every one.")
    return None


def _named(data: TypedData, chain: Chain | None, signer: Address | None, reasons: Reasons) -> Seen:
    """Typed data of any other kind."""
    reasons.unverified(15, "It signs typed data; what the signature allows cannot be seen.")
    why = "It signs for a Safe, and a message of a Safe holds no more than a hash."
    return Seen(
        effects=(signing_of(data, chain),),
        flags=(Flag("blind", why),) if data.encoded_type == _SAFE_MESSAGE else (),
        chain=chain.chain_id if chain else None,
        source=signer,
        notes=(*hash_notes(data), *hidden(texts_of(data))),
    )
