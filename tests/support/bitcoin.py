"""Requests for transactions of Bitcoin's shape, built with btclib, which decodes nothing here.

`spend(...)` takes the recorded sample's business and root key and signs another transaction with
it: its bytes, digests, keys and addresses are btclib's own.
"""

import base64
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from btclib import b32, b58
from btclib.hashes import hash160, sha256
from btclib.script import sig_hash
from btclib.script.script_pub_key import ScriptPubKey
from btclib.tx.out_point import OutPoint
from btclib.tx.tx import Tx
from btclib.tx.tx_in import TxIn
from btclib.tx.tx_out import TxOut
from btclib_libsecp256k1 import keys

from approvals.chains.bip32 import derive, parse_path
from tests.support.requests import Sample, sample

SAMPLE: Final = sample("keysign_btc_p2wpkh")
ROOT: Final = SAMPLE.detail["root_pub_key"]
PATH: Final = "m/44/0/1/0/0"
STRANGER: Final = "bc1qezah9ljmm9vg89js3vza09q2yucdehvv328n8f"
OTHER_STRANGER: Final = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
COIN: Final = 100_000_000
ENCODINGS: Final = {
    "P2PKH": "ENCODING_P2PKH",
    "P2SH": "ENCODING_P2SH_P2WPKH",
    "P2WPKH": "ENCODING_BECH32",
    "P2TR": "ENCODING_P2TR",
    "P2TR tweaked": "ENCODING_P2TR",
}


@cache
def key_at(path: str) -> bytes:
    """The compressed key below the sample's root."""
    return derive(ROOT, parse_path(path) or ()).key


def tweak_at(path: str, tree: bytes = b"") -> bytes:
    """BIP-341's tweak of that key."""
    tag = sha256(b"TapTweak")
    return sha256(tag + tag + key_at(path)[1:] + tree)


@cache
def address_at(path: str, form: str, tree: bytes = b"") -> str:
    """The address of that key, in one of the forms of ENCODINGS."""
    key = key_at(path)
    match form:
        case "P2PKH":
            return b58.address_from_h160("p2pkh", hash160(key), "mainnet")
        case "P2SH":
            return b58.address_from_h160("p2sh", hash160(b"\0\x14" + hash160(key)), "mainnet")
        case "P2WPKH":
            return b32.address_from_witness(0, hash160(key), "mainnet")
        case "P2TR":
            return b32.address_from_witness(1, key[1:], "mainnet")
        case _:
            output = keys.pubkey_tweak_add(b"\2" + key[1:], tweak_at(path, tree))
            return b32.address_from_witness(1, output[1:], "mainnet")


@dataclass(frozen=True)
class Spent:
    """An output that is spent: of the key at `path`, in one form."""

    form: str = "P2WPKH"
    path: str = PATH
    value: int = 500_000
    sequence: int = 0xFFFFFFFF
    tree: bytes = b""

    @property
    def address(self) -> str:
        return address_at(self.path, self.form, self.tree)

    @property
    def script(self) -> bytes:
        return script_of(self.address)


def script_of(address: str) -> bytes:
    """What btclib makes of an address."""
    return bytes(ScriptPubKey.from_address(address).script)


def coins(units: int) -> str:
    """Decimal text."""
    return f"{units // COIN}.{units % COIN:08d}"


