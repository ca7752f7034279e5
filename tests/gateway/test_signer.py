"""Ways to sign at a terminal: our own, and OpenSSH's, whose word is not taken for it."""

import os
import pty
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.cli.main import main
from gateway.oncall.signer import OpenedKey, OpenSsh, signer_of
from gateway.oncall.terminal import Failure
from keys import ssh, ssh_files, sshsig
from tests.support.home import made
from tests.support.security_key import ED25519, P256, Token
from tests.support.ssh_agent import needs_agent, openssh_agent, token_agent
from tests.support.world import rsa_key

needs_openssh = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed"
)
TEXT = "a text\nof two lines\n"
KEYS: dict[str, ssh.PrivateKey] = {
    "ed": ssh.generate_private_key(),
    "rsa": rsa_key("server"),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
}
TOKENS = {"tok-ed": Token.made(ED25519), "tok-p256": Token.made(P256)}
PUBLIC = {name: ssh.public_key(key) for name, key in KEYS.items()} | {
    name: token.public for name, token in TOKENS.items()
}
TYPED = """
import os, sys
os.open(os.ttyname(0), os.O_RDWR)  # who leads a session gets the terminal that it opens
from gateway.cli.main import main
for key in sys.argv[1:3]:
    try:
        main([*sys.argv[3:], "--key", key], standalone_mode=False)
    except Exception as failure:
        print(failure, flush=True)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Everybody has another kind of key, and every request needs them all."""
    home = made(tmp_path_factory.mktemp("signer") / "home")
    policy = home.settings.policy
    people = "".join(f'[people.{name}]\nssh_key = "{key.line}"\n' for name, key in PUBLIC.items())
    names = ", ".join(f'"{name}"' for name in ("ana", *PUBLIC))
    text = policy.read_text().replace("[groups]", f"{people}\n[groups]")
    text = text.replace('approvers = ["ana"]', f"approvers = [{names}]")
    policy.write_text(text.replace("count = 1", f"count = {len(PUBLIC) + 1}"))
    with home.served():
        yield home


@pytest.fixture
def public(tmp_path):
    """A `.pub` file of each key, and nothing private beside it."""
    files = {}
    for name, key in PUBLIC.items():
        files[name] = tmp_path / f"{name}.pub"
        files[name].write_text(f"{key.line} {name}\n")
    return files


def approve(home, request_id, key):
    options = {"--reason": "ok", "--key": key, "--config": home.config}
    words = [str(word) for option in options.items() for word in option]
    return CliRunner().invoke(main, ["approve", request_id, *words])


def add(key, folder):
    """Into the agent, and off the disk."""
    path = folder / "id"
    ssh_files.write_private_key(path, key)
    subprocess.run(["ssh-add", "-q", str(path)], check=True)
    path.unlink()


@needs_agent
def test_every_kind_of_key_votes_from_an_agent(home, public, tmp_path, monkeypatch):
    with home.asked() as asked:
        with openssh_agent(tmp_path) as agent:
            monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
            for name, key in KEYS.items():
                add(key, tmp_path)
                result = approve(home, asked.request_id, public[name])
                assert "Counted: approve" in result.output, (name, result.output)
        with token_agent(tmp_path, *TOKENS.values()) as agent:
            monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
            for name in TOKENS:
                result = approve(home, asked.request_id, public[name])
                assert "Counted: approve" in result.output, (name, result.output)
        assert not asked.done
        assert approve(home, asked.request_id, home.key).exit_code == 0
        assert asked.conclusion.action == "APPROVE"
        (entry,) = home.desk.find(asked.request_id)
    votes = entry["approval"]["votes"]
    assert [vote["person"] for vote in votes] == [*PUBLIC, "ana"]
    for vote in votes[:-1]:
        assert vote["evidence"]["key"] == ssh.fingerprint(PUBLIC[vote["person"]])


@pytest.mark.parametrize("name", KEYS)
def test_every_kind_of_key_signs_from_its_file(name, tmp_path):
    ssh_files.write_private_key(tmp_path / "id", KEYS[name])
    signer = signer_of(tmp_path / "id")
    assert isinstance(signer, OpenedKey)
    assert sshsig.verify(PUBLIC[name], "n@v1", TEXT.encode(), signer.sign("n@v1", TEXT))
    assert "private" not in repr(signer)


