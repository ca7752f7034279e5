"""Security keys: what their tokens sign counts, and nothing that only looks like it."""

import base64
import hashlib
import shutil
import subprocess

import pytest

from keys import ssh, sshsig
from keys.ssh import BadSshKey
from keys.wire import string, strings
from tests.support.security_key import ED25519, P256, PRESENT, VERIFIED, Token

TOKENS = {"ed25519": Token.made(ED25519), "p256": Token.made(P256)}
TEXT = "line one\nline two\n"
MESSAGE = TEXT.encode()
OPENSSH = shutil.which("ssh-keygen")
needs_openssh = pytest.mark.skipif(OPENSSH is None, reason="ssh-keygen is not installed")
each = pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)


# Made once, and verified by the ssh-keygen of OpenSSH 9.2.
RECORDED = [
    (
        (
            "sk-ssh-ed25519@openssh.com "
            "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIEOPuXJf2QSfFeR2aMt8rnJ1+JVhvDPv0YJl"
            "bUur+UJ0AAAABHNzaDo="
        ),
        "SHA256:jhNgCUT4e5oBV615VTTiYgdIfEuqkP7Lt6MeBedNyEw",
        (
            "-----BEGIN SSH SIGNATURE-----\n"
            "U1NIU0lHAAAAAQAAAEoAAAAac2stc3NoLWVkMjU1MTlAb3BlbnNzaC5jb20AAAAgQ4+5cl\n"
            "/ZBJ8V5HZoy3yucnX4lWG8M+/RgmVtS6v5QnQAAAAEc3NoOgAAABNjb3VudGVyc2lnbi12\n"
            "b3RlQHYxAAAAAAAAAAZzaGE1MTIAAABnAAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY2\n"
            "9tAAAAQHcbrsDAa3fqCNZT8Yv9BJeDDWE/9P3CUaLzJR311MEV8jzK446h38Ee4RwKkYiB\n"
            "b6dnSpMOCdmAtRzTKUg9ogkBAAAABw==\n"
            "-----END SSH SIGNATURE-----\n"
        ),
    ),
    (
        (
            "sk-ecdsa-sha2-nistp256@openssh.com "
            "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBNLuQFqV"
            "gjTWD9ZWLDRfT1A1Yu/LR5huC6QczCL3ioHEWo+Ua0T3tzKxbGpAgFJZqbtX0UO3zbHQV7NmQRVEMUYA"
            "AAAEc3NoOg=="
        ),
        "SHA256:TPRA/Wrl9ahWpOj6r14WG1Ux+MCPyVMRUWvuOFa2rMA",
        (
            "-----BEGIN SSH SIGNATURE-----\n"
            "U1NIU0lHAAAAAQAAAH8AAAAic2stZWNkc2Etc2hhMi1uaXN0cDI1NkBvcGVuc3NoLmNvbQ\n"
            "AAAAhuaXN0cDI1NgAAAEEE0u5AWpWCNNYP1lYsNF9PUDVi78tHmG4LpBzMIveKgcRaj5Rr\n"
            "RPe3MrFsakCAUlmpu1fRQ7fNsdBXs2ZBFUQxRgAAAARzc2g6AAAAE2NvdW50ZXJzaWduLX\n"
            "ZvdGVAdjEAAAAAAAAABnNoYTUxMgAAAHgAAAAic2stZWNkc2Etc2hhMi1uaXN0cDI1NkBv\n"
            "cGVuc3NoLmNvbQAAAEkAAAAgGDU8B0BVb7LsWDSKWWvxKwudTgcbU1AJS9zu++0iXKoAAA\n"
            "AhAPgr4dieYPar/3VIUwZNRJMX3wbIY6PGdSmQU/1FD7p8AQAAAAc=\n"
            "-----END SSH SIGNATURE-----\n"
        ),
    ),
]


def keygen(*arguments, **options):
    assert OPENSSH
    return subprocess.run([OPENSSH, *arguments], capture_output=True, check=True, **options).stdout


def verifies(token, armored, message=MESSAGE):
    return sshsig.verify(token.public, "n", message, armored)


def armored(token, blob):
    return sshsig.armor(token.public, "n", blob)


def blob_of(token):
    return token.signature(sshsig.signed_data("n", MESSAGE))


def parts_of(blob):
    """Scheme, raw signature, flags and counter."""
    kind, raw = strings(blob[:-5], 2)
    return kind, raw, blob[-5:]


