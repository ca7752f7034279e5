"""Check 7 of Taproot: the tweak that makes the key of an output of the key that signs."""

from typing import Final

from approvals.chains.bitcoin.keys import tap_tweak, taproot_scripts, tweaked
from approvals.chains.bitcoin.scripts import p2tr
from approvals.details import KeySign
from approvals.inspect.reasons import Reasons

_TWEAK_SIZE: Final = 32


def check_taproot(
    script: bytes, key: bytes, tweak: bytes, tree: bytes | None, reasons: Reasons
) -> bool:
    """Whether the key, tweaked so, owns the output; says why not.

    An empty or zero tweak leaves the key as it is, and then the output's key must be that one.
    Any other must be BIP-341's, of the key and the root of a script tree: `tree`, which is what
    the claim says, or none. A tweak of zero and one of the key alone are two different things.
    """
    output_key = tweaked(key, tweak) if tweak else key[1:]
    if output_key is None or p2tr(output_key) != script:
        if script in taproot_scripts(key):
            sentence = "The tweak is not the one of the output that is spent."
            reasons.contradiction(7, sentence)
        else:
            reasons.contradiction(14, "A key that signs does not own what it is to spend.")
        return False
    if tweak == (tap_tweak(key, tree) if tree else b""):
        return True
    if tree:
        reasons.contradiction(7, "The tweak does not commit to the script tree that is claimed.")
        return False
    if tweak != tap_tweak(key):
        sentence = "The tweak commits to a script tree, and the claim does not state which."
        reasons.unverified(7, sentence)
        return False
    return True


def tweak_of(signing: KeySign, n: int, reasons: Reasons) -> bytes | None:
    """Tweak number `n`, empty where it is zero; None, and the reason, where it cannot be one."""
    if not any(map(any, signing.tweaks)):
        return b""
    if len(signing.tweaks) != len(signing.hashes):
        reasons.contradiction(7, "tweak_list is not as long as msg_hash_list.")
        return None
    tweak = signing.tweaks[n]
    if not any(tweak):
        return b""
    if len(tweak) != _TWEAK_SIZE:
        reasons.contradiction(7, f"A tweak must be {_TWEAK_SIZE} bytes long.")
        return None
    return tweak
