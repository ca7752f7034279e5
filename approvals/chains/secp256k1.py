"""Points of secp256k1, by libsecp256k1: the keys of EVM chains, Tron and Bitcoin, and BIP-32."""


def is_key(key: bytes) -> bool:
    """Whether 33 bytes are a compressed point on the curve."""
    from btclib_libsecp256k1 import keys

    try:
        keys.parse(key)
    except ValueError:
        return False
    return True


def child_key(key: bytes, tweak: bytes) -> bytes | None:
    """The key and `tweak` (32 bytes, big-endian) times the generator, added.

    None where BIP-32 has no such child, which happens with probability 2^-127.
    """
    from btclib_libsecp256k1 import keys

    try:
        return keys.pubkey_tweak_add(key, tweak)
    except ValueError:
        return None