@each
def test_what_a_token_signs_verifies_for_its_key_message_and_purpose_only(token):
    signature = token.sign("n", TEXT)
    assert verifies(token, signature)
    assert sshsig.key_of(signature) == token.public
    assert not verifies(token, signature, MESSAGE + b".")
    assert not sshsig.verify(token.public, "file", MESSAGE, signature)
    assert not sshsig.verify(Token.made(token.kind).public, "n", MESSAGE, signature)


@needs_openssh
@each
def test_openssh_agrees(token, tmp_path):
    for application in (b"ssh:", b"ssh:countersign"):
        made = token.but(application=application)
        (tmp_path / "id.pub").write_text(made.line)
        listed = keygen("-l", "-f", "id.pub", cwd=tmp_path).decode()
        assert ssh.fingerprint(ssh.parse_public_key(made.line)) in listed
        (tmp_path / "allowed").write_text(f"ana {made.line}\n")
        (tmp_path / "sig").write_text(made.sign("n", TEXT))
        arguments = ["-Y", "verify", "-f", "allowed", "-I", "ana", "-n", "n", "-s", "sig"]
        keygen(*arguments, input=MESSAGE, cwd=tmp_path)


@pytest.mark.parametrize(("line", "print_", "signature"), RECORDED, ids=TOKENS)
def test_a_signature_that_was_made_once_still_verifies(line, print_, signature):
    key = ssh.parse_public_key(line)
    assert ssh.fingerprint(key) == print_
    assert sshsig.verify(key, "countersign-vote@v1", b"recorded\n", signature)
    assert not sshsig.verify(key, "countersign-vote@v1", b"recorded", signature)


@each
@pytest.mark.parametrize("flags", [PRESENT, PRESENT | VERIFIED, 0x85, 0xFF])
def test_somebody_was_there_whatever_else_the_token_saw(token, flags):
    assert verifies(token, token.but(flags=flags).sign("n", TEXT))


@each
@pytest.mark.parametrize("flags", [0, VERIFIED, 0xFE])
def test_a_token_that_nobody_touched_does_not_count(token, flags):
    assert not verifies(token, token.but(flags=flags).sign("n", TEXT))


@each
@pytest.mark.parametrize("counter", [0, 1, 2**32 - 1])
def test_every_counter_is_taken_as_it_was_signed(token, counter):
    assert verifies(token, token.but(counter=counter).sign("n", TEXT))


@each
@pytest.mark.parametrize(
    "spoil",
    [
        lambda kind, raw, tail: string(kind) + string(raw) + tail[:1] + b"\0\0\0\x08",
        lambda kind, raw, tail: string(kind) + string(raw) + b"\x05" + tail[1:],
        lambda kind, raw, tail: string(kind) + string(raw) + tail + b"\0",
        lambda kind, raw, tail: string(kind) + string(raw) + tail[:-1],
        lambda kind, raw, tail: string(kind) + string(raw),
        lambda kind, raw, tail: string(kind) + string(raw + tail),
        lambda kind, raw, tail: string(kind) + string(raw) + string(tail),
        lambda kind, raw, tail: string(kind) + string(raw[:-1]) + tail,
        lambda kind, raw, tail: string(kind) + string(raw + b"\0") + tail,
        lambda kind, raw, tail: string(kind) + string(b"") + tail,
        lambda kind, raw, tail: string(b"ssh-ed25519") + string(raw) + tail,
        lambda kind, raw, tail: string(b"ecdsa-sha2-nistp256") + string(raw) + tail,
        lambda kind, raw, tail: string(b"webauthn-" + kind) + string(raw) + tail,
        lambda kind, raw, tail: string(b"") + string(raw) + tail,
        lambda kind, raw, tail: kind + raw + tail,
        lambda kind, raw, tail: b"",
    ],
)
def test_a_spoiled_signature_blob_is_none(token, spoil):
    assert verifies(token, armored(token, blob_of(token)))
    assert not verifies(token, armored(token, spoil(*parts_of(blob_of(token)))))


@each
def test_no_changed_byte_verifies(token):
    blob = blob_of(token)
    for index in range(len(blob)):
        changed = bytearray(blob)
        changed[index] ^= 1
        assert not verifies(token, armored(token, bytes(changed)))


@each
@pytest.mark.parametrize(
    "tail", [b"", b"\x01", b"\x01\0\0\x07", b"\x01\0\0\0\x07\0", b"\x81" + bytes(40)]
)
def test_what_a_token_says_has_one_length_even_if_it_signed_another(token, tail):
    message = hashlib.sha256(sshsig.signed_data("n", MESSAGE)).digest()
    raw = token.raw(hashlib.sha256(b"ssh:").digest() + tail + message)
    assert not verifies(token, armored(token, string(token.kind.encode()) + string(raw) + tail))


