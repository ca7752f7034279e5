import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.chains.tables import SHIPPED
from approvals.findings import Findings, Passed, Refused, Unverified
from approvals.inspect import inspect
from approvals.request import Request
from tests.support.evm import TO, USDT, WETH, calling, method
from tests.support.looking import seen
from tests.support.requests import ABSENT, sample

PASSING = [
    sample(name)
    for name in (
        "keysign_eth_transfer_eip1559",
        "keysign_eth_transfer_legacy",
        "keysign_erc20_usdt",
    )
]
OTHER = bytes.fromhex("68b3465833fb72a70ecdf485e0e4c7bd8665fc45")
CALLS = [
    sample("keysign_contract_call_approve"),
    calling(USDT, method("transferFrom(address,address,uint256)", OTHER, TO, 7)),
    calling(WETH, method("deposit()"), 10**18),
    calling(WETH, method("withdraw(uint256)", 10**18)),
]
ALL = [
    *PASSING,
    *CALLS,
    *map(
        sample,
        [
            "keysign_eip191",
            "keysign_eip712_permit",
            "keysign_raw_message_hash",
            "keysign_btc_p2wpkh",
            "keysign_sol_transfer",
            "keygen_secp256k1",
            "keyreshare_secp256k1",
            "keysharesign_type5",
            "v1_keysign_eth",
        ],
    ),
]
RAW = "raw_tx_info.unsigned_raw_tx"
COMPARED_OF_ALL = [
    "detail.root_pub_key",
    "detail.bip32_path_list",
    "detail.bip32_path_list.0",
    "detail.msg_hash_list",
    "detail.msg_hash_list.0",
    "detail.signature_type",
    "detail.biz_task_id",
    "extra.source_addresses",
    "extra.source_addresses.0.address",
    "extra.source_addresses.0.chain_id",
    "extra.transaction",
    "extra.transaction.transaction_id",
    "extra.transaction.chain_id",
    "extra.transaction.token_id",
    "extra.transaction.source.address",
    "extra.transaction.destination",
    "extra.transaction.destination.destination_type",
    "extra.transaction.raw_tx_info",
    "extra.transaction.raw_tx_info.unsigned_raw_tx",
]
OF_TRANSFERS = [
    "extra.transaction.destination.account_output",
    "extra.transaction.destination.account_output.address",
    "extra.transaction.destination.account_output.amount",
]
OF_CALLS = [
    "extra.transaction.destination.address",
    "extra.transaction.destination.value",
    "extra.transaction.destination.calldata",
]
COMPARED = [
    *[(base, path) for base in PASSING for path in (*COMPARED_OF_ALL, *OF_TRANSFERS)],
    *[(base, path) for base in CALLS for path in (*COMPARED_OF_ALL, *OF_CALLS)],
]
COMPARED_IF_THERE = [
    "extra.source_addresses.0.path",
    "extra.source_addresses.0.pubkey",
    "extra.source_addresses.0.root_pubkey",
    "extra.transaction.raw_tx_info.used_nonce",
    "extra.transaction.fee.gas_limit",
]
IF_THERE = [(base, path) for base in (*PASSING, *CALLS) for path in COMPARED_IF_THERE]

SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=20)
JSON = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


def at(path, base):
    """What stands at a path, and the method that changes it."""
    where, *steps = path.split(".")
    place, change = (
        (base.detail, base.with_detail) if where == "detail" else (base.extra, base.with_extra)
    )
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    return place, lambda value: change(".".join(steps), value)


def places(document, prefix=()):
    """Every path into a document."""
    steps = (
        enumerate(document)
        if isinstance(document, list)
        else document.items()
        if isinstance(document, dict)
        else ()
    )
    for step, inner in steps:
        yield ".".join(map(str, (*prefix, step)))
        yield from places(inner, (*prefix, step))


@given(st.sampled_from([*PASSING, *CALLS]), st.data())
def test_no_bit_of_the_transaction_can_change(base, data):
    raw = bytearray.fromhex(
        base.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"].removeprefix("0x")
    )
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    assert seen(base.with_transaction(RAW, "0x" + raw.hex())).integrity != Passed()
    assert seen(base.with_evm_bytes(bytes(raw))).integrity != Passed()