@needs_openssh
@pytest.mark.parametrize("name", ["rsa", "p384"])
def test_a_file_of_an_older_format_signs_through_openssh(name, tmp_path):
    path = tmp_path / "id"
    path.touch(mode=0o600)
    (tmp_path / "id.pub").write_text(PUBLIC[name].line)
    for form in (ser.PrivateFormat.TraditionalOpenSSL, ser.PrivateFormat.PKCS8):
        path.write_bytes(KEYS[name].private_bytes(ser.Encoding.PEM, form, ser.NoEncryption()))
        signer = signer_of(path)
        assert isinstance(signer, OpenSsh)
        assert sshsig.verify(PUBLIC[name], "n@v1", TEXT.encode(), signer.sign("n@v1", TEXT))
    path.chmod(0o640)
    with pytest.raises(Failure, match="chmod 600"):
        signer_of(path)


def typed(arguments, answer):
    """Run TYPED on a terminal of its own, and type this whenever a passphrase is asked for."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", TYPED, *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ):
        os.close(theirs)
        said, asked = b"", 0
        while chunk := _read(ours):
            said += chunk
            if re.search(rb"assphrase\b[^\n]*: $", said):
                os.write(ours, answer + b"\n")
                said += b"\n"
                asked += 1
    os.close(ours)
    return said.decode(), asked


def _read(terminal):
    try:
        return os.read(terminal, 4_096)
    except OSError:  # Linux: nobody holds the other end any more
        return b""


@needs_openssh
def test_a_passphrase_is_typed_on_the_terminal_whoever_asks(home, tmp_path):
    """We ask for the first, ssh-keygen for the second; the desk knows neither key."""
    keys = [tmp_path / "RFC4716", tmp_path / "PEM"]
    for key in keys:
        kind = ["-t", "ecdsa", "-m", key.name, "-a", "1"]
        subprocess.run(["ssh-keygen", "-q", *kind, "-N", "opens", "-f", key], check=True)
    with home.asked() as asked:
        vote = ["reject", asked.request_id, "--reason", "no", "--config", home.config]
        said, times = typed([*keys, *vote], b"opens")
    assert times == 2
    assert "opens" not in said
    for key in keys:
        print_ = ssh.fingerprint(ssh_files.read_public_key(key.with_suffix(".pub")))
        assert f"No person of the policy in force has the key {print_}:" in said


@needs_openssh
def test_without_an_agent_or_a_private_file_openssh_says_why(public, monkeypatch, capfd):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    signer = signer_of(public["ed"])
    with pytest.raises(Failure, match=r"nothing was signed\. Is its private half in ssh-agent\?"):
        signer.sign("n@v1", TEXT)
    assert "No private key found" in capfd.readouterr().err


@needs_openssh
@pytest.mark.parametrize("name", TOKENS)
def test_a_token_that_is_not_plugged_in_is_one_sentence(name, tmp_path, monkeypatch, capfd):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    TOKENS[name].write_handle(tmp_path / "id_sk")
    signer = signer_of(tmp_path / "id_sk")
    assert isinstance(signer, OpenSsh)
    assert signer.public == PUBLIC[name]
    with pytest.raises(Failure, match=r"did not sign with .*id_sk, and said why: nothing was sig"):
        signer.sign("n@v1", TEXT)
    assert capfd.readouterr().err


def stand_in(folder, monkeypatch, script):
    """An ssh-keygen that does what the script says."""
    program = folder / "bin" / "ssh-keygen"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    return program


def test_openssh_is_told_the_purpose_and_the_file_and_reads_the_text(tmp_path, monkeypatch):
    token = TOKENS["tok-ed"]
    token.write_handle(tmp_path / "id $(x) sk")
    signature = token.sign("n@v1", TEXT)
    (tmp_path / "sig").write_text(signature)
    program = stand_in(
        tmp_path,
        monkeypatch,
        f'printf "%s|" "$@" >{tmp_path}/told; cat >{tmp_path}/read; cat {tmp_path}/sig',
    )
    signer = signer_of(tmp_path / "id $(x) sk")
    assert isinstance(signer, OpenSsh)
    assert signer.program == str(program)
    assert signer.sign("n@v1", TEXT) == signature
    told = (tmp_path / "told").read_text()
    assert told == f"-q|-Y|sign|-n|n@v1|-f|{tmp_path}/id $(x) sk|"
    assert (tmp_path / "read").read_text() == TEXT


OTHER = ssh.generate_private_key()


@pytest.mark.parametrize(
    "returned",
    [
        sshsig.sign(OTHER, "n@v1", TEXT.encode()).encode(),
        sshsig.sign(KEYS["ed"], "other@v1", TEXT.encode()).encode(),
        sshsig.sign(KEYS["ed"], "n@v1", TEXT.encode() + b"\n").encode(),
        sshsig.sign(KEYS["ed"], "n@v1", TEXT.encode()).encode()[:-40],
        sshsig.sign(KEYS["ed"], "n@v1", TEXT.encode()).encode() * 2,
        b"\xff\xfe",
        b"",
    ],
)
def test_what_openssh_returns_is_verified_before_it_is_used(
    returned, public, tmp_path, monkeypatch
):
    answer = tmp_path / "answer"
    answer.write_bytes(returned)
    stand_in(tmp_path, monkeypatch, f"cat {answer}")
    signer = signer_of(public["ed"])
    with pytest.raises(Failure, match=r"is no signature of this by .*: nothing was handed in"):
        signer.sign("n@v1", TEXT)
    answer.write_bytes(sshsig.sign(KEYS["ed"], "n@v1", TEXT.encode()).encode())
    assert signer.sign("n@v1", TEXT) == answer.read_text()


def test_nothing_is_handed_in_that_openssh_did_not_sign(home, public, tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "cat >/dev/null; echo hello")
    with home.asked() as asked:
        result = approve(home, asked.request_id, public["ed"])
        assert result.exit_code == 1
        assert "nothing was handed in" in result.output
        assert home.desk.find(asked.request_id)[0]["approval"]["votes"] == []


def test_an_openssh_that_hangs_is_ended(public, tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    signer = signer_of(public["ed"])
    assert isinstance(signer, OpenSsh)
    with pytest.raises(Failure, match=r"did not sign within 0\.1 s: nothing was signed"):
        replace(signer, within_s=0.1).sign("n@v1", TEXT)


def test_an_openssh_that_cannot_be_run_is_one_sentence(public, tmp_path):
    broken = OpenSsh(str(tmp_path / "gone"), public["ed"], PUBLIC["ed"])
    with pytest.raises(Failure, match="gone cannot be run: No such file or directory"):
        broken.sign("n@v1", TEXT)


def test_without_openssh_only_its_own_keys_are_missing(public, home, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    TOKENS["tok-ed"].write_handle(tmp_path / "id_sk")
    for path in (public["ed"], tmp_path / "id_sk"):
        with pytest.raises(Failure, match=r"Only ssh-keygen can sign with .*not installed"):
            signer_of(path)
    assert isinstance(signer_of(home.key), OpenedKey)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("hello", "expected an OpenSSH public key"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "this is a certificate"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", r"name its \.pub file"),
        (f"{PUBLIC['ed'].line}\n{PUBLIC['rsa'].line}\n", "several lines"),
    ],
)
def test_a_public_file_that_is_none_is_one_sentence(content, sentence, tmp_path):
    path = tmp_path / "id.pub"
    path.write_text(content)
    with pytest.raises(Failure, match=sentence):
        signer_of(path)
    with pytest.raises(Failure, match="does not exist"):
        signer_of(Path("absent.pub"))


@needs_openssh
def test_the_passphrase_of_our_own_is_asked_for_three_times(tmp_path, monkeypatch):
    key = tmp_path / "id"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", "opens", "-f", str(key)]
    subprocess.run(command, check=True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    said = iter(["no", "opens", "no", "no", "no"])
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(said))
    signer = signer_of(key)
    assert isinstance(signer, OpenedKey)
    assert ssh.public_key(signer.private) == ssh_files.read_public_key(key.with_suffix(".pub"))
    with pytest.raises(Failure, match="No passphrase fits: nothing was signed"):
        signer_of(key)
