"""Whatever changes, it does not pass; whatever arrives, there is an answer, soon."""

from functools import cached_property

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.chains.bitcoin.scripts import script_of
from approvals.chains.bitcoin.sighash import Digests
from approvals.chains.bitcoin.transaction import MAX_SIZE, BadTransaction, Output, decode
from approvals.chains.tables import SHIPPED
from approvals.details import KeySign, read_detail, read_extra
from approvals.findings import Findings, Passed, Refused, Unverified
from approvals.inspect.bitcoin import PORT
from approvals.inspect.families import family_of
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import Case, Seen
from tests.approvals.inspect.bitcoin.test_psbt import package
from tests.approvals.inspect.test_properties import JSON, at, places
from tests.support.bitcoin import SAMPLE, STRANGER, Plan, Spent, base64_text, plan
from tests.support.effort import working_under
from tests.support.looking import seen
from tests.support.requests import ABSENT

RAW = "raw_tx_info.unsigned_raw_tx"
FORMS = [
    ("P2WPKH", "P2WPKH"),
    ("P2PKH", "P2SH"),
    ("P2TR", "P2TR tweaked"),
]
PLANS = [plan(*forms) for forms in FORMS]
REQUESTS = [SAMPLE, *(each.sample() for each in PLANS)]
PSBTS = [
    (each.sample().with_transaction(RAW, package(each).hex()), package(each)) for each in PLANS
]
COMPARED = [
    "detail.root_pub_key",
    "detail.bip32_path_list",
    "detail.bip32_path_list.1",
    "detail.msg_hash_list",
    "detail.msg_hash_list.0",
    "detail.msg_hash_list.1",
    "detail.signature_type",
    "extra.source_addresses",
    "extra.source_addresses.0.address",
    "extra.source_addresses.0.chain_id",
    "extra.transaction.chain_id",
    "extra.transaction.token_id",
    "extra.transaction.destination",
    "extra.transaction.destination.destination_type",
    "extra.transaction.destination.utxo_outputs",
    "extra.transaction.destination.utxo_outputs.0",
    "extra.transaction.destination.utxo_outputs.0.address",
    "extra.transaction.destination.utxo_outputs.0.amount",
    "extra.transaction.raw_tx_info",
    "extra.transaction.raw_tx_info.unsigned_raw_tx",
    "extra.transaction.raw_tx_info.selected_utxos",
    "extra.transaction.raw_tx_info.selected_utxos.1",
    "extra.transaction.raw_tx_info.selected_utxos.1.tx_hash",
    "extra.transaction.raw_tx_info.selected_utxos.1.vout_n",
    "extra.transaction.raw_tx_info.selected_utxos.1.address",
    "extra.transaction.raw_tx_info.selected_utxos.1.value",
    "extra.transaction.raw_tx_info.utxo_changes.0",
    "extra.transaction.raw_tx_info.utxo_changes.0.address",
    "extra.transaction.raw_tx_info.utxo_changes.0.value",
]


@pytest.mark.parametrize("base", REQUESTS)
def test_what_is_changed_below_passes_as_it_is(base):
    assert seen(base).integrity == Passed()


