"""Unsigned EVM transactions for tests, encoded as the EIPs say."""

from approvals.chains.rlp import Item, encode

TO = bytes.fromhex("d63134cc52b0cc0bb754a0196bc249f38bdb2a2c")
USDT = bytes.fromhex("dac17f958d2ee523a2206206994597c13d831ec7")
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
