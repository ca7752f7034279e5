import base64
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from cryptography.hazmat.primitives.asymmetric import rsa as crypto_rsa

from keys import ssh, sshsig
from keys.errors import KeyFileError
from keys.ssh import BadSshKey, PassphraseNeeded

KEYS: dict[str, ssh.PrivateKey] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "rsa": crypto_rsa.generate_private_key(65537, 2048),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
}
KEY = KEYS["ed25519"]
PUBLIC = ssh.public_key(KEY)
OPENSSH = shutil.which("ssh-keygen")
needs_openssh = pytest.mark.skipif(OPENSSH is None, reason="ssh-keygen is not installed")
every_kind = pytest.mark.parametrize("name", KEYS)
MESSAGE = b"line one\nline two\n"


def keygen(*arguments, **options):
    assert OPENSSH
    return subprocess.run([OPENSSH, *arguments], capture_output=True, check=True, **options).stdout


@every_kind
def test_a_signature_verifies_for_its_key_message_and_purpose_only(name):
    public = ssh.public_key(KEYS[name])
    armored = sshsig.sign(KEYS[name], "vote@v1", MESSAGE)
    assert sshsig.verify(public, "vote@v1", MESSAGE, armored)
    assert not sshsig.verify(public, "vote@v1", MESSAGE + b".", armored)
    assert not sshsig.verify(public, "file", MESSAGE, armored)
    other = ssh.public_key(ssh.generate_private_key())
    assert not sshsig.verify(other, "vote@v1", MESSAGE, armored)
    assert sshsig.key_of(armored) == public


@needs_openssh
@every_kind
def test_openssh_verifies_what_we_sign(name, tmp_path):
    public = ssh.public_key(KEYS[name])
    (tmp_path / "allowed").write_text(f"ana {public.line}\n")
    (tmp_path / "sig").write_text(sshsig.sign(KEYS[name], "countersign-vote@v1", MESSAGE))
    arguments = ["-Y", "verify", "-f", "allowed", "-I", "ana", "-n", "countersign-vote@v1"]
    keygen(*arguments, "-s", "sig", input=MESSAGE, cwd=tmp_path)


@needs_openssh
@every_kind
def test_we_verify_what_openssh_signs(name, tmp_path):
    ssh.write_private_key(tmp_path / "id", KEYS[name])
    for hash_name in ("sha512", "sha256"):
        armored = keygen(
            "-Y", "sign", "-f", "id", "-n", "vote@v1", "-O", f"hashalg={hash_name}",
            input=MESSAGE, cwd=tmp_path,
        ).decode()  # fmt: skip
        assert sshsig.verify(ssh.public_key(KEYS[name]), "vote@v1", MESSAGE, armored)


@needs_openssh
@every_kind
def test_fingerprints_and_lines_are_those_of_openssh(name, tmp_path):
    ssh.write_private_key(tmp_path / "id", KEYS[name])
    line = keygen("-y", "-f", "id", cwd=tmp_path).decode().strip()
    public = ssh.parse_public_key(line + " a comment")
    assert public == ssh.public_key(KEYS[name])
    (tmp_path / "id.pub").write_text(public.line)
    assert ssh.fingerprint(public) in keygen("-l", "-f", "id.pub", cwd=tmp_path).decode()


@needs_openssh
def test_an_encrypted_key_asks_for_its_passphrase(tmp_path):
    path = tmp_path / "id"
    keygen("-q", "-t", "ed25519", "-N", "opens", "-f", str(path))
    with pytest.raises(PassphraseNeeded, match="its passphrase is needed"):
        ssh.load_private_key(path)
    with pytest.raises(PassphraseNeeded, match="does not open"):
        ssh.load_private_key(path, "wrong")
    key = ssh.load_private_key(path, "opens")
    assert ssh.public_key(key) == ssh.parse_public_key((tmp_path / "id.pub").read_text())


def test_a_needless_passphrase_does_no_harm(tmp_path):
    ssh.write_private_key(tmp_path / "id", KEY)
    assert ssh.public_key(ssh.load_private_key(tmp_path / "id", "x")) == PUBLIC


