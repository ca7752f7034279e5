"""Points of edwards25519, by libsodium: the keys of Solana, and how Cobo derives their children."""

from typing import Final

ORDER: Final = 2**252 + 27742317777372353535851937790883648493
"""Of the subgroup that the base point generates (RFC 8032, section 5.1)."""

SIZE: Final = 32
_MARK: Final = b"\0"
_NEUTRAL: Final = b"\1" + bytes(31)
_BASE: Final = b"\x58" + b"\x66" * 31


def is_key(key: bytes) -> bool:
    """Whether 33 bytes are 0x00 and the point of a public key.

    The point must be written canonically, lie on the curve and in the subgroup of prime order, and
    not be one of small order, the neutral element among them.
    """
    from nacl.bindings import crypto_core_ed25519_is_valid_point

    point = key.removeprefix(_MARK)
    return len(key) == SIZE + 1 and len(point) == SIZE and crypto_core_ed25519_is_valid_point(point)


def is_on_curve(data: bytes) -> bool:
    """Whether 32 bytes decompress to any point at all, of whatever order, as Solana asks it."""
    from nacl.bindings import crypto_core_ed25519_add
    from nacl.exceptions import RuntimeError as NoPoint

    try:
        crypto_core_ed25519_add(data, _BASE)
    except NoPoint:
        return False
    return True


def child_key(key: bytes, tweak: bytes) -> bytes | None:
    """The key and `tweak` (32 bytes, big-endian, modulo the order) times the base point, added.

    None where the sum is no public key, which happens with probability 2^-252.
    """
    from nacl.bindings import crypto_core_ed25519_add, crypto_scalarmult_ed25519_base_noclamp

    scalar = int.from_bytes(tweak, "big") % ORDER
    if scalar == 0:
        return None  # the child would be its parent
    moved = crypto_scalarmult_ed25519_base_noclamp(scalar.to_bytes(SIZE, "little"))
    point = crypto_core_ed25519_add(key[1:], moved)
    return None if point == _NEUTRAL else _MARK + point
