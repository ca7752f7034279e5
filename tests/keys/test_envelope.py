import base64
import hashlib
import hmac
import json
import string

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from hypothesis import given
from hypothesis import strategies as st

from keys import rsa
from keys.envelope import BadPackage, BadToken, TrustedNode, sign, unpack, verify
from tests.support.world import rsa_key

NOW_S = 1_790_848_800
NOW = NOW_S * 1000
KEY = rsa_key("node-1")
NEXT_KEY = rsa_key("node-1-next")
OTHER_KEY = rsa_key("node-2")
STRANGER = rsa_key("stranger")
NODES = (
    TrustedNode("node-1", (KEY.public_key(), NEXT_KEY.public_key())),
    TrustedNode("node-2", (OTHER_KEY.public_key(),)),
)
PACKAGE = b'{"request_id":"","request_type":0}'
CLAIMS = {"package_data": base64.b64encode(PACKAGE).decode(), "exp": NOW_S + 120}
HEADER = {"alg": "RS256", "typ": "JWT"}


def part(value):
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(claims=CLAIMS, header=HEADER, key=KEY):
    signed = f"{part(header)}.{part(claims)}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{part(signature)}"


def check(text, now=NOW):
    return verify(text, NODES, now)


def reason(text, now=NOW):
    with pytest.raises(BadToken) as caught:
        check(text, now)
    return caught.value.reason


def test_the_key_that_verifies_says_which_node_asks():
    assert check(token()).node == "node-1"
    assert check(token(key=NEXT_KEY)).node == "node-1"
    assert check(token(key=OTHER_KEY)).node == "node-2"
    assert reason(token(key=STRANGER)) == "no trusted key"
    with pytest.raises(BadToken, match="no trusted key"):
        verify(token(), (), NOW)


def test_a_verified_token_gives_its_package_and_a_short_name():
    text = token()
    verified = check(text)
    assert unpack(verified.package or "") == PACKAGE
    assert verified.token == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_white_space_around_a_token_is_what_templates_leave():
    assert check(f" \n{token()}\r\n") == check(token())


@pytest.mark.parametrize("package", [None, 5, {}, True, ["x"]])
def test_package_data_that_is_no_text_is_absent(package):
    assert check(token(CLAIMS | {"package_data": package})).package is None
    assert check(token({"exp": NOW_S + 1})).package is None


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RS256"},
        {"typ": "jwt", "alg": "RS256"},
        HEADER | {"kid": "../../key", "jku": "https://evil.example/", "x5u": "x", "jwk": {}},
    ],
)
def test_these_headers_are_fine_and_hints_for_keys_are_not_followed(header):
    assert check(token(header=header)).node == "node-1"


def test_a_key_inside_the_token_is_not_believed():
    numbers = STRANGER.public_key().public_numbers()
    jwk = {
        "kty": "RSA",
        "n": part(numbers.n.to_bytes(256, "big")),
        "e": part(numbers.e.to_bytes(3, "big")),
    }
    assert reason(token(header=HEADER | {"jwk": jwk}, key=STRANGER)) == "no trusted key"


@pytest.mark.parametrize(
    "alg",
    ["none", "None", "", "HS256", "PS256", "RS384", "RS512", "ES256", "rs256", None, 1, ["RS256"]],
)
def test_no_other_algorithm_whoever_signed(alg):
    assert reason(token(header={"alg": alg, "typ": "JWT"})) == "not RS256"


def test_a_header_without_algorithm_is_refused():
    assert reason(token(header={"typ": "JWT"})) == "not RS256"


@pytest.mark.parametrize("typ", ["JWS", "", None, 1, "JWT ", "at+jwt"])
def test_typ_is_absent_or_jwt(typ):
    assert reason(token(header={"alg": "RS256", "typ": typ})) == "bad typ"


@pytest.mark.parametrize(
    "extra", [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False, "crit": ["b64"]}]
)
def test_extended_headers_are_refused(extra):
    assert reason(token(header=HEADER | extra)) == "extended header"


def test_none_with_an_empty_or_any_signature_is_refused():
    head, claims, signature = token(header={"alg": "none"}).split(".")
    assert reason(f"{head}.{claims}.") == "not RS256"
    assert reason(f"{head}.{claims}.{signature}") == "not RS256"


def test_the_public_key_is_no_shared_secret():
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(CLAIMS)}"
    secret = rsa.public_pem(KEY.public_key())
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    assert reason(f"{signed}.{part(mac)}") == "not RS256"
    relabelled = f"{part(HEADER)}.{part(CLAIMS)}"
    mac = hmac.new(secret, relabelled.encode(), hashlib.sha256).digest()
    assert reason(f"{relabelled}.{part(mac)}") == "no trusted key"


@pytest.mark.parametrize("alg", ["PS256", "RS512", "RS384"])
def test_other_rsa_signatures_by_the_right_key_are_refused(alg):
    genuine = jwt.encode(CLAIMS, KEY, algorithm=alg)
    assert reason(genuine) == "not RS256"
    signed = f"{part(HEADER)}.{part(CLAIMS)}"
    signature = (
        KEY.sign(
            signed.encode(),
            padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
            hashes.SHA256(),
        )
        if alg == "PS256"
        else KEY.sign(
            signed.encode(),
            padding.PKCS1v15(),
            hashes.SHA512() if alg == "RS512" else hashes.SHA384(),
        )
    )
    assert reason(f"{signed}.{part(signature)}") == "no trusted key"


def test_an_elliptic_curve_signature_is_refused():
    key = ec.generate_private_key(ec.SECP256R1())
    assert reason(jwt.encode(CLAIMS, key, algorithm="ES256")) == "not RS256"


