"""Checks 11 and 14: the addresses that are claimed to sign, and what is our own beside them."""

from collections.abc import Collection, Mapping
from typing import Final

from approvals.chains.bip32 import parse_path
from approvals.chains.bitcoin.keys import simple_scripts, taproot_scripts
from approvals.chains.bitcoin.scripts import Form, form_of, p2tr
from approvals.details import SourceClaim
from approvals.details.fields import hex_bytes
from approvals.inspect.bitcoin.asked import Asked
from approvals.inspect.bitcoin.signers import Owner
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.source import check_own, derived

MAX_CHANGE_INDEX: Final = 10_000
"""How far along its branch an address is still looked for by whoever restores a wallet."""

_TREE_SIZE: Final = 32
_ENCODINGS: Final[Mapping[str, Form]] = {
    "ENCODING_P2PKH": "P2PKH",
    "ENCODING_P2SH_P2WPKH": "P2SH",
    "ENCODING_BECH32": "P2WPKH",
    "ENCODING_P2TR": "P2TR",
}


def claimed_trees(asked: Asked, reasons: Reasons) -> Mapping[bytes, bytes]:
    """The script tree hashes that source addresses are claimed to commit to, by script."""
    trees: dict[bytes, bytes] = {}
    for source in asked.extra.sources:
        script = asked.script(source.address)
        tree = hex_bytes(source.taproot_script_tree_hash or "")
        if tree is None or len(tree) not in (0, _TREE_SIZE):
            reasons.malformed(7, f"A script tree hash must be {_TREE_SIZE} bytes of hex.")
        elif script is not None and any(tree):
            trees[script] = tree
    return trees


def own_scripts(
    asked: Asked,
    owners: Mapping[bytes, Owner],
    paid: Collection[bytes],
    reasons: Reasons,
) -> frozenset[bytes]:
    """The scripts that are proved to be ours; `paid` are those of the transaction's outputs.

    Ours are the outputs that are spent, and addresses on the branch of a key that signs: the same
    path but for the last number, which is at most MAX_CHANGE_INDEX. A script tree that an address
    commits to may let others spend, so a branch has no such addresses.
    """
    ours, listed = set(owners), set()
    for source in asked.extra.sources:
        script = asked.script(source.address)
        owner = owners.get(script) if script is not None else None
        if script is None:
            _note_no_address(asked, source, reasons)
        elif owner is not None:
            listed.add(script)
            _check_owner(asked, source, owner, reasons)
        elif _is_ours(asked, source, owners, script, reasons) and script in paid:
            ours.add(script)
        else:
            reasons.unverified(14, "The claim lists a source address that does not sign.")
    _check_listed(asked, owners, listed, reasons)
    _check_transaction_source(asked, owners, reasons)
    return frozenset(ours)


def _note_no_address(asked: Asked, source: SourceClaim, reasons: Reasons) -> None:
    if source.address:
        said = quoted(source.address)
        sentence = f"The claimed source {said} is no address of {asked.chain.name}."
        reasons.contradiction(14, sentence)
    else:
        reasons.unverified(14, "The claim lists a source without its address.")


def _is_ours(
    asked: Asked,
    source: SourceClaim,
    owners: Mapping[bytes, Owner],
    script: bytes,
    reasons: Reasons,
) -> bool:
    """Whether an address that does not sign is that of a key on the branch of one that does."""
    path = None if source.path is None else parse_path(source.path)
    paths = {owner.path for owner in owners.values()}
    if not path or source.taproot_script_tree_hash:
        return False
    near = path[-1] <= MAX_CHANGE_INDEX and path[:-1] in {each[:-1] for each in paths}
    key = derived(asked.signing.root_pub_key, path, reasons) if near or path in paths else None
    if key is None:
        return False
    if script not in (*simple_scripts(key.key).values(), *taproot_scripts(key.key)):
        reasons.contradiction(14, "A source address does not belong to the path it names.")
        return False
    check_own(source, asked.signing.root_pub_key, path, key, reasons)
    return near


def _check_owner(asked: Asked, source: SourceClaim, owner: Owner, reasons: Reasons) -> None:
    """What the claim says of an address that signs."""
    check_own(source, asked.signing.root_pub_key, owner.path, owner.key, reasons)
    form, claimed = form_of(owner.script), _ENCODINGS.get(source.encoding or "")
    if claimed not in (None, form):
        reasons.contradiction(14, "A source address is claimed to be of another form than it is.")
    key = owner.key.key
    x_only = hex_bytes(source.x_only_pubkey or "")
    if x_only != b"" and x_only not in (key[1:], owner.script[2:]):
        reasons.contradiction(14, "The claimed x-only key of a source is not the one that signs.")
    internal = source.taproot_internal_address
    if internal and asked.script(internal) != p2tr(key[1:]):
        reasons.unverified(14, "The internal address of a source is not that of the key alone.")


def _check_listed(
    asked: Asked, owners: Mapping[bytes, Owner], listed: Collection[bytes], reasons: Reasons
) -> None:
    if not asked.extra.sources:
        reasons.unverified(14, "The claim lists no source addresses.")
    elif owners and not listed and all(source.address for source in asked.extra.sources):
        reasons.contradiction(14, "None of the source addresses belongs to a key that signs.")
    elif len(listed) != len(owners):
        reasons.unverified(14, "The source addresses leave out an address that is spent from.")


def _check_transaction_source(
    asked: Asked, owners: Mapping[bytes, Owner], reasons: Reasons
) -> None:
    claimed = asked.extra.claims.source
    if claimed and owners and asked.script(claimed) not in owners:
        sentence = f"The claimed source {quoted(claimed)} is not one that is spent from."
        reasons.contradiction(14, sentence)
