import base64
import contextlib
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric import rsa as crypto_rsa
from hypothesis import given
from hypothesis import strategies as st

from keys import schemes, ssh, ssh_files, sshsig
from keys.errors import KeyFileError
from keys.ssh import BadSshKey
from keys.ssh_files import PassphraseNeeded
from keys.wire import mpint, string, strings
from tests.support.world import rsa_key

RSA = rsa_key("server")
KEYS: dict[str, ssh.PrivateKey] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "rsa": RSA,
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
}
KEY = KEYS["ed25519"]
PUBLIC = ssh.public_key(KEY)
OPENSSH = shutil.which("ssh-keygen")
needs_openssh = pytest.mark.skipif(OPENSSH is None, reason="ssh-keygen is not installed")
every_kind = pytest.mark.parametrize("name", KEYS)
KINDS_OF_CERTIFICATE = (
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
)
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
    ssh_files.write_private_key(tmp_path / "id", KEYS[name])
    for hash_name in ("sha512", "sha256"):
        armored = keygen(
            "-Y", "sign", "-f", "id", "-n", "vote@v1", "-O", f"hashalg={hash_name}",
            input=MESSAGE, cwd=tmp_path,
        ).decode()  # fmt: skip
        assert sshsig.verify(ssh.public_key(KEYS[name]), "vote@v1", MESSAGE, armored)


@needs_openssh
@every_kind
def test_fingerprints_and_lines_are_those_of_openssh(name, tmp_path):
    ssh_files.write_private_key(tmp_path / "id", KEYS[name])
    line = keygen("-y", "-f", "id", cwd=tmp_path).decode().strip()
    public = ssh.parse_public_key(line + " a comment")
    assert public == ssh.public_key(KEYS[name])
    (tmp_path / "id.pub").write_text(public.line)
    assert ssh.fingerprint(public) in keygen("-l", "-f", "id.pub", cwd=tmp_path).decode()


@needs_openssh
def test_an_encrypted_key_asks_for_its_passphrase(tmp_path):
    path = tmp_path / "id"
    keygen("-q", "-t", "ed25519", "-a", "1", "-N", "opens", "-f", str(path))
    with pytest.raises(PassphraseNeeded, match="its passphrase is needed"):
        ssh_files.load_private_key(path)
    with pytest.raises(PassphraseNeeded, match="does not open"):
        ssh_files.load_private_key(path, "wrong")
    key = ssh_files.load_private_key(path, "opens")
    assert ssh.public_key(key) == ssh.parse_public_key((tmp_path / "id.pub").read_text())


def test_a_needless_passphrase_does_no_harm(tmp_path):
    ssh_files.write_private_key(tmp_path / "id", KEY)
    assert ssh.public_key(ssh_files.load_private_key(tmp_path / "id", "x")) == PUBLIC