@every_kind
def test_private_keys_travel_through_files(name, tmp_path):
    path = tmp_path / "id"
    ssh.write_private_key(path, KEYS[name])
    assert path.stat().st_mode & 0o777 == 0o600
    assert ssh.public_key(ssh.load_private_key(path)) == ssh.public_key(KEYS[name])
    with pytest.raises(KeyFileError, match="nothing is overwritten"):
        ssh.write_private_key(path, KEY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_private_key_that_others_can_read_is_refused(mode, tmp_path):
    path = tmp_path / "id"
    ssh.write_private_key(path, KEY)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        ssh.load_private_key(path)


def test_what_is_no_openssh_private_key_is_one_sentence(tmp_path):
    path = tmp_path / "id"
    path.touch(mode=0o600)
    pem = crypto_rsa.generate_private_key(65537, 2048).private_bytes(
        ser.Encoding.PEM, ser.PrivateFormat.TraditionalOpenSSL, ser.NoEncryption()
    )
    path.write_bytes(pem)
    with pytest.raises(KeyFileError, match="converted by `ssh-keygen -p -f"):
        ssh.load_private_key(path)
    path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----")
    with pytest.raises(KeyFileError, match="is no whole OpenSSH private key"):
        ssh.load_private_key(path)


def test_short_and_old_keys_are_refused(tmp_path):
    short = crypto_rsa.generate_private_key(65537, 1024)
    line = short.public_key().public_bytes(ser.Encoding.OpenSSH, ser.PublicFormat.OpenSSH)
    with pytest.raises(BadSshKey, match="has 1024 bits"):
        ssh.parse_public_key(line.decode())
    with pytest.raises(BadSshKey):
        sshsig.sign(short, "n", b"")
    path = tmp_path / "id"
    ssh.write_private_key(path, short)
    with pytest.raises(KeyFileError, match="has 1024 bits"):
        ssh.load_private_key(path)


def test_dsa_is_refused():
    numbers = dsa.generate_private_key(1024).public_key().public_numbers()
    assert numbers.y
    with pytest.raises(BadSshKey):
        ssh.parse_public_key("ssh-dss AAAAB3NzaC1kc3M=")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: "",
        lambda line: "ssh-ed25519",
        lambda line: f'command="x" {line}',
        lambda line: line.replace("ssh-ed25519 ", "ssh-rsa "),
        lambda line: line + "=",
        lambda line: line[:-4],
        lambda line: line + "AAAA",
        lambda line: line.replace("ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"),
        lambda line: line.replace("AAAA", "AA AA", 1),
        lambda line: line.split(" ")[1],
    ],
)
def test_a_spoiled_public_key_line_is_refused(spoil):
    assert ssh.parse_public_key(PUBLIC.line) == PUBLIC
    with pytest.raises(BadSshKey):
        ssh.parse_public_key(spoil(PUBLIC.line))


def content_of(armored):
    return base64.b64decode("".join(armored.splitlines()[1:-1]))


def armor(content):
    text = base64.b64encode(content).decode()
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


@every_kind
def test_no_changed_byte_of_a_signature_verifies(name):
    public = ssh.public_key(KEYS[name])
    content = content_of(sshsig.sign(KEYS[name], "n", MESSAGE))
    assert sshsig.verify(public, "n", MESSAGE, armor(content))
    for index in range(0, len(content), 3):
        changed = bytearray(content)
        changed[index] ^= 1
        assert not sshsig.verify(public, "n", MESSAGE, armor(bytes(changed)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text * 2,
        lambda text: "x" + text,
        lambda text: text.replace("SSH SIGNATURE", "PGP SIGNATURE"),
        lambda text: armor(content_of(text) + b"\0"),
        lambda text: armor(content_of(text)[:-1]),
        lambda text: armor(content_of(text).replace(b"sha512", b"sha1\0\0")),
        lambda text: armor(b"SSHSIG\0\0\0\x02" + content_of(text)[10:]),
        lambda text: armor(b"\0" * 20_000),
        lambda text: text[:60] + "!" + text[61:],
    ],
)
def test_a_spoiled_signature_is_none(spoil):
    armored = sshsig.sign(KEY, "n", MESSAGE)
    assert sshsig.verify(PUBLIC, "n", MESSAGE, armored)
    assert not sshsig.verify(PUBLIC, "n", MESSAGE, spoil(armored))


def test_an_rsa_signature_with_a_weaker_hash_is_refused():
    content = content_of(sshsig.sign(KEYS["rsa"], "n", MESSAGE))
    for scheme in (b"rsa-sha2-256", b"ssh-rsa\0\0\0\0\0"):
        changed = armor(content.replace(b"rsa-sha2-512", scheme))
        assert not sshsig.verify(ssh.public_key(KEYS["rsa"]), "n", MESSAGE, changed)
