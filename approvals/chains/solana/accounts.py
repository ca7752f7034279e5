"""Accounts of Solana: how they are shown, and the token account that belongs to a wallet."""

import hashlib
from functools import lru_cache
from typing import Final

from approvals.chains import base58
from approvals.chains.ed25519 import is_on_curve
from approvals.chains.solana.programs import ASSOCIATED_TOKEN
from approvals.findings import Address

_MARKER: Final = b"ProgramDerivedAddress"
_BUMPS: Final = 256


@lru_cache(maxsize=4096)
def solana_address(raw: bytes) -> Address:
    """The account of 32 bytes, shown in Base58."""
    return Address("solana", raw, base58.encode(raw))


def solana_account(key: bytes) -> Address:
    """The account of an ed25519 key (0x00 and the point): the point itself."""
    return solana_address(key[1:])


@lru_cache(maxsize=4096)
def token_account(wallet: bytes, mint: bytes, program: bytes) -> bytes:
    """The associated token account of a wallet: where its tokens of this mint are by custom.

    It is derived: SHA-256 of wallet, token program, mint, a bump and the associated token program;
    the bump is the highest that gives no point of the curve, so that nobody has a key to it.
    """
    start = wallet + program + mint
    for bump in reversed(range(_BUMPS)):
        preimage = start + bytes([bump]) + ASSOCIATED_TOKEN + _MARKER
        derived = hashlib.sha256(preimage).digest()
        if not is_on_curve(derived):
            return derived
    return b""  # never seen: each bump fails with one half's probability
