"""A person's signature: by their key, opened here, or by OpenSSH's own `ssh-keygen -Y sign`."""

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import click

from gateway.oncall.terminal import Failure
from keys import ssh_files, sshsig
from keys.errors import KeyFileError
from keys.ssh import PrivateKey, SshPublicKey
from keys.ssh_files import PassphraseNeeded

_TRIES: Final = 3
_PUBLIC: Final = ".pub"
_WITHIN_S: Final = 180.0
"""To type a PIN and touch a token; a statement is fresh for longer than this."""


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """Signs with a private key in memory."""

    private: PrivateKey = field(repr=False)

    def sign(self, namespace: str, text: str) -> str:
        """The armored SSHSIG of a text, made for one purpose."""
        return sshsig.sign(self.private, namespace, text.encode())


@dataclass(frozen=True, slots=True)
class OpenSsh:
    """Lets `program`, an ssh-keygen, sign: it knows ssh-agent, tokens and older files.

    `path` is a private key file, or a public one whose private half ssh-agent holds. What it asks
    (a passphrase, a PIN, a touch) it asks on the terminal.
    """

    program: str
    path: Path
    public: SshPublicKey
    within_s: float = _WITHIN_S

    def sign(self, namespace: str, text: str) -> str:
        """The armored SSHSIG of a text, made for one purpose; verified before it is used.

        Raises:
            Failure: there is none, or not the one that was wanted.
        """
        armored = self._run(namespace, text)
        if not sshsig.verify(self.public, namespace, text.encode(), armored):
            raise Failure(
                f"What ssh-keygen returned is no signature of this by {self.path}:"
                " nothing was handed in."
            )
        return armored

    def _run(self, namespace: str, text: str) -> str:
        command = [self.program, "-q", "-Y", "sign", "-n", namespace, "-f", str(self.path)]
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and every argument is our own
                command,
                input=text.encode(),
                stdout=subprocess.PIPE,  # stderr is the person's: it says when to touch
                timeout=self.within_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failure(
                f"ssh-keygen did not sign within {self.within_s:g} s: nothing was signed."
            ) from None
        except OSError as error:
            raise Failure(f"{self.program} cannot be run: {error.strerror}.") from None
        if done.returncode:
            raise Failure(
                f"ssh-keygen did not sign with {self.path}, and said why: nothing was signed."
                f"{self._hint()}"
            )
        return done.stdout.decode("ascii", "replace")

    def _hint(self) -> str:
        if self.path.suffix != _PUBLIC:
            return ""
        return " Is its private half in ssh-agent? `ssh-add -l` lists what is."


Signer: TypeAlias = OpenedKey | OpenSsh


def signer_of(path: Path) -> Signer:
    """The way to sign with what `--key` names; a passphrase is asked for on a terminal.

    Raises:
        Failure: there is none.
    """
    try:
        if path.suffix == _PUBLIC:
            return _by_openssh(path, ssh_files.read_public_key(path))
        file = ssh_files.look_into(path)
        return _by_openssh(path, file.public) if file.foreign else OpenedKey(_opened(path))
    except KeyFileError as error:
        raise Failure(f"{error}.") from None


def check_key(path: Path) -> None:
    """Whether a file may be signed with, before anybody needs it; no passphrase is asked for.

    Raises:
        Failure: it holds no key that we take, or others can read it.
    """
    try:
        if path.suffix == _PUBLIC:
            ssh_files.read_public_key(path)
        else:
            ssh_files.look_into(path)
    except KeyFileError as error:
        raise Failure(f"{error}.") from None


def _by_openssh(path: Path, public: SshPublicKey) -> OpenSsh:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise Failure(
            f"Only ssh-keygen can sign with {path}, and it is not installed:"
            " install OpenSSH's client, or name another key."
        )
    return OpenSsh(program, path, public)


def _opened(path: Path) -> PrivateKey:
    try:
        return ssh_files.load_private_key(path)
    except PassphraseNeeded as error:
        if not sys.stdin.isatty():
            raise Failure(f"{error}: run this on a terminal.") from None
    for _ in range(_TRIES):
        passphrase = click.prompt(f"Passphrase of {path}", hide_input=True, err=True)
        try:
            return ssh_files.load_private_key(path, passphrase)
        except PassphraseNeeded as error:
            click.echo(f"{error}.", err=True)
    raise Failure("No passphrase fits: nothing was signed.")