@every_kind
def test_private_keys_travel_through_files(name, tmp_path):
    path = tmp_path / "id"
    ssh_files.write_private_key(path, KEYS[name])
    assert path.stat().st_mode & 0o777 == 0o600
    assert ssh.public_key(ssh_files.load_private_key(path)) == ssh.public_key(KEYS[name])
    with pytest.raises(KeyFileError, match="nothing is overwritten"):
        ssh_files.write_private_key(path, KEY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_private_key_that_others_can_read_is_refused(mode, tmp_path):
    path = tmp_path / "id"
    ssh_files.write_private_key(path, KEY)
    path.chmod(mode)
    for read in (ssh_files.load_private_key, ssh_files.look_into):
        with pytest.raises(KeyFileError, match="chmod 600"):
            read(path)


@pytest.mark.parametrize(
    "content",
    [
        "{begin}\nAAAA\n{end}",
        "{begin}\nb3BlbnNzaC1rZXktdjEA\n{end}",
        "{begin}\nA\n{end}",
        "{begin}\n",
        "hello",
        "",
    ],
)
def test_what_is_no_private_key_is_one_sentence(content, tmp_path):
    path = tmp_path / "id"
    path.touch(mode=0o600)
    begin, end = (f"-----{word} OPENSSH PRIVATE KEY-----" for word in ("BEGIN", "END"))
    path.write_text(content.format(begin=begin, end=end))
    for read in (ssh_files.load_private_key, ssh_files.look_into):
        with pytest.raises(KeyFileError, match="is no whole OpenSSH private key: copy it again"):
            read(path)


@every_kind
def test_a_private_key_file_says_which_key_it_holds(name, tmp_path):
    path = tmp_path / "id"
    ssh_files.write_private_key(path, KEYS[name])
    seen = ssh_files.look_into(path)
    assert (seen.public, seen.foreign) == (ssh.public_key(KEYS[name]), False)


@pytest.mark.parametrize(
    ("cipher", "foreign"), [("aes256-ctr", False), ("chacha20-poly1305@openssh.com", True)]
)
@needs_openssh
def test_an_encrypted_one_says_it_too_and_whether_we_could_open_it(cipher, foreign, tmp_path):
    path = tmp_path / "id"
    keygen("-q", "-t", "ed25519", "-a", "1", "-Z", cipher, "-N", "opens", "-f", str(path))
    seen = ssh_files.look_into(path)
    public = ssh_files.read_public_key(tmp_path / "id.pub")
    assert (seen.public, seen.foreign) == (public, foreign)


def test_the_older_formats_are_left_to_openssh(tmp_path):
    path = tmp_path / "id"
    path.touch(mode=0o600)
    for form in (ser.PrivateFormat.TraditionalOpenSSL, ser.PrivateFormat.PKCS8):
        path.write_bytes(KEYS["p256"].private_bytes(ser.Encoding.PEM, form, ser.NoEncryption()))
        with pytest.raises(KeyFileError, match="convert it with `ssh-keygen -p -f"):
            ssh_files.look_into(path)
        public = ssh.public_key(KEYS["p256"])
        (tmp_path / "id.pub").write_text(public.line)
        assert ssh_files.look_into(path) == ssh_files.PrivateFile(public, foreign=True)
        (tmp_path / "id.pub").unlink()


def test_a_public_key_file_holds_one_line(tmp_path):
    path = tmp_path / "id.pub"
    path.write_text(f"{PUBLIC.line} ana@desk\n")
    assert ssh_files.read_public_key(path) == PUBLIC
    path.write_text(f"{PUBLIC.line}\n{PUBLIC.line}\n")
    with pytest.raises(KeyFileError, match="holds several lines"):
        ssh_files.read_public_key(path)
    path.write_bytes(b"\xff")
    with pytest.raises(KeyFileError, match="expected an OpenSSH public key"):
        ssh_files.read_public_key(path)


def test_short_and_old_keys_are_refused(tmp_path):
    short = crypto_rsa.generate_private_key(65537, 1024)
    line = short.public_key().public_bytes(ser.Encoding.OpenSSH, ser.PublicFormat.OpenSSH)
    with pytest.raises(BadSshKey, match="has 1024 bits"):
        ssh.parse_public_key(line.decode())
    with pytest.raises(BadSshKey):
        sshsig.sign(short, "n", b"")
    path = tmp_path / "id"
    ssh_files.write_private_key(path, short)
    with pytest.raises(KeyFileError, match="has 1024 bits"):
        ssh_files.load_private_key(path)


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


def rsa_signature(scheme, hash_algorithm):
    made = RSA.sign(sshsig.signed_data("n", MESSAGE), padding.PKCS1v15(), hash_algorithm)
    public = ssh.public_key(RSA)
    return public, sshsig.armor(public, "n", string(scheme) + string(made))


def test_rsa_signs_with_either_sha_2(tmp_path):
    for scheme, hash_algorithm in (
        (b"rsa-sha2-512", hashes.SHA512()),
        (b"rsa-sha2-256", hashes.SHA256()),
    ):
        public, armored = rsa_signature(scheme, hash_algorithm)
        assert sshsig.verify(public, "n", MESSAGE, armored)
        if OPENSSH:
            (tmp_path / "allowed").write_text(f"ana {public.line}\n")
            (tmp_path / "sig").write_text(armored)
            arguments = ["-Y", "verify", "-f", "allowed", "-I", "ana", "-n", "n", "-s", "sig"]
            keygen(*arguments, input=MESSAGE, cwd=tmp_path)


@pytest.mark.parametrize(
    ("scheme", "hash_algorithm"),
    [
        (b"ssh-rsa", hashes.SHA1()),
        (b"ssh-rsa", hashes.SHA512()),
        (b"rsa-sha2-512", hashes.SHA256()),
        (b"rsa-sha2-256", hashes.SHA512()),
        (b"rsa-sha2-512", hashes.SHA1()),
        (b"rsa-sha2-512-cert-v01@openssh.com", hashes.SHA512()),
        (b"ssh-ed25519", hashes.SHA512()),
    ],
)
def test_rsa_with_sha_1_or_by_a_wrong_name_is_refused(scheme, hash_algorithm):
    public, armored = rsa_signature(scheme, hash_algorithm)
    assert not sshsig.verify(public, "n", MESSAGE, armored)


@pytest.mark.parametrize("kind", KINDS_OF_CERTIFICATE)
def test_a_certificate_is_refused_in_a_plain_sentence(kind):
    line = f"{kind} {base64.b64encode(string(kind.encode()) + string(b'')).decode()}"
    with pytest.raises(BadSshKey, match="this is a certificate"):
        ssh.parse_public_key(line)
    with pytest.raises(BadSshKey, match="this is a certificate"):
        ssh.parse_blob(base64.b64decode(line.split()[1]))


@needs_openssh
def test_a_certificate_of_openssh_is_refused(tmp_path):
    ssh_files.write_private_key(tmp_path / "ca", KEY)
    (tmp_path / "id.pub").write_text(PUBLIC.line)
    keygen("-q", "-s", "ca", "-I", "ana", "id.pub", cwd=tmp_path)
    with pytest.raises(KeyFileError, match="this is a certificate"):
        ssh_files.read_public_key(tmp_path / "id-cert.pub")


@pytest.mark.parametrize(
    ("r", "s"),
    [
        (b"", b""),
        (b"\0", b"\0"),
        (b"\x81" + bytes(31), None),
        (None, b"\x81" + bytes(31)),
        (b"\0\x01", None),
        (b"\x7f" * 33, None),
        (None, b"\x7f" * 6_000),
        (b"\0" + b"\xff" * 32, b"\0" + b"\xff" * 32),
    ],
)
def test_odd_numbers_in_an_ecdsa_signature_are_refused(r, s):
    public = ssh.public_key(KEYS["p256"])
    blob = schemes.sign(KEYS["p256"], sshsig.signed_data("n", MESSAGE))
    kind, raw = strings(blob, 2)
    first, second = strings(raw, 2)
    assert sshsig.verify(public, "n", MESSAGE, sshsig.armor(public, "n", blob))
    for odd in (
        string(first if r is None else r) + string(second if s is None else s),
        string(b"\0" + first) + string(second),
        string(first) + string(b"\0" + second),
    ):
        blob = string(kind) + string(odd)
        assert not sshsig.verify(public, "n", MESSAGE, sshsig.armor(public, "n", blob))


@pytest.mark.parametrize("bits", [16_392, 40_000])
def test_a_huge_rsa_key_is_refused_before_it_costs_anything(bits):
    blob = string(b"ssh-rsa") + mpint(65_537) + mpint((1 << (bits - 1)) + 1)
    with pytest.raises(BadSshKey, match="use at most 16384"):
        ssh.parse_blob(blob)


def test_an_rsa_key_is_written_in_one_way():
    kind, e, n = strings(ssh.public_key(RSA).blob, 3)
    for odd in (string(b"\0" + e) + string(n), string(e) + string(b"\0" + n)):
        with pytest.raises(BadSshKey, match="canonical form"):
            ssh.parse_blob(string(kind) + odd)


def test_a_point_that_is_compressed_is_refused():
    kind, curve, point = strings(ssh.public_key(KEYS["p256"]).blob, 3)
    blob = string(kind) + string(curve) + string(b"\x02" + point[1:33])
    with pytest.raises(BadSshKey, match="is not whole"):
        ssh.parse_blob(blob)


@every_kind
@given(data=st.data())
def test_whatever_a_blob_holds_it_is_a_key_or_refused(name, data):
    blob = bytearray(ssh.public_key(KEYS[name]).blob)
    for _ in range(data.draw(st.integers(0, 3))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(blob[: data.draw(st.integers(0, len(blob)))]) if data.draw(st.booleans()) else blob
    with contextlib.suppress(BadSshKey):
        assert ssh.parse_public_key(ssh.parse_blob(bytes(cut)).line).blob == cut
