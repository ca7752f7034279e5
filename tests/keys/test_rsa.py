import subprocess

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa as crypto_rsa

from keys import rsa
from keys.rsa import KeyFileError
from tests.support.world import rsa_key

KEY = rsa_key("server")
CUBIC = crypto_rsa.generate_private_key(3, 2048)
SHORT = crypto_rsa.generate_private_key(65537, 1024)
CURVE = ec.generate_private_key(ec.SECP256R1())
PKCS1 = ser.PrivateFormat.TraditionalOpenSSL
PKCS8 = ser.PrivateFormat.PKCS8
SPKI = ser.PublicFormat.SubjectPublicKeyInfo


def pem(key, form=PKCS8, password=None):
    cipher = ser.BestAvailableEncryption(password) if password else ser.NoEncryption()
    return key.private_bytes(ser.Encoding.PEM, form, cipher)


@pytest.fixture
def put(tmp_path):
    def write(content, mode=0o600):
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return write


@pytest.mark.parametrize("form", [PKCS1, PKCS8])
def test_private_keys_come_in_both_pem_forms(put, form):
    loaded = rsa.load_private_key(put(pem(KEY, form)))
    assert loaded.private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize("form", [SPKI, ser.PublicFormat.PKCS1])
def test_public_keys_come_in_both_pem_forms(put, form):
    content = KEY.public_key().public_bytes(ser.Encoding.PEM, form)
    assert rsa.load_public_key(put(content, 0o644)) == KEY.public_key()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_private_key_that_others_can_read_is_refused(put, mode):
    with pytest.raises(KeyFileError, match="can be read by others than its owner: chmod 600"):
        rsa.load_private_key(put(pem(KEY), mode))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (pem(KEY, password=b"x"), "is encrypted"),
        (pem(CURVE), "is no RSA key"),
        (pem(SHORT), "has 1024 bits: make a key of at least 2048"),
        (pem(CUBIC), "has the exponent 3: make a key with 65537"),
        (rsa.public_pem(KEY.public_key()), "is no PEM private key"),
        (b"", "is no PEM private key"),
        (b"\0" * 70_000, "is too large"),
    ],
)
def test_what_is_no_usable_private_key_is_one_sentence(put, content, sentence):
    with pytest.raises(KeyFileError, match=sentence):
        rsa.load_private_key(put(content))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (pem(KEY), "holds a private key: name the file of its public key"),
        (CURVE.public_key().public_bytes(ser.Encoding.PEM, SPKI), "is no RSA key"),
        (SHORT.public_key().public_bytes(ser.Encoding.PEM, SPKI), "has 1024 bits"),
        (CUBIC.public_key().public_bytes(ser.Encoding.PEM, SPKI), "has the exponent 3"),
        (b"ssh-rsa AAAA", "is no PEM public key"),
    ],
)
def test_what_is_no_usable_public_key_is_one_sentence(put, content, sentence):
    with pytest.raises(KeyFileError, match=sentence):
        rsa.load_public_key(put(content))


def test_a_missing_file_is_one_sentence(tmp_path):
    for load in (rsa.load_private_key, rsa.load_public_key):
        with pytest.raises(KeyFileError, match="does not exist"):
            load(tmp_path / "absent")
        with pytest.raises(KeyFileError, match="cannot be read"):
            load(tmp_path)


def test_a_written_key_is_its_owners_and_never_overwrites(tmp_path):
    path = tmp_path / "key.pem"
    rsa.write_private_key(path, KEY)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="nothing is overwritten"):
        rsa.write_private_key(path, rsa.generate_private_key(2048))
    assert path.read_bytes() == before
    assert rsa.load_private_key(path).private_numbers() == KEY.private_numbers()
    with pytest.raises(KeyFileError, match="cannot be written"):
        rsa.write_private_key(tmp_path / "no" / "key.pem", KEY)


def test_a_fingerprint_is_that_of_the_der_form(put, tmp_path):
    path = put(rsa.public_pem(KEY.public_key()))
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", path, "-outform", "DER"],
        check=True,
        capture_output=True,
    ).stdout
    digest = subprocess.run(
        ["openssl", "dgst", "-sha256", "-binary"], input=der, check=True, capture_output=True
    ).stdout
    text = subprocess.run(["base64"], input=digest, check=True, capture_output=True).stdout
    assert rsa.fingerprint(KEY.public_key()) == f"SHA256:{text.decode().strip().rstrip('=')}"