@each
def test_a_signature_for_another_application_is_none(token):
    other = token.but(application=b"ssh:other")
    assert verifies(other, other.sign("n", TEXT))
    assert not verifies(token, other.sign("n", TEXT))
    assert not verifies(token, armored(token, blob_of(other)))


@each
def test_a_token_does_not_sign_for_the_plain_key_inside_it_nor_that_for_the_token(token):
    plain = ssh.public_key(token.secret)
    bare = string(plain.kind.encode()) + string(token.raw(sshsig.signed_data("n", MESSAGE)))
    assert sshsig.verify(plain, "n", MESSAGE, sshsig.armor(plain, "n", bare))
    assert not verifies(token, armored(token, bare))
    assert not verifies(token, armored(token, bare + b"\x01\0\0\0\x07"))
    renamed = string(token.kind.encode()) + bare[4 + len(plain.kind) :]
    assert not verifies(token, armored(token, renamed))
    assert not verifies(token, armored(token, renamed + b"\x01\0\0\0\x07"))
    for blob in (blob_of(token), bare[:4] + blob_of(token)[4:]):
        assert not sshsig.verify(plain, "n", MESSAGE, sshsig.armor(plain, "n", blob))
    assert plain != token.public


@pytest.mark.parametrize(
    ("r", "s"),
    [
        (b"\0", b"\0"),
        (b"\x81" + bytes(31), None),
        (None, b"\x81" + bytes(31)),
        (b"\0\x01", None),
        (b"\x7f" * 33, None),
        (None, b"\x7f" * 6_000),
    ],
)
def test_odd_numbers_in_a_token_s_signature_are_refused(r, s):
    token = TOKENS["p256"]
    kind, raw, tail = parts_of(blob_of(token))
    first, second = strings(raw, 2)
    for odd in (
        string(first if r is None else r) + string(second if s is None else s),
        string(b"\0" + first) + string(second),
        string(first) + string(b"\0" + second),
    ):
        assert not verifies(token, armored(token, string(kind) + string(odd) + tail))


def line_of(kind, *parts):
    blob = b"".join(string(part) for part in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(blob).decode()}"


@each
def test_a_public_line_is_read_whole(token):
    key = ssh.parse_public_key(f"{token.line} ana's token")
    assert (key.kind, key.line) == (token.kind, token.line)
    assert isinstance(key.key, ssh.SecurityKey)
    assert key.key.application == b"ssh:"


@each
@pytest.mark.parametrize(
    "application",
    [
        b"",
        b"ssh",
        b"SSH:",
        b"https://example.com",
        b"ssh:a b",
        b"ssh:\n",
        b"ssh:\xff",
        b"ssh:" + b"x" * 125,
    ],
)
def test_a_token_that_was_made_for_something_else_is_refused(token, application):
    with pytest.raises(BadSshKey, match="made for SSH"):
        ssh.parse_public_key(token.but(application=application).line)
    longest = token.but(application=b"ssh:" + b"x" * 124)
    assert ssh.parse_public_key(longest.line).line == longest.line


POINT = strings(TOKENS["p256"].blob, 4)[2]
KEY = strings(TOKENS["ed25519"].blob, 3)[1]


SPOILED = {
    "no application": line_of(ED25519, KEY),
    "a part too many": line_of(ED25519, KEY, b"ssh:", b""),
    "a short key": line_of(ED25519, KEY[:-1], b"ssh:"),
    "another curve's point": line_of(ED25519, POINT, b"ssh:"),
    "no curve": line_of(P256, POINT, b"ssh:"),
    "another curve": line_of(P256, b"nistp384", POINT, b"ssh:"),
    "a point off the curve": line_of(P256, b"nistp256", POINT[:-1] + b"\0", b"ssh:"),
    "a compressed point": line_of(P256, b"nistp256", b"\x02" + POINT[1:33], b"ssh:"),
    "an ECDSA part too many": line_of(P256, b"nistp256", POINT, b"ssh:", b""),
    "named as Ed25519": TOKENS["p256"].line.replace(P256, ED25519),
    "named as a plain key": TOKENS["ed25519"].line.replace(ED25519, "ssh-ed25519"),
    "cut off": TOKENS["ed25519"].line[:-4],
    "surplus bytes": TOKENS["ed25519"].line + "AAAA",
    "a curve that no token has": line_of(
        "sk-ecdsa-sha2-nistp384@openssh.com", b"nistp384", POINT, b"ssh:"
    ),
    "webauthn": line_of("webauthn-sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", POINT, b"ssh:"),
}


@pytest.mark.parametrize("line", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_public_line_is_refused(line):
    with pytest.raises(BadSshKey):
        ssh.parse_public_key(line)
