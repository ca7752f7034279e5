"""Output scripts of the standard forms, and the addresses that stand for them on each chain."""

from functools import lru_cache
from typing import Final, Literal, TypeAlias

from approvals.chains import base58, bech32
from approvals.chains.addresses import parse_address
from approvals.chains.bip32 import hash160
from approvals.chains.bitcoin.networks import Network
from approvals.findings import Address

Form: TypeAlias = Literal["P2PKH", "P2SH", "P2WPKH", "P2WSH", "P2TR"]

OP_RETURN: Final = 0x6A

_P2PKH: Final = (bytes.fromhex("76a914"), bytes.fromhex("88ac"))
_P2SH: Final = (bytes.fromhex("a914"), bytes.fromhex("87"))
_P2WPKH: Final = bytes([0, 20])
_P2WSH: Final = bytes([0, 32])
_P2TR: Final = bytes([0x51, 32])
_OP_0: Final = 0x50
_HASH_SIZE: Final = 20
_MAX_VERSION: Final = 16
_FORMS: Final[dict[bytes, tuple[int, Form]]] = {
    _P2PKH[0][:2]: (25, "P2PKH"),
    _P2SH[0][:2]: (23, "P2SH"),
    _P2WPKH: (22, "P2WPKH"),
    _P2WSH: (34, "P2WSH"),
    _P2TR: (34, "P2TR"),
}


def form_of(script: bytes) -> Form | None:
    """Which standard form a script has, if any."""
    size, form = _FORMS.get(script[:2], (0, None))
    if len(script) != size:
        return None
    if form == "P2PKH" and script != p2pkh(script[3:23]):
        return None
    if form == "P2SH" and script != p2sh(script[2:22]):
        return None
    return form


def p2pkh(key_hash: bytes) -> bytes:
    """Whoever has the key with this HASH160."""
    return _P2PKH[0] + key_hash + _P2PKH[1]


def p2sh(script_hash: bytes) -> bytes:
    """Whoever satisfies the script with this HASH160."""
    return _P2SH[0] + script_hash + _P2SH[1]


def p2wpkh(key_hash: bytes) -> bytes:
    """The same as P2PKH, as a witness program (BIP-141)."""
    return _P2WPKH + key_hash


def p2tr(output_key: bytes) -> bytes:
    """Whoever has this x-only key, or a script it commits to (BIP-341)."""
    return _P2TR + output_key


def nested(key: bytes) -> bytes:
    """The redeem script of a P2SH-P2WPKH address: the witness program of a compressed key."""
    return p2wpkh(hash160(key))


@lru_cache(maxsize=4096)
def script_of(network: Network, text: str) -> bytes | None:
    """The script that an address of this chain stands for; None if it is no such address."""
    address = parse_address(text)
    if address is None or address.family != "bitcoin":
        return None
    raw = address.raw
    if len(raw) == 1 + _HASH_SIZE and raw[0] == network.p2pkh:
        return p2pkh(raw[1:])
    if len(raw) == 1 + _HASH_SIZE and raw[0] in network.p2sh:
        return p2sh(raw[1:])
    prefix = (network.segwit or "").encode()
    if not prefix or not raw.startswith(prefix):
        return None
    version, program = raw[len(prefix)], raw[len(prefix) + 1 :]
    if version > _MAX_VERSION:
        return None
    return bytes([_OP_0 + version if version else 0, len(program)]) + program


@lru_cache(maxsize=4096)
def address_of(network: Network, script: bytes) -> Address | None:
    """The address of a script; None where it has none, or its form means nothing on the chain."""
    match form_of(script):
        case "P2PKH":
            return _base58(network.p2pkh, script[3:23])
        case "P2SH":
            return _base58(network.p2sh[0], script[2:22])
        case "P2WPKH" | "P2WSH" | "P2TR":
            return _segwit(network.segwit, 1 if script[0] else 0, script[2:])
        case None:
            return None


def _base58(version: int, digest: bytes) -> Address:
    raw = bytes([version]) + digest
    return Address("bitcoin", raw, base58.encode_check(raw))


def _segwit(prefix: str | None, version: int, program: bytes) -> Address | None:
    if prefix is None:
        return None
    raw = prefix.encode() + bytes([version]) + program
    return Address("bitcoin", raw, bech32.encode_segwit(prefix, version, program))
