"""What Cobo's decoder says about calldata, held against the bytes. A difference is only shown."""

from approvals.chains.addresses import claimed_address
from approvals.chains.evm import EvmTransaction
from approvals.chains.keccak import keccak256
from approvals.chains.methods import SELECTOR_SIZE, Method, method_of
from approvals.chains.tables import Chain
from approvals.details import CalldataInfo
from approvals.details.fields import hex_bytes
from approvals.inspect.reasons import quoted
from approvals.risks import Flag


def mismatches(info: CalldataInfo, transaction: EvmTransaction, chain: Chain) -> list[Flag]:
    """Where it says something else: selector, signature, name of the method, contract, chain."""
    found = transaction.data[:SELECTOR_SIZE]
    known = method_of(found)
    texts = []
    if info.selector and hex_bytes(info.selector) != found:
        texts.append(f"Cobo says the selector is {quoted(info.selector)}; it is 0x{found.hex()}.")
    if info.signature and not _is(info.signature, known, found):
        texts.append(f"Cobo says it calls {quoted(info.signature)}; the calldata calls another.")
    name = _name(info, known)
    if info.method and name is not None and info.method != name:
        texts.append(
            f"Cobo says it calls {quoted(info.method)}; the calldata calls {quoted(name)}."
        )
    if info.address:
        address = claimed_address(info.address)
        if address is None or address.family != "evm" or address.raw != transaction.to:
            said = quoted(info.address)
            texts.append(f"Cobo explains a call of {said}; another contract is called.")
    if info.chain_id and info.chain_id != chain.chain_id:
        said = quoted(info.chain_id)
        texts.append(f"Cobo explains a call on {said}; this one is on {chain.chain_id}.")
    return [Flag("calldata_mismatch", text, proved=False) for text in texts]


def _is(signature: str, known: Method | None, selector: bytes) -> bool:
    """Whether a signature has this selector; the hash is only taken of one we do not know."""
    if known is not None and known.signature == signature:
        return True
    return keccak256(signature.encode())[:SELECTOR_SIZE] == selector


def _name(info: CalldataInfo, known: Method | None) -> str | None:
    """What the method must be called, by the signature that is claimed, or by our own table."""
    if info.signature:
        return info.signature.partition("(")[0]
    return None if known is None else known.name
