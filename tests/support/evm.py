"""Unsigned EVM transactions for tests, encoded as the EIPs say."""

from approvals.chains.rlp import Item, encode
from tests.support.requests import Sample, sample

TO = bytes.fromhex("d63134cc52b0cc0bb754a0196bc249f38bdb2a2c")
USDT = bytes.fromhex("dac17f958d2ee523a2206206994597c13d831ec7")
WETH = bytes.fromhex("c02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
USDC = bytes.fromhex("a0b86991c6218b36c1d19d4a2e9eb0ce3606eb48")


def number(value: int) -> bytes:
    """A number as RLP holds it."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def erc20(to: bytes, amount: int, *, padding: bytes = bytes(12), tail: bytes = b"") -> bytes:
    """Calldata of `transfer(address,uint256)`."""
    return bytes.fromhex("a9059cbb") + padding + to + amount.to_bytes(32, "big") + tail


def legacy(
    *,
    chain_id: int = 1,
    nonce: int = 9,
    gas_price: int = 30_000_000_000,
    gas: int = 90_000,
    to: bytes = USDT,
    value: int = 0,
    data: bytes = erc20(TO, 2_500_000_000),
    tail: tuple[Item, ...] | None = None,
) -> bytes:
    """EIP-155."""
    head: list[Item] = [number(nonce), number(gas_price), number(gas), to, number(value), data]
    return encode([*head, *((number(chain_id), b"", b"") if tail is None else tail)])


def access_list(
    *,
    chain_id: int = 1,
    nonce: int = 9,
    gas_price: int = 30_000_000_000,
    gas: int = 90_000,
    to: bytes = USDT,
    value: int = 0,
    data: bytes = erc20(TO, 2_500_000_000),
    access: Item | None = None,
) -> bytes:
    """EIP-2930."""
    numbers = map(number, (chain_id, nonce, gas_price, gas))
    return b"\x01" + encode([*numbers, to, number(value), data, access or []])


def dynamic_fee(
    *,
    chain_id: int = 1,
    nonce: int = 9,
    priority: int = 1_500_000_000,
    max_fee: int = 30_000_000_000,
    gas: int = 90_000,
    to: bytes = USDT,
    value: int = 0,
    data: bytes = erc20(TO, 2_500_000_000),
    access: Item | None = None,
) -> bytes:
    """EIP-1559; without arguments the very transaction of the sample `keysign_erc20_usdt`."""
    numbers = map(number, (chain_id, nonce, priority, max_fee, gas))
    return b"\x02" + encode([*numbers, to, number(value), data, access or []])


def set_code(
    *,
    to: bytes = USDT,
    data: bytes = erc20(TO, 2_500_000_000),
    authorizations: Item | None = None,
) -> bytes:
    """EIP-7702; otherwise the transaction of the sample `keysign_erc20_usdt`."""
    numbers = map(number, (1, 9, 1_500_000_000, 30_000_000_000, 90_000))
    said: Item = [] if authorizations is None else authorizations
    return b"\x04" + encode([*numbers, to, b"", data, [], said])


def authorization(
    *,
    chain_id: int = 1,
    contract: bytes = TO,
    nonce: int = 0,
    y_parity: int = 0,
    r: int = 1,
    s: int = 1,
) -> Item:
    """One entry of EIP-7702's authorization list; its signature is none unless one is given."""
    return [number(chain_id), contract, *map(number, (nonce, y_parity, r, s))]


def method(signature: str, *values: object) -> bytes:
    """Calldata as eth-abi writes it."""
    from eth_abi.abi import encode as encode_values
    from eth_utils.abi import function_signature_to_4byte_selector

    from approvals.chains.methods import split_types

    types = split_types(signature.partition("(")[2].removesuffix(")"))
    return function_signature_to_4byte_selector(signature) + encode_values(types, values)


def calling(to: bytes, data: bytes, value: int = 0) -> Sample:
    """A contract call on Ethereum that is claimed as it is; without `calldata_info`."""
    coins = f"{value // 10**18}.{value % 10**18:018d}"
    return (
        sample("keysign_contract_call_approve")
        .with_transaction("destination.address", "0x" + to.hex())
        .with_transaction("destination.calldata", "0x" + data.hex())
        .with_transaction("destination.value", coins)
        .with_transaction("destination.calldata_info", None)
        .with_evm_bytes(dynamic_fee(nonce=10, gas=60_000, to=to, value=value, data=data))
    )
