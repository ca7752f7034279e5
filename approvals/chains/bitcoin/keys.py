"""What a public key can spend: its output scripts, and the keys that BIP-341 makes of it."""

from functools import lru_cache

from approvals.chains.bip32 import hash160
from approvals.chains.bitcoin.scripts import nested, p2pkh, p2sh, p2tr, p2wpkh
from approvals.chains.bitcoin.sighash import tagged_hash


@lru_cache(maxsize=4096)
def simple_scripts(key: bytes) -> dict[str, bytes]:
    """By form, the scripts that a compressed key can spend without knowing anything else."""
    digest = hash160(key)
    return {
        "P2PKH": p2pkh(digest),
        "P2SH": p2sh(hash160(nested(key))),
        "P2WPKH": p2wpkh(digest),
    }


def tap_tweak(key: bytes, tree: bytes = b"") -> bytes:
    """BIP-341: the tweak that commits a key to the root of a script tree, or (empty) to none."""
    return tagged_hash("TapTweak", key[1:] + tree)


@lru_cache(maxsize=4096)
def tweaked(key: bytes, tweak: bytes) -> bytes | None:
    """BIP-341's output key: the x-only form of a compressed key plus `tweak` times the generator.

    None for the few tweaks (one in 2^128) that no key has.
    """
    from btclib_libsecp256k1 import keys

    try:
        return keys.pubkey_tweak_add(b"\x02" + key[1:], tweak)[1:]
    except ValueError:
        return None


def taproot_scripts(key: bytes) -> tuple[bytes, ...]:
    """The P2TR outputs that nobody but the key can spend: as it is, and committed to no script."""
    alone = tweaked(key, tap_tweak(key))
    return (p2tr(key[1:]), *(() if alone is None else (p2tr(alone),)))
