"""Addresses of every family we know, told apart by their form and compared as bytes."""

import re
from functools import lru_cache
from typing import Final

from approvals.chains import base58, bech32
from approvals.chains.keccak import keccak256
from approvals.findings import Address, Family

EVM_SIZE: Final = 20

_EVM: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_TRON_VERSION: Final = b"\x41"
_TRON_SIZE: Final = 21
_SOLANA_SIZE: Final = 32
_SEGWIT_PREFIXES: Final = ("bc", "tb", "bcrt", "ltc")
_HASH_VERSIONS: Final = {
    0x00: "P2PKH",
    0x05: "P2SH",
    0x6F: "P2PKH of testnet",
    0xC4: "P2SH of testnet",
    0x30: "P2PKH of Litecoin",
    0x32: "P2SH of Litecoin",
    0x1E: "P2PKH of Dogecoin",
    0x16: "P2SH of Dogecoin",
}


def parse_address(text: str) -> Address | None:
    """The address, of the family that its form says; None if it is no address that we know.

    EVM: `0x` and 40 hex digits, and if both cases occur the EIP-55 checksum must hold. Tron:
    Base58Check with version 0x41. Bitcoin: Base58Check, where `raw` is version and hash, or
    segwit, where it is prefix, witness version and program; of mainnet, testnet, regtest, Litecoin
    or Dogecoin.
    Solana: Base58 of 32 bytes.
    """
    if text.startswith("0x"):
        return _evm(text)
    segwit = bech32.decode_segwit(text)
    if segwit is not None:
        prefix, version, program = segwit
        raw = prefix.encode() + bytes([version]) + program
        return Address("bitcoin", raw, text) if prefix in _SEGWIT_PREFIXES else None
    return _base58(text) if len(text) <= base58.MAX_CHARS else None


def claimed_address(text: str) -> Address | None:
    """An address that only has to be compared: its bytes count, whatever an EVM checksum says.

    The checksum guards against mistakes in typing; a claim is not typed, and is held against bytes.
    """
    if _EVM.fullmatch(text):
        return evm_address(bytes.fromhex(text[2:]))
    return parse_address(text)


@lru_cache(maxsize=4096)
def evm_address(raw: bytes) -> Address:
    """The EVM account of 20 bytes, shown as EIP-55 says."""
    return Address("evm", raw, checksummed(raw))


@lru_cache(maxsize=4096)
def tron_address(raw: bytes) -> Address:
    """The Tron account of 20 bytes, which stand behind its version in an address."""
    payload = _TRON_VERSION + raw
    return Address("tron", payload, base58.encode_check(payload))


def account_address(family: Family, raw: bytes) -> Address:
    """The account of 20 bytes that a contract's call names, on a chain of this family."""
    return tron_address(raw) if family == "tron" else evm_address(raw)


def checksummed(raw: bytes) -> str:
    """EIP-55: a hex digit is upper-case where the hash of the lower-case text has a high nibble."""
    plain = raw.hex()
    marks = keccak256(plain.encode()).hex()
    return "0x" + "".join(
        digit.upper() if mark >= "8" else digit for digit, mark in zip(plain, marks, strict=False)
    )


def _evm(text: str) -> Address | None:
    if _EVM.fullmatch(text) is None:
        return None
    digits = text[2:]
    address = evm_address(bytes.fromhex(digits))
    one_case = digits in (digits.lower(), digits.upper())
    return address if one_case or address.text == text else None


@lru_cache(maxsize=4096)
def _base58(text: str) -> Address | None:
    data = base58.decode(text)
    if data is not None and len(data) == _SOLANA_SIZE:
        return Address("solana", data, text)
    payload = base58.decode_check(text)
    if payload is not None and len(payload) == _TRON_SIZE:
        if payload[:1] == _TRON_VERSION:
            return Address("tron", payload, text)
        if payload[0] in _HASH_VERSIONS:
            return Address("bitcoin", payload, text)
    return None
