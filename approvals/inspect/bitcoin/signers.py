"""Checks 6, 7, 10 and 14 input by input: the digest, and the key that signs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from approvals.chains.bip32 import ExtendedKey, Path
from approvals.chains.bitcoin.keys import simple_scripts
from approvals.chains.bitcoin.scripts import Form, form_of, nested
from approvals.chains.bitcoin.sighash import SIGHASH_ALL, SIGHASH_DEFAULT, Digests
from approvals.chains.bitcoin.transaction import Transaction
from approvals.details import KeySign, SignatureType
from approvals.inspect.bitcoin.coins import Coin
from approvals.inspect.bitcoin.taproot import check_taproot, tweak_of
from approvals.inspect.reasons import Reasons
from approvals.inspect.source import derived
from approvals.wording import counted

MAX_LEGACY_INPUTS: Final = 200
"""Each hashes the whole transaction: 200 of the longest are 20 MB, some 50 ms."""

_FORMS: Final[Mapping[int, tuple[Form, ...]]] = {
    SignatureType.ECDSA: ("P2PKH", "P2SH", "P2WPKH"),
    SignatureType.SCHNORR: ("P2TR",),
}
"""What is spent by one signature of each type."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A key that signs, and an output of its own that it spends."""

    path: Path
    key: ExtendedKey
    script: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """`agreed`: the hashes are those of the inputs that this request signs.

    `owners` are the keys that were seen to own what they spend, by script; `alone`: they own
    every input. `sighash_all`: a Taproot input is signed in that way and not the usual one.
    """

    agreed: bool = False
    owners: Mapping[bytes, Owner] = field(default_factory=dict)
    alone: bool = False
    sighash_all: bool = False


@dataclass(frozen=True, slots=True)
class _Turn:
    """One hash and the input it is for; `key` None: it could not be derived."""

    index: int
    coin: Coin
    form: Form
    key: ExtendedKey | None
    path: Path


def look_at_inputs(
    signing: KeySign,
    transaction: Transaction,
    coins: Sequence[Coin],
    trees: Mapping[bytes, bytes],
    reasons: Reasons,
) -> Signed:
    """Recompute each digest and derive each key. `trees`: claimed script tree hashes by script."""
    indexes = _indexes(signing, coins, reasons)
    if indexes is None:
        return Signed()
    turns = _turns(signing, indexes, coins, reasons)
    if any(turn.form == "P2SH" and not _redeem_script(turn) for turn in turns):
        reasons.unverified(10, "The redeem script of an input is not known.")
        return Signed()
    digests = Digests(transaction, tuple(coin.output for coin in coins))
    found = [_sighash(turn, digests, signing.hashes[n]) for n, turn in enumerate(turns)]
    if any(sighash is None for sighash in found):
        sentence = "The hashes to be signed are not those of the transaction's inputs, in order."
        reasons.contradiction(10, sentence)
    owners = {}
    for n, turn in enumerate(turns):
        tweak = tweak_of(signing, n, reasons)
        if turn.key is not None and _owns(turn, tweak, trees, reasons):
            owners[turn.coin.output.script] = Owner(turn.path, turn.key, turn.coin.output.script)
    return Signed(
        agreed=None not in found,
        owners=owners,
        alone=all(coin.output.script in owners for coin in coins),
        sighash_all=any(
            turn.form == "P2TR" and sighash == SIGHASH_ALL
            for turn, sighash in zip(turns, found, strict=True)
        ),
    )


def _indexes(signing: KeySign, coins: Sequence[Coin], reasons: Reasons) -> list[int] | None:
    """Which inputs this request signs; None, and the reason, where that cannot be looked at."""
    forms = [_form(coin) for coin in coins]
    own = _FORMS.get(signing.signature_type)
    if own is None:
        return None  # check 6 has said why
    if None in forms or "P2WSH" in forms:
        sentence = "An input is spent by a script whose signatures cannot be recomputed."
        reasons.unverified(10, sentence)
        return None
    indexes = [index for index, form in enumerate(forms) if form in own]
    if not indexes:
        sentence = "No input of the transaction takes a signature of this type."
        reasons.contradiction(6, sentence)
        return None
    if len(indexes) != len(coins):
        others = counted(len(coins) - len(indexes), "input")
        sentence = f"The transaction also spends {others} by another type of signature."
        reasons.unverified(10, sentence)
    if len(signing.hashes) != len(indexes):
        hashes, inputs = counted(len(signing.hashes), "hash", "hashes"), len(indexes)
        sentence = f"msg_hash_list has {hashes}, and {counted(inputs, 'input')} must be signed."
        reasons.contradiction(10, sentence)
        return None
    if forms.count("P2PKH") > MAX_LEGACY_INPUTS:
        sentence = f"More than {MAX_LEGACY_INPUTS} inputs need the oldest kind of signature."
        reasons.unverified(10, sentence)
        return None
    return indexes


def _form(coin: Coin) -> Form | None:
    """The form of an output that is spent; of P2SH only a nested witness program is known."""
    form = form_of(coin.output.script)
    redeem = coin.redeem_script
    if form == "P2SH" and redeem is not None and form_of(redeem) != "P2WPKH":
        return None
    return form


def _turns(
    signing: KeySign, indexes: Sequence[int], coins: Sequence[Coin], reasons: Reasons
) -> list[_Turn]:
    paths = signing.paths
    if len(paths) != len(indexes):
        paths = ()  # check 5 has said it
    root = signing.root_pub_key
    keys = {path: derived(root, path, reasons) for path in dict.fromkeys(paths)}
    turns = []
    for n, index in enumerate(indexes):
        path = paths[n] if paths else ()
        form = form_of(coins[index].output.script)
        if form is not None:
            turns.append(_Turn(index, coins[index], form, keys.get(path), path))
    return turns


def _sighash(turn: _Turn, digests: Digests, digest: bytes) -> int | None:
    """The way of signing of which this is the digest of the input, None if it is of none."""
    script, asked = turn.coin.output.script, turn.coin.sighash
    match turn.form:
        case "P2TR":
            ways = (SIGHASH_DEFAULT, SIGHASH_ALL) if asked is None else (asked,)
            return next((way for way in ways if digests.bip341(turn.index, way) == digest), None)
        case "P2PKH":
            found = digests.legacy(turn.index)
        case "P2WPKH":
            found = digests.bip143(turn.index, script[2:])
        case _:
            found = digests.bip143(turn.index, _redeem_script(turn)[2:])
    return SIGHASH_ALL if found == digest and asked in (None, SIGHASH_ALL) else None


def _redeem_script(turn: _Turn) -> bytes:
    """The given one, or the only one that the key can have; empty where neither is known."""
    if turn.coin.redeem_script is not None:
        return turn.coin.redeem_script
    return b"" if turn.key is None else nested(turn.key.key)


def _owns(turn: _Turn, tweak: bytes | None, trees: Mapping[bytes, bytes], reasons: Reasons) -> bool:
    """Whether the key owns what it spends; says why not."""
    if turn.key is None or tweak is None:
        return False
    script, key = turn.coin.output.script, turn.key.key
    if turn.form == "P2TR":
        return check_taproot(script, key, tweak, trees.get(script), reasons)
    if simple_scripts(key)[turn.form] == script:
        return True
    reasons.contradiction(14, "A key that signs does not own what it is to spend.")
    return False