@dataclass(frozen=True)
class Plan:
    """A transaction to be. Outputs are pairs of an address, or a script, and base units."""

    spent: tuple[Spent, ...]
    paid: tuple[tuple[str | bytes, int], ...]
    change: tuple[tuple[str, int], ...] = ()
    version: int = 2
    locktime: int = 0
    sighash: int | None = None

    @property
    def outputs(self) -> list[tuple[bytes, int]]:
        pairs = (*self.paid, *self.change)
        return [(to if isinstance(to, bytes) else script_of(to), value) for to, value in pairs]

    @property
    def outpoints(self) -> list[tuple[bytes, int]]:
        """Which outputs are spent; ids as they are shown."""
        return [((number + 1).to_bytes(32, "big"), number) for number in range(len(self.spent))]

    @property
    def tx(self) -> Tx:
        ins = [
            TxIn(OutPoint(txid, vout), b"", each.sequence)
            for (txid, vout), each in zip(self.outpoints, self.spent, strict=True)
        ]
        outs = [TxOut(value, ScriptPubKey(script)) for script, value in self.outputs]
        return Tx(self.version, self.locktime, ins, outs)

    @property
    def raw(self) -> bytes:
        return self.tx.serialize(include_witness=False)

    def digest(self, index: int) -> bytes:
        """btclib's digest of one input."""
        each, tx = self.spent[index], self.tx
        program = hash160(key_at(each.path))
        code = b"\x76\xa9\x14" + program + b"\x88\xac"
        if each.form == "P2PKH":
            return sig_hash.legacy(code, tx, index, 1)
        if each.form in ("P2WPKH", "P2SH"):
            return sig_hash.segwit_v0(code, tx, index, 1, each.value)
        prevouts = [TxOut(spent.value, ScriptPubKey(spent.script)) for spent in self.spent]
        return sig_hash.taproot(tx, index, prevouts, self.sighash or 0, 0, b"", b"")

    def sample(self) -> Sample:
        """The whole request."""
        taproot = any(each.form.startswith("P2TR") for each in self.spent)
        signed = [n for n, each in enumerate(self.spent) if each.form.startswith("P2TR") == taproot]
        tweaks = [
            "0x" + tweak_at(self.spent[n].path, self.spent[n].tree).hex()
            if self.spent[n].form == "P2TR tweaked"
            else "0x00"
            for n in signed
        ]
        changed = SAMPLE.with_detail("signature_type", 3 if taproot else 1)
        changed = changed.with_detail("tweak_list", tweaks if taproot else [])
        changed = changed.with_detail(
            "msg_hash_list", ["0x" + self.digest(n).hex() for n in signed]
        )
        changed = changed.with_detail("bip32_path_list", [self.spent[n].path for n in signed])
        changed = changed.with_extra("source_addresses", self.sources())
        changed = changed.with_transaction("raw_tx_info", self.raw_tx_info())
        return changed.with_transaction("fee", None).with_transaction(
            "destination",
            {
                "destination_type": "Address",
                "utxo_outputs": [
                    {"address": to, "amount": coins(value)}
                    for to, value in self.paid
                    if isinstance(to, str)
                ],
            },
        )

    def sources(self) -> list[dict[str, Any]]:
        distinct = {each.address: each for each in self.spent}
        return [
            {
                "address": each.address,
                "chain_id": "BTC",
                "path": each.path,
                "encoding": ENCODINGS[each.form],
                "root_pubkey": ROOT,
                "pubkey": key_at(each.path).hex(),
                "taproot_script_tree_hash": each.tree.hex() or None,
            }
            for each in distinct.values()
        ]

    def raw_tx_info(self) -> dict[str, Any]:
        ins = self.tx.vin
        return {
            "unsigned_raw_tx": self.raw.hex(),
            "selected_utxos": [
                {
                    "tx_hash": bytes(tx_in.prev_out.tx_id).hex(),
                    "vout_n": tx_in.prev_out.vout,
                    "token_id": "BTC",
                    "address": each.address,
                    "value": coins(each.value),
                }
                for each, tx_in in zip(self.spent, ins, strict=True)
            ],
            "utxo_changes": [
                {"address": to, "value": coins(value), "token_id": "BTC"}
                for to, value in self.change
            ],
        }

    def but(self, **changes: Any) -> "Plan":
        return replace(self, **changes)


def plan(*forms: str, coin_type: int = 0, **changes: Any) -> Plan:
    """Inputs of these forms, at the sample's path and those after it; a payment and change."""
    spent = tuple(
        Spent(form, f"m/44/{coin_type}/1/0/{number}", 500_000 + number)
        for number, form in enumerate(forms or ("P2WPKH",))
    )
    total = sum(each.value for each in spent)
    usual = Plan(
        spent,
        paid=((STRANGER, 300_000),),
        change=((spent[0].address, total - 302_000),),
    )
    return usual.but(**changes)


def psbt(
    raw: bytes,
    inputs: list[dict[bytes, bytes]],
    outputs: list[dict[bytes, bytes]],
    common: dict[bytes, bytes] | None = None,
) -> bytes:
    """BIP-174, field by field."""
    maps = [{b"\0": raw} if common is None else common, *inputs, *outputs]
    return b"psbt\xff" + b"".join(map(_map, maps))


def base64_text(raw: bytes) -> str:
    """As PSBTs travel."""
    return base64.b64encode(raw).decode()


def _map(fields: dict[bytes, bytes]) -> bytes:
    from approvals.chains.bitcoin.transaction import string_bytes

    pairs = (string_bytes(key) + string_bytes(value) for key, value in fields.items())
    return b"".join(pairs) + b"\0"
