"""A PSBT in place of the bare transaction, in both of its notations."""

from dataclasses import dataclass

import pytest

from approvals.chains.bitcoin.transaction import Output, output_bytes
from tests.support.bitcoin import STRANGER, Plan, base64_text, plan, psbt
from tests.support.looking import note, passed, refused, unverified

RAW = "raw_tx_info.unsigned_raw_tx"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
UTXOS = "raw_tx_info.selected_utxos"


def fields_of(each):
    """What a wallet says of an output that is spent."""
    return {b"\1": output_bytes(Output(each.value, each.script))}


def package(spending, inputs=None, outputs=None):
    """The PSBT of a plan."""
    inputs = [fields_of(each) for each in spending.spent] if inputs is None else inputs
    return psbt(spending.raw, inputs, outputs or [{} for _ in spending.outputs])


def asked(spending, raw):
    return spending.sample().with_transaction(RAW, raw)


@pytest.mark.parametrize("forms", [("P2WPKH", "P2SH"), ("P2TR", "P2TR tweaked"), ("P2PKH",)])
def test_both_notations_are_read(forms):
    spending = plan(*forms)
    raw = package(spending)
    for text in (raw.hex(), "0x" + raw.hex().upper(), base64_text(raw)):
        assert len(passed(asked(spending, text)).effects) == 1


@pytest.mark.parametrize("change", [lambda t: t + "\n", lambda t: t + "AA", lambda t: t[:-1] + "!"])
def test_base64_is_read_strictly(change):
    spending = plan("P2WPKH")
    assert unverified(asked(spending, change(base64_text(package(spending)))), 9)


def test_base64_has_one_spelling():
    """The bits that the last character does not need are zero."""
    for extra in range(3):
        spending = plan(paid=((STRANGER, 300_000), (b"\x6a" * (1 + extra), 0)))
        text = base64_text(package(spending))
        assert unverified(asked(spending, text), 15)
        if text.endswith("="):
            bits = text.rstrip("=")
            last = ALPHABET[ALPHABET.index(bits[-1]) + 1]
            assert unverified(asked(spending, bits[:-1] + last + text[len(bits) :]), 9)


def test_10_the_psbt_and_the_claim_agree():
    spending = plan("P2PKH")
    other = [{b"\1": output_bytes(Output(1, spending.spent[0].script))}]
    assert refused(asked(spending, package(spending, other).hex()), 10)


def test_10_a_psbt_stands_in_for_a_claim_that_is_absent():
    spending = plan("P2WPKH")
    silent = asked(spending, package(spending).hex()).with_transaction(UTXOS, None)
    assert len(unverified(silent, 10).effects) == 1


def test_10_a_psbt_says_which_signature_it_wants():
    spending = plan("P2TR", sighash=1)
    for sighash, check in ((1, passed), (0, lambda request: refused(request, 10))):
        wanted = [fields_of(spending.spent[0]) | {b"\3": bytes([sighash, 0, 0, 0])}]
        assert check(asked(spending, package(spending, wanted).hex()))
    ecdsa = plan("P2WPKH")
    wanted = [fields_of(ecdsa.spent[0]) | {b"\3": bytes(4)}]
    assert refused(asked(ecdsa, package(ecdsa, wanted).hex()), 10)


def test_10_the_redeem_script_of_a_psbt_is_the_keys():
    spending = plan("P2SH")
    wrong = [fields_of(spending.spent[0]) | {b"\4": b"\0\x14" + bytes(20)}]
    assert refused(asked(spending, package(spending, wrong).hex()), 10)
    claimed = asked(spending, package(spending, wrong).hex()).with_transaction(
        f"{UTXOS}.0.redeem_script", "0014" + "11" * 20
    )
    assert refused(claimed, 10)


@pytest.mark.parametrize(
    ("inputs", "outputs"), [({b"\2" + bytes(33): b"sig"}, {}), ({}, {b"\2" + bytes(33): b"me"})]
)
def test_9_a_field_that_is_not_read_is_unverified(inputs, outputs):
    spending = plan("P2WPKH")
    raw = package(spending, [fields_of(spending.spent[0]) | inputs], [outputs, {}])
    findings = unverified(asked(spending, raw.hex()), 9)
    assert len(findings.effects) == 1


@pytest.mark.parametrize("forms", [("P2PKH",), ("P2WPKH", "P2WPKH")])
def test_13_whole_transactions_prove_the_fee(forms):
    """What is spent is made by a transaction that the PSBT holds."""
    usual = plan(*forms)
    made = [Plan(usual.spent[:1], paid=((each.address, each.value),)) for each in usual.spent]
    spending = Spending(usual.spent, usual.paid, usual.change, made=tuple(made))
    whole = [{b"\0": each.raw} for each in made]
    findings = passed(asked(spending, package(spending, whole).hex()))
    assert findings.fee.at_most == 2_000
    assert note(findings, "Fee") is None
    if len(made) > 1:
        part = [whole[0], fields_of(usual.spent[1])]
        assert passed(asked(spending, package(spending, part).hex())).fee is None


@dataclass(frozen=True)
class Spending(Plan):
    """A plan whose inputs spend the first outputs of other plans."""

    made: tuple[Plan, ...] = ()

    @property
    def outpoints(self):
        return [(bytes(each.tx.id), 0) for each in self.made]