@given(st.sampled_from(REQUESTS), st.data())
def test_no_bit_of_the_transaction_can_change(base, data):
    raw = bytearray.fromhex(base.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    assert seen(base.with_transaction(RAW, raw.hex())).integrity != Passed()


@given(st.sampled_from(PSBTS), st.data())
def test_no_bit_of_a_psbt_can_change(pair, data):
    base, raw = pair
    assert seen(base).integrity == Passed()
    changed = bytearray(raw)
    changed[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    for text in (changed.hex(), base64_text(bytes(changed))):
        assert seen(base.with_transaction(RAW, text)).integrity != Passed()


@given(st.sampled_from(PLANS), st.data())
def test_other_bytes_do_not_pass_though_their_own_digests_are_to_be_signed(base, data):
    """What is spent and what is paid are claimed; version, sequences and locktime are not."""
    raw = bytearray(base.raw)
    outpoints = [5 + 41 * number + place for number in range(2) for place in range(36)]
    outputs = range(5 + 41 * 2, len(raw) - 4)
    raw[data.draw(st.sampled_from([*outpoints, *outputs]))] ^= data.draw(st.integers(1, 255))
    try:
        transaction = decode(bytes(raw))
    except BadTransaction:
        return
    network = SHIPPED.chains["BTC"].network
    assert network is not None
    spent = [Output(each.value, script_of(network, each.address) or b"") for each in base.spent]
    digests = Digests(transaction, spent)
    hashes = [
        digests.bip341(n, 0)
        if base.spent[n].form.startswith("P2TR")
        else digests.legacy(n)
        if base.spent[n].form == "P2PKH"
        else bytes.fromhex(base.sample().detail["msg_hash_list"][n][2:])
        if base.spent[n].form == "P2SH"
        else digests.bip143(n, spent[n].script[2:])
        for n in range(len(spent))
    ]
    signed = base.sample().with_transaction(RAW, raw.hex())
    changed = signed.with_detail("msg_hash_list", [each.hex() for each in hashes])
    assert seen(changed).integrity != Passed()


@pytest.mark.parametrize("path", COMPARED)
@pytest.mark.parametrize("base", REQUESTS)
def test_no_claim_that_is_compared_can_be_left_out(base, path):
    _, change = at(path, base)
    assert may_miss_change(base, path) or seen(change(ABSENT)).integrity != Passed()
    assert path.rpartition(".")[2].isdigit() or seen(change(None)).integrity != Passed()


def may_miss_change(base, path):
    """The sample states its change three times."""
    return base is SAMPLE and path.endswith("utxo_changes.0")


@given(st.sampled_from(REQUESTS), st.sampled_from(COMPARED), JSON)
def test_no_claim_that_is_compared_can_change(base, path, value):
    found, change = at(path, base)
    if value != found:
        assert seen(change(value)).integrity != Passed()


@given(st.sampled_from(REQUESTS), st.sampled_from(COMPARED), st.data())
def test_no_character_of_a_claim_can_change(base, path, data):
    found, change = at(path, base)
    if not isinstance(found, str):
        return
    where = data.draw(st.integers(0, len(found) - 1))
    character = data.draw(st.sampled_from("0123456789abcdefxXmTq/.-_ é٣'"))
    changed = found[:where] + character + found[where + 1 :]
    if is_same(changed, found, path):
        return
    assert seen(change(changed)).integrity != Passed()


def is_same(changed, found, path):
    """Whether two spellings say the same: hex in any case, an amount with a zero in front."""
    is_hex = "msg_hash_list" in path or path.endswith(("unsigned_raw_tx", "tx_hash"))
    return changed == found or (is_hex and changed.lower() == found.lower())


@given(st.sampled_from(REQUESTS), st.data())
def test_anything_anywhere_gets_findings(base, data):
    document = data.draw(st.sampled_from(["detail", "extra"]))
    path = data.draw(st.sampled_from(list(places(getattr(base, document)))))
    _, change = at(f"{document}.{path}", base)
    findings = seen(change(data.draw(JSON | st.just(ABSENT))))
    assert isinstance(findings, Findings)
    assert isinstance(findings.integrity, Passed | Refused | Unverified)
    if findings.integrity == Passed():
        assert findings.complete
        assert findings.effects
        assert findings.chain == "BTC"


def case_of(request):
    asked = request.request
    detail, extra = read_detail(asked.known_type, asked.detail), read_extra(asked.extra)
    assert isinstance(detail.value, KeySign)
    assert extra.value is not None
    return Case(detail.value, extra.value, SHIPPED.chains["BTC"], SHIPPED)


CASES = [case_of(request) for request in REQUESTS]
STARTS = [b"", b"psbt\xff", b"\2\0\0\0\1", PLANS[0].raw[:-4], package(PLANS[1])[:-3]]


@given(st.sampled_from(CASES), st.sampled_from(STARTS), st.binary(max_size=300))
@example(CASES[0], b"", b"\2\0\0\0\xff" + b"\xff" * 8)
@example(CASES[0], b"psbt\xff", b"\xff" * 9)
def test_any_bytes_get_an_answer(case, start, more):
    reasons = Reasons()
    assert isinstance(PORT.look(case, start + more, reasons), Seen)
    spans = PORT.dissect(start + more)
    assert all(0 <= span.start <= span.end <= len(start + more) for span in spans)
    assert not PORT.signs(start + more, case.signing.hashes)


@given(st.text(max_size=60) | st.text(max_size=60).map("cHNidP8".__add__))
def test_any_text_is_unpacked_or_not(text):
    raw = PORT.unpack(text)
    assert raw is None or isinstance(raw, bytes)


def test_nobody_can_tell_whose_a_bare_transaction_is():
    """Others write theirs in the same form; so an unknown chain's stays unknown."""
    assert family_of(PLANS[0].raw.hex(), CASES[1].signing.hashes) is None


class Long(Plan):
    """A plan with our own digests: btclib hashes everything anew for each."""

    @cached_property
    def digests(self):
        spent = [Output(each.value, each.script) for each in self.spent]
        return Digests(decode(self.raw), spent)

    def digest(self, index):
        digests = self.digests
        match self.spent[index].form:
            case "P2PKH":
                return digests.legacy(index)
            case "P2WPKH":
                return digests.bip143(index, self.spent[index].script[2:])
            case _:
                return digests.bip341(index, 0)


def long(form="P2WPKH", inputs=1, outputs=1):
    """A payment of one base unit for each output, and no change."""
    value = -(-outputs // inputs)
    return Long((Spent(form, value=value),) * inputs, ((STRANGER, 1),) * outputs).sample()


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: long(inputs=900),
        lambda: long("P2PKH", inputs=200),
        lambda: long("P2TR tweaked", inputs=900),
        lambda: long(outputs=900),
    ],
)
def test_the_longest_transactions_take_a_moment(request_of):
    """About 20 ms each on a quiet machine; the bound is generous for a busy one."""
    request = request_of()
    with working_under(1):
        assert seen(request).integrity == Passed()


def test_the_largest_bytes_take_a_moment():
    case = CASES[0]
    for raw in (
        bytes(1024 * 1024),
        b"psbt\xff" + b"\1\1" * (512 * 1024 - 3),
        PLANS[0].raw[:-4] + bytes(MAX_SIZE),
        b"\2\0\0\0\xfd\x86\x09" + bytes(41) * 2438 + b"\1" + bytes(9) + bytes(4),
    ):
        with working_under(1):
            PORT.look(case, raw, Reasons())
