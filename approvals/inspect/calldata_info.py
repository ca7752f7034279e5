"""What Cobo's decoder says about calldata, held against the bytes. A difference is only shown."""

from approvals.chains.addresses import claimed_address
from approvals.chains.evm import EvmTransaction
from approvals.chains.keccak import keccak256
from approvals.chains.methods import SELECTOR_SIZE, method_of
from approvals.details import CalldataInfo
from approvals.details.fields import hex_bytes
from approvals.inspect.reasons import quoted
from approvals.risks import Flag


def mismatches(info: CalldataInfo, transaction: EvmTransaction) -> list[Flag]:
    """Where it says something else: selector, signature, name of the method, contract."""
    found = transaction.data[:SELECTOR_SIZE]
    texts = []
    if info.selector and hex_bytes(info.selector) != found:
        texts.append(f"Cobo says the selector is {quoted(info.selector)}; it is 0x{found.hex()}.")
    if info.signature and keccak256(info.signature.encode())[:SELECTOR_SIZE] != found:
        texts.append(f"Cobo says it calls {quoted(info.signature)}; the calldata calls another.")
    name = _name(info, found)
    if info.method and name is not None and info.method != name:
        texts.append(
            f"Cobo says it calls {quoted(info.method)}; the calldata calls {quoted(name)}."
        )
    if info.address:
        address = claimed_address(info.address)
        if address is None or address.family != "evm" or address.raw != transaction.to:
            said = quoted(info.address)
            texts.append(f"Cobo explains a call of {said}; another contract is called.")
    return [Flag("calldata_mismatch", text, proved=False) for text in texts]


def _name(info: CalldataInfo, selector: bytes) -> str | None:
    """What the method must be called, by the signature that is claimed, or by our own table."""
    if info.signature:
        return info.signature.partition("(")[0]
    method = method_of(selector)
    return None if method is None else method.name
