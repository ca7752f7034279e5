"""`countersign keys check` and `keys new`: pairs that are proved, and new ones."""

from pathlib import Path

import click

from gateway.config.key_check import public_half, signing_keys
from gateway.config.settings import Settings
from gateway.oncall.terminal import Failure, fail, print_json
from keys import files, rsa
from keys.errors import KeyFileError


def check_pair(private: Path, public: Path, *, as_json: bool) -> None:
    """Sign with one, verify with the other.

    Raises:
        Failure: they are no pair, or one of them cannot be used.
    """
    _report([_prove(private, public)], as_json=as_json)


def check_configured(settings: Settings, *, as_json: bool) -> None:
    """Prove every key that signs answers against the public half beside it.

    Raises:
        Failure: one is no pair with what lies beside it, or nothing does.
    """
    pairs = [(path, public_half(path)) for path in signing_keys(settings)]
    _report([_prove(private, public) for private, public in pairs], as_json=as_json)


def new(private: Path, bits: int) -> None:
    """Write a new private key, mode 0600, and its public half beside it.

    Raises:
        Failure: one of the files exists, or cannot be written.
    """
    public = public_half(private)
    for path in (private, public):
        if path.exists():
            raise Failure(f"{path} exists, and nothing is overwritten: choose another name.")
    key = rsa.generate_private_key(bits)
    try:
        rsa.write_private_key(private, key)
        files.write_new(public, rsa.public_pem(key.public_key()), mode=0o644)
    except KeyFileError as error:
        raise Failure(f"{error}.") from None
    click.echo(f"{private}\n  stays here: only its owner can read it")
    click.echo(f"{public}\n  for the TSS Node: RSA {bits}, {rsa.fingerprint(key.public_key())}")


def _prove(private: Path, public: Path) -> tuple[bool, str]:
    """Whether they are a pair, and a sentence."""
    try:
        ours = rsa.load_private_key(private)
        theirs = rsa.load_public_key(public)
    except KeyFileError as error:
        return False, f"{error}."
    if rsa.is_pair(ours, theirs):
        print_ = rsa.fingerprint(theirs)
        return True, f"{private} and {public} are a pair: RSA {ours.key_size}, {print_}."
    prints = f"{rsa.fingerprint(ours.public_key())} and {rsa.fingerprint(theirs)}"
    return False, f"{private} and {public} are no pair: {prints}."


def _report(proofs: list[tuple[bool, str]], *, as_json: bool) -> None:
    bad = [sentence for good, sentence in proofs if not good]
    if as_json:
        pairs = [{"pair": good, "sentence": sentence} for good, sentence in proofs]
        print_json({"ok": not bad, "pairs": pairs})
    else:
        for good, sentence in proofs:
            if good:
                click.echo(sentence)
    if bad:
        fail(bad)
