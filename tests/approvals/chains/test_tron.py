"""Unsigned Tron transactions, built by Google's library and read by ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.addresses import tron_address
from approvals.chains.tables import SHIPPED
from approvals.chains.tron import (
    BadTransaction,
    OtherContract,
    Trigger,
    TrxTransfer,
    account_of,
    decode_transaction,
    signing_hash,
    tron_account,
)
from approvals.chains.tron_contracts import CONTRACT_TYPES
from approvals.inspect.tron import dissect
from tests.support.effort import working_under
from tests.support.requests import sample
from tests.support.tron import (
    EXPIRATION,
    OWNER,
    STRANGER,
    TIMESTAMP,
    TO,
    USDT,
    contract,
    digest,
    encoded,
    message,
    parsed,
    raw,
    transfer,
    trc20,
    trigger,
)

SAMPLES = ("keysign_tron_trx", "keysign_tron_trc20_usdt")
AMOUNTS = st.integers(0, 2**63 - 1)
ACCOUNTS = st.binary(min_size=20, max_size=20).map(lambda end: b"\x41" + end)


def bytes_of(name):
    return bytes.fromhex(sample(name).extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"][2:])


def test_the_builders_build_the_samples():
    assert raw(transfer(), fee_limit=1_200_000) == bytes_of("keysign_tron_trx")
    assert raw(trigger(), fee_limit=36_300_000) == bytes_of("keysign_tron_trc20_usdt")


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_signed_is_the_transactions_id(name):
    data = bytes_of(name)
    assert (
        ["0x" + signing_hash(data).hex()] == sample(name).detail["msg_hash_list"] == [digest(data)]
    )


def test_an_account_is_that_of_the_key():
    from approvals.chains.bip32 import parse_key

    source = sample("keysign_tron_trx").extra["source_addresses"][0]
    assert tron_account(parse_key(source["pubkey"]).key).text == source["address"]
    assert account_of(USDT) == SHIPPED.tokens["TRON_USDT"].asset.contract


@given(ACCOUNTS, ACCOUNTS, AMOUNTS, st.binary(max_size=90), st.integers(0, 2**31 - 1))
def test_a_transfer_is_read_as_it_was_meant(owner, to, amount, memo, permission):
    limit = amount // 2
    moved = transfer(owner=owner, to=to, amount=amount, Permission_id=permission)
    read = decode_transaction(raw(moved, fee_limit=limit, data=memo))
    assert read.contract == TrxTransfer(tron_address(owner[1:]), tron_address(to[1:]), amount)
    assert (read.memo, read.fee_limit, read.permission_id) == (memo, limit, permission)
    assert (read.expiration, read.timestamp) == (EXPIRATION, TIMESTAMP)
    assert read.ref_block.hex() == "4e6ec8aeda7cfeaa6aa3"
    assert read.unusual == ()


@given(ACCOUNTS, ACCOUNTS, st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), st.binary(max_size=200))
def test_a_call_is_read_as_it_was_meant(owner, to, numbers, data):
    value, token_value, token = numbers
    call = trigger(
        owner=owner,
        to=to,
        data=data,
        call_value=value,
        call_token_value=token_value,
        token_id=token,
    )
    read = decode_transaction(raw(call))
    expected = Trigger(
        tron_address(owner[1:]), tron_address(to[1:]), value, data, token_value, token
    )
    assert read.contract == expected


@given(st.sampled_from(SAMPLES), st.data())
def test_a_flipped_byte_never_reads_as_the_same(name, data):
    right = bytes_of(name)
    wrong = bytearray(right)
    wrong[data.draw(st.integers(0, len(right) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = decode_transaction(bytes(wrong))
    except BadTransaction:
        return
    was = decode_transaction(right)
    read = (found.contract, found.ref_block, found.expiration, found.timestamp, found.fee_limit)
    assert read != (was.contract, was.ref_block, was.expiration, was.timestamp, was.fee_limit)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_written_again_as_they_were(data):
    reads_as_it_is_written(data)


@given(st.sampled_from(SAMPLES), st.data())
def test_so_are_bytes_that_nearly_are_a_transaction(name, data):
    right = bytes_of(name)
    start = data.draw(st.integers(0, len(right)))
    end = data.draw(st.integers(start, len(right)))
    reads_as_it_is_written(right[:start] + data.draw(st.binary(max_size=20)) + right[end:])


def reads_as_it_is_written(data):
    laid_open = dissect(data)
    try:
        decode_transaction(data)
    except BadTransaction:
        assert laid_open == ()
        return
    assert parsed("raw", data).SerializeToString(deterministic=True) == data
    assert laid_open[-1].end == len(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it has 0 contracts, and Tron takes exactly one"),
        (raw(), "it has 0 contracts, and Tron takes exactly one"),
        (raw(transfer(), transfer()), "it has 2 contracts, and Tron takes exactly one"),
        (raw(transfer(owner=b"")), "its owner_address is no Tron address"),
        (raw(transfer(owner=OWNER[1:])), "its owner_address is no Tron address"),
        (raw(transfer(to=b"\xa0" + TO[1:])), "its to_address is no Tron address"),
        (raw(trigger(to=b"")), "its contract_address is no Tron address"),
        (raw(transfer(amount=-1)), "its amount is negative"),
        (raw(trigger(call_value=-1)), "its call_value is negative"),
        (raw(trigger(call_token_value=-1)), "its call_token_value is negative"),
        (raw(trigger(token_id=-1)), "its token_id is negative"),
        (raw(transfer(), fee_limit=-1), "its fee_limit is negative"),
        (raw(transfer(), expiration=-1), "its expiration is negative"),
        (raw(transfer(), timestamp=-1), "its timestamp is negative"),
        (raw(transfer(Permission_id=-1)), "its Permission_id is negative"),
        (raw(transfer()) + b"\0", "there is no field 0 here"),
        (raw(transfer())[:-1], "a number is cut short, or longer than 64 bits"),
    ],
)
def test_each_thing_that_no_transaction_has_is_named(data, why):
    with pytest.raises(BadTransaction, match=f"^{why}$"):
        decode_transaction(data)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "type.googleapis.com/protocol.TriggerSmartContract",
        "type.googleapis.com/protocol.transferContract",
        "evil.example/protocol.TransferContract",
        "protocol.TransferContract",
    ],
)
def test_the_type_and_the_parameter_have_to_say_the_same(url):
    why = "its type says TransferContract and its parameter does not"
    with pytest.raises(BadTransaction, match=f"^{why}$"):
        decode_transaction(raw(transfer(url=url)))
    with pytest.raises(BadTransaction, match=f"^{why}$"):
        decode_transaction(raw(message("Contract", type=1)))


def test_what_stands_inside_of_the_parameter_is_read_as_strictly():
    value = encoded("TransferContract", owner_address=OWNER, to_address=TO, amount=1)
    for untidy in (value + bytes.fromhex("1801"), value[:-2] + bytes.fromhex("188100"), value[1:]):
        with pytest.raises(BadTransaction):
            decode_transaction(raw(contract(1, "TransferContract", untidy)))


@pytest.mark.parametrize("number", sorted(set(CONTRACT_TYPES) - {1, 31}))
def test_every_contract_type_has_a_name(number):
    known = CONTRACT_TYPES[number]
    owner = encoded("TransferContract", owner_address=OWNER)
    read = decode_transaction(raw(contract(number, known.message, owner))).contract
    assert isinstance(read, OtherContract)
    assert (read.number, read.type.message) == (number, known.message)


@pytest.mark.parametrize("number", [7, 47, 60, 2**31 - 1, -1])
def test_a_contract_type_that_tron_never_gave_out_is_shown_by_its_number(number):
    read = decode_transaction(raw(contract(number, "New", b"\xff\xff"))).contract
    assert isinstance(read, OtherContract)
    assert read.type.message == f"contract type {number}"
    assert read.message is None


def test_a_contract_that_cannot_be_read_has_no_contents():
    read = decode_transaction(raw(contract(54, "FreezeBalanceV2Contract", b"\xff"))).contract
    assert isinstance(read, OtherContract)
    assert (read.owner, read.message) == (None, None)


def test_fields_that_no_wallet_fills_are_named():
    authority = message("authority", permission_name=b"owner")
    odd = raw(transfer(provider=b"p", ContractName=b"n"), auths=[authority], scripts=b"s")
    assert decode_transaction(odd).unusual == ("auths", "scripts", "provider", "ContractName")


def test_a_transaction_laid_open_covers_every_byte():
    data = raw(trigger(), fee_limit=36_300_000, data=b"deposit 104729")
    laid_open = dissect(data)
    outermost = [span for span in laid_open if span.depth == 0]
    assert [span.start for span in outermost] == [0, *(span.end for span in outermost[:-1])]
    assert outermost[-1].end == len(data)
    said = {(span.depth, span.label): span for span in laid_open}
    assert said[0, "expiration"].value == "2026-10-01 22:00:00 UTC"
    assert said[0, "timestamp"].value == "2026-10-01 10:00:00.123 UTC"
    assert said[0, "data"].value == "deposit 104729"
    assert said[0, "fee_limit"].value == "36.3 TRX"
    assert said[3, "owner_address"].value == "TSupd8dvX5KGMaHhgS7diYt9ZACBcJCz3g"
    calldata = said[3, "data"]
    assert data[calldata.start : calldata.end].endswith(trc20())
    assert said[2, "value"].start < calldata.start < calldata.end <= said[2, "value"].end


def test_any_bytes_are_laid_open_or_not_but_never_without_end():
    keys = [message("Key", address=STRANGER, weight=1)] * 99
    lists = [message("Permission", threshold=1, keys=keys)] * 97
    value = encoded("AccountPermissionUpdateContract", owner_address=OWNER, actives=lists)
    vast = raw(contract(46, "AccountPermissionUpdateContract", value))
    with working_under(5):
        assert len(dissect(vast)) > 20_000
    with working_under(1):
        assert dissect(bytes.fromhex("5a00") * 500_000) == ()
        assert dissect(bytes.fromhex("0a") + b"\xff" * 1_000_000) == ()