@given(st.sampled_from([*PASSING, *CALLS]), st.binary(min_size=1, max_size=40), st.booleans())
def test_nothing_can_be_added_to_the_transaction(base, more, in_front):
    raw = bytes.fromhex(
        base.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"].removeprefix("0x")
    )
    longer = more + raw if in_front else raw + more
    assert seen(base.with_evm_bytes(longer)).integrity != Passed()


@pytest.mark.parametrize(("base", "path"), COMPARED)
def test_no_claim_that_is_compared_can_be_left_out(base, path):
    _, change = at(path, base)
    assert seen(change(ABSENT)).integrity != Passed()
    assert path.endswith(".0") or seen(change(None)).integrity != Passed()


@given(st.sampled_from(COMPARED), JSON)
def test_no_claim_that_is_compared_can_change(case, value):
    base, path = case
    found, change = at(path, base)
    if value != found:
        assert seen(change(value)).integrity != Passed()


@given(st.sampled_from(IF_THERE), JSON.filter(lambda x: x != ""))
def test_no_claim_that_is_made_can_change(case, value):
    base, path = case
    found, change = at(path, base)
    if value not in (found, None):
        assert seen(change(value)).integrity != Passed()


@given(st.sampled_from(COMPARED + IF_THERE), st.data())
def test_no_character_of_a_claim_can_change(case, data):
    base, path = case
    found, change = at(path, base)
    if not isinstance(found, str):
        return
    where = data.draw(st.integers(0, len(found) - 1))
    character = data.draw(st.sampled_from("0123456789abcdefxXmT/.-_ é٣'"))
    changed = found[:where] + character + found[where + 1 :]
    if same(changed, found, path):
        return
    assert seen(change(changed)).integrity != Passed()


def same(changed, found, path):
    """Whether two spellings say the same: hex and its prefix in any case."""
    is_hex = path.endswith(("unsigned_raw_tx", "msg_hash_list.0", "calldata"))
    return changed == found or (is_hex and changed.lower() == found.lower())


@given(st.integers(), st.text(), st.text(), st.text())
@example(2, "{}", "{}", "")
@example(2, "[" * 100_000, "[" * 100_000, "")
@example(2, '{"msg_hash_list":["' + "00" * 100_000 + '"]}', "{}", "")
def test_any_texts_get_findings(number, detail, extra, surplus):
    try:
        request = Request("node-1", "id", number, detail, extra, surplus)
    except UnicodeEncodeError:
        return
    findings = inspect(request, SHIPPED)
    assert isinstance(findings.integrity, Refused)
    assert findings.digest == request.digest
    assert findings.effects == ()


@given(st.sampled_from(ALL), st.data())
def test_anything_anywhere_gets_findings_and_never_raises(base, data):
    document = data.draw(st.sampled_from(["detail", "extra"]))
    path = data.draw(st.sampled_from(list(places(getattr(base, document)))))
    value = data.draw(JSON | st.just(ABSENT))
    _, change = at(f"{document}.{path}", base)
    findings = seen(change(value))
    assert isinstance(findings, Findings)
    assert isinstance(findings.integrity, Passed | Refused | Unverified)
    if findings.integrity == Passed():
        assert findings.complete
        assert findings.effects
        assert findings.chain
        assert findings.source
        assert findings.fee or findings.chain == "BTC"  # there, of two inputs it is only stated


@given(st.sampled_from([1, 2, 3, 5]), JSON, JSON)
def test_any_json_gets_refused_or_unverified(number, detail, extra):
    request = Request("node-1", "id", number, json.dumps(detail), json.dumps(extra))
    assert inspect(request, SHIPPED).integrity != Passed()


@pytest.mark.parametrize("base", ALL)
def test_surplus_never_passes(base):
    assert seen(base.with_outer(surplus='{"x":1}')).integrity != Passed()