def test_a_detached_payload_is_refused():
    head, _, signature = token().split(".")
    assert reason(f"{head}..{signature}") == "no trusted key"


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "a.b.c.d", "...", "x" * 100])
def test_not_three_parts(text):
    assert reason(text) in {"not three parts", "bad base64"}


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p + "=",
        lambda p: p + "==",
        lambda p: p[:5] + "!" + p[5:],
        lambda p: p[:5] + "\n" + p[5:],
        lambda p: p[:5] + " " + p[5:],
        lambda p: " " + p,
        lambda p: p + "\u00e9",
        lambda p: p[:5] + "\0" + p[6:],
        lambda p: p[:-1] + "+",
        lambda p: p[:-1] + "/",
        lambda p: p + "A",
        lambda p: p + "AAA=",
    ],
)
def test_junk_in_the_base64_is_refused(index, spoil):
    parts = token().split(".")
    spoiled = spoil(parts[index])
    parts[index] = f"x{spoiled}" if spoiled.startswith(" ") and index == 0 else spoiled
    assert reason(".".join(parts)) in {"bad base64", "no trusted key", "bad header"}


def test_a_signature_has_one_spelling():
    """256 bytes leave 4 unused bits in the last of 342 characters: only zeros are taken."""
    head, claims, signature = token().split(".")
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    last = alphabet.index(signature[-1])
    for low_bits in range(1, 16):
        other = signature[:-1] + alphabet[last + low_bits]
        assert base64.urlsafe_b64decode(other + "==") == base64.urlsafe_b64decode(signature + "==")
        assert reason(f"{head}.{claims}.{other}") == "bad base64"


@pytest.mark.parametrize(
    "claims",
    [
        b'{"exp":%d,"exp":%d}' % (NOW_S + 1, NOW_S + 2),
        b'{"exp":%d,"package_data":"a","package_data":"b"}' % (NOW_S + 1),
        b'{"exp":NaN}',
        b'{"exp":%d,"x":Infinity}' % (NOW_S + 1),
        b"[]",
        b'"text"',
        b"\xff{}",
        b"{",
        b"[" * 100_000,
        b'{"exp":' + b"1" * 5000 + b"}",
    ],
)
def test_claims_are_one_strict_json_object(claims):
    assert reason(token(claims)) == "bad claims"


@pytest.mark.parametrize(
    "header", [b'{"alg":"none","alg":"RS256"}', b"[]", b"RS256", b"{", b"\xff", b"[" * 100_000]
)
def test_the_header_is_one_strict_json_object(header):
    assert reason(token(header=header)) == "bad header"


@pytest.mark.parametrize(
    ("exp", "why"),
    [
        (None, "no exp"),
        (True, "bad exp"),
        (float(NOW_S + 60), "bad exp"),
        (str(NOW_S + 60), "bad exp"),
        ([NOW_S + 60], "bad exp"),
        (NOW_S - 30, "expired"),
        (0, "expired"),
        (-1, "expired"),
        (NOW_S + 3601, "exp too far ahead"),
        (10**30, "exp too far ahead"),
    ],
)
def test_exp_is_required_whole_and_near(exp, why):
    assert reason(token(CLAIMS | {"exp": exp})) == why


def test_a_token_without_exp_is_refused():
    assert reason(token({"package_data": CLAIMS["package_data"]})) == "no exp"


@pytest.mark.parametrize("exp", [NOW_S - 29, NOW_S, NOW_S + 3600])
def test_exp_has_thirty_seconds_of_leeway_and_an_hour_of_room(exp):
    check(token(CLAIMS | {"exp": exp}))


@pytest.mark.parametrize(
    ("nbf", "why"),
    [
        (None, "bad nbf"),
        (True, "bad nbf"),
        (float(NOW_S), "bad nbf"),
        (str(NOW_S), "bad nbf"),
        (NOW_S + 31, "not yet valid"),
    ],
)
def test_nbf_is_whole_and_not_ahead(nbf, why):
    assert reason(token(CLAIMS | {"nbf": nbf})) == why
    check(token(CLAIMS | {"nbf": NOW_S + 30}))


@pytest.mark.parametrize("extra", [{"iss": ""}, {"aud": "x"}, {"iat": NOW_S + 999}, {"jti": 1}])
def test_other_claims_say_nothing(extra):
    check(token(CLAIMS | extra))


def test_every_changed_character_of_the_signed_parts_is_noticed():
    text = token()
    end = text.rindex(".")
    for index in range(0, end, 7):
        swap = "A" if text[index] != "A" else "B"
        reason(text[:index] + swap + text[index + 1 :])


def test_no_reason_repeats_the_token():
    for text in (token(key=STRANGER), token(CLAIMS | {"exp": "secret"}), "secret.secret.secret"):
        with pytest.raises(BadToken) as caught:
            check(text)
        assert "secret" not in str(caught.value)
        assert len(caught.value.reason) < 30


@given(st.text(max_size=200))
def test_whatever_arrives_it_is_only_a_bad_token(text):
    with pytest.raises(BadToken):
        check(text)


def test_our_own_answers_verify_with_any_strict_library():
    text = sign(PACKAGE, KEY, expires_at_s=NOW_S + 120)
    assert jwt.get_unverified_header(text) == {"alg": "RS256", "typ": "JWT"}
    claims = jwt.decode(text, KEY.public_key(), algorithms=["RS256"], options={"verify_exp": False})
    assert claims == CLAIMS
    assert check(text).package == CLAIMS["package_data"]


@pytest.mark.parametrize("text", ["YQ", "YR==", "Y Q==", "YQ==\n", "-_8=", "YQ==YQ==", "=", "é"])
def test_package_data_is_canonical_padded_standard_base64(text):
    with pytest.raises(BadPackage):
        unpack(text)
    assert unpack("+/8=") == b"\xfb\xff"
