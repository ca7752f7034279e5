"""EIP-712: known vectors, eth-account as the oracle, and everything that is refused."""

import json
from typing import Any

import pytest
from eth_account._utils.encode_typed_data.encoding_and_hashing import hash_domain, hash_struct
from eth_account.messages import encode_typed_data
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.chains.eip712 import MAX_DEPTH, MAX_VALUES, BadTypedData, read_typed_data
from approvals.chains.keccak import keccak256
from tests.support.requests import sample
from tests.support.typed_data import (
    MAIL,
    PERMIT,
    USDC,
    changed,
    dai,
    details,
    document,
    members,
    permit,
    permit2,
    safe_tx,
)

NAMES = st.sampled_from(["a", "b", "value", "_x", "$", "owner", "Zed", "a1"])
ATOMS = st.sampled_from(
    [
        *("bool", "address", "string", "bytes", "bytes1", "bytes4", "bytes32"),
        *("uint8", "uint96", "uint256", "int8", "int128", "int256"),
    ]
)
SUFFIXES = st.sampled_from(["", "", "", "[]", "[2]", "[][2]", "[1][]"])


def hashed(whole):
    """What eth-account makes of a document: the domain's hash, the message's, the one signed.

    Its public function cannot tell the primary type where types hold each other in turn.
    """
    types = {name: kind for name, kind in whole["types"].items() if name != "EIP712Domain"}
    domain = bytes(hash_domain(whole["domain"]))
    message = bytes(hash_struct(whole["primaryType"], types, whole["message"]))
    return domain, message, keccak256(b"\x19\x01" + domain + message)


def ours(whole):
    data = read_typed_data(whole)
    return data.domain.hash, data.message.hash, data.signing_hash


def hexed(raw):
    return "0x" + raw.hex()


def atom_values(kind):
    """Values of an elementary type, in every notation that a document may use."""
    if kind == "bool":
        return st.booleans()
    if kind == "string":
        return st.text(st.characters(codec="utf-8"), max_size=40)
    if kind == "bytes":
        return st.binary(max_size=70).map(hexed)
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(hexed)
    if kind.startswith("bytes"):
        size = int(kind[5:])
        return st.binary(min_size=size, max_size=size).map(hexed)
    if kind.startswith("uint"):
        numbers = st.integers(0, 2 ** int(kind[4:]) - 1)
        return numbers | numbers.map(str) | numbers.map(hex)
    bits = int(kind[3:])
    numbers = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return numbers | numbers.map(str)


@st.composite
def typed_documents(draw):
    """Documents of up to four structs; S0 is the primary type and reaches all the others."""
    structs = [f"S{number}" for number in range(draw(st.integers(1, 4)))]
    types = {}
    for number, name in enumerate(structs):
        own = draw(st.lists(NAMES, unique=True, max_size=4))
        kinds = [draw(ATOMS) + draw(SUFFIXES) for _ in own]
        if structs[number + 1 :]:
            own.append("next")
            kinds.append(structs[number + 1] + draw(SUFFIXES))
        if draw(st.booleans()):
            own.append("again")
            kinds.append(f"{draw(st.sampled_from(structs))}[]")
        pairs = draw(st.permutations(list(zip(own, kinds, strict=True))))
        types[name] = ",".join(f"{kind} {member}" for member, kind in pairs)
    domain = {
        "name": draw(st.none() | st.text(st.characters(codec="utf-8"), max_size=9)),
        "version": draw(st.none() | st.just("1")),
        "chainId": draw(st.none() | st.sampled_from([1, "1", "0x1388", 56])),
        "verifyingContract": draw(st.none() | st.just(USDC)),
        "salt": draw(st.none() | st.binary(min_size=32, max_size=32).map(hexed)),
    }
    whole = document("S0", types, {}, **domain)
    whole["message"] = draw(values("S0", whole["types"], 2))
    return whole


@st.composite
def values(draw, kind, types, depth):
    """A value of a type. Structs that hold themselves end in an empty array."""
    if kind.endswith("]"):
        element, _, length = kind[:-1].rpartition("[")
        most = 2 if depth > 0 else 0
        count = int(length) if length else draw(st.integers(0, most))
        return [draw(values(element, types, depth - 1)) for _ in range(count)]
    if kind not in types:
        return draw(atom_values(kind))
    return {
        member["name"]: draw(values(member["type"], types, depth - 1)) for member in types[kind]
    }


def test_the_example_of_the_eip():
    data = read_typed_data(MAIL)
    assert data.encoded_type == (
        "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    )
    domain = "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
    assert data.domain.hash.hex() == domain
    message = "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
    assert data.message.hash.hex() == message
    digest = "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
    assert data.signing_hash.hex() == digest
    whole = encode_typed_data(full_message=MAIL)
    assert ours(MAIL)[:2] == (bytes(whole.header), bytes(whole.body))


def test_the_hash_of_the_sample_is_the_recorded_one():
    whole = PERMIT.extra["transaction"]["destination"]["structured_data"]
    (digest,) = sample("keysign_eip712_permit").detail["msg_hash_list"]
    assert "0x" + read_typed_data(whole).signing_hash.hex() == digest
    assert whole == permit()


@pytest.mark.parametrize(
    "whole",
    [
        MAIL,
        permit(),
        dai(),
        safe_tx(),
        safe_tx(data="0xa9059cbb" + "00" * 64),
        permit2("PermitSingle", details()),
        permit2("PermitBatch", details(), details(amount=3)),
        permit2("PermitTransferFrom", details()),
        permit2("PermitBatchTransferFrom", details(), details()),
        document("Empty", {"Empty": ""}, {}),
        document("Node", {"Node": "Node[] children"}, {"children": [{"children": []}]}),
        document("Pair", {"Pair": "uint8[2][] a"}, {"a": [[1, 2], [3, 4]]}),
        document("Ping", {"Ping": "Pong[] a", "Pong": "Ping[] b"}, {"a": [{"b": [{"a": []}]}]}),
    ],
)
def test_documents_in_use_hash_as_eth_account_says(whole):
    assert ours(whole) == hashed(whole)


@given(typed_documents())
@example(MAIL)
def test_any_document_hashes_as_eth_account_says(whole):
    assert ours(json.loads(json.dumps(whole))) == hashed(whole)


@given(typed_documents())
def test_a_document_without_its_domains_type_hashes_the_same(whole):
    bare = {**whole, "types": {k: v for k, v in whole["types"].items() if k != "EIP712Domain"}}
    assert ours(bare) == ours(whole)


def test_types_that_were_met_before_are_those_of_their_own_document():
    both = {
        **document("One", {"One": "uint64 time", "Two": "One one"}, {"time": 1}),
        "primaryType": "Two",
        "message": {"one": {"time": 1}},
    }
    assert ours(both) == hashed(both)
    with pytest.raises(BadTypedData, match="does not use"):
        read_typed_data({**both, "primaryType": "One", "message": {"time": 1}})
    bare = {**both, "types": {k: v for k, v in both["types"].items() if k != "EIP712Domain"}}
    for domain in ({"name": "A"}, {"version": "A"}, {"name": "A", "version": "A"}):
        whole = {**bare, "domain": domain}
        assert ours(whole) == hashed(whole)
    assert read_typed_data(both).encoded_type == "Two(One one)One(uint64 time)"


def test_a_struct_may_have_a_colon_in_its_name():
    whole = document("App:Send", {"App:Send": "uint64 time"}, {"time": 1})
    assert ours(whole) == hashed(whole)


def one(kind, value, **types):
    return document("One", {"One": f"{kind} it", **types}, {"it": value})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("uint8", "256"),
        ("uint8", "-1"),
        ("uint8", "0x100"),
        ("uint8", True),
        ("uint8", 1.0),
        ("uint8", "1.0"),
        ("uint8", "1e1"),
        ("uint8", "01"),
        ("uint8", "+1"),
        ("uint8", " 1"),
        ("uint8", "1_0"),
        ("uint8", "٣"),
        ("uint8", ""),
        ("uint8", "0x"),
        ("uint8", "0X1"),
        ("uint8", "1n"),
        ("uint8", None),
        ("uint8", [1]),
        ("uint256", 2**256),
        ("uint256", "0x" + "0" * 64 + "1"),
        ("int8", 128),
        ("int8", -129),
        ("int8", "0xff"),
        ("int8", "-0x1"),
        ("int8", "-0"),
        ("bool", 1),
        ("bool", "true"),
        ("bool", None),
        ("address", "0x" + "11" * 19),
        ("address", "0x" + "11" * 21),
        ("address", "11" * 20),
        ("address", "0X" + "11" * 20),
        ("address", 1),
        ("address", "vitalik.eth"),
        ("bytes4", "0x112233"),
        ("bytes4", "0x1122334455"),
        ("bytes4", "text"),
        ("bytes4", "11223344"),
        ("bytes32", ""),
        ("bytes", "0x123"),
        ("bytes", "1234"),
        ("bytes", "text"),
        ("bytes", [1, 2]),
        ("bytes", None),
        ("string", 1),
        ("string", None),
        ("string", ["a"]),
        ("uint8[]", 1),
        ("uint8[]", {"0": 1}),
        ("uint8[]", [1, 256]),
        ("uint8[2]", [1]),
        ("uint8[2]", [1, 2, 3]),
        ("uint8[][2]", [[1]]),
        ("uint8[]", "0x01"),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_refused(kind, value):
    with pytest.raises(BadTypedData, match=r"^it is no "):
        read_typed_data(one(kind, value))


@pytest.mark.parametrize(
    "kind",
    [
        *("uint", "int", "uint0", "uint7", "uint264", "int1", "uint08", "bytes0", "bytes33"),
        *("fixed", "ufixed128x18", "function", "byte[", "uint8]", "uint8[0]", "uint8[02]"),
        *("uint8[99999]", "uint8[-1]", "uint8 []", "[]", "", " uint8", "uint8\n", "a(b)", "a,b"),
        *("Fóo", "uint8[" + "1" * 160 + "]", "uint８", "bytes01"),
    ],
)
def test_a_type_that_does_not_exist_is_refused(kind):
    whole = changed(one("uint8", 1), "types.One", [{"name": "it", "type": kind}])
    with pytest.raises(BadTypedData):
        read_typed_data(whole)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("types", None),
        ("types", {}),
        ("types", []),
        ("types.Person", None),
        ("types.Person", {}),
        ("types.Person", []),
        ("types.Person.0", "string name"),
        ("types.Person.0", {"name": "name"}),
        ("types.Person.0", {"name": "name", "type": "string", "indexed": True}),
        ("types.Person.0.name", 1),
        ("types.Person.0.name", ""),
        ("types.Person.0.name", "a b"),
        ("types.Person.0.name", "wallet"),
        ("types.Person.0.type", None),
        ("types.Person.0.type", "Nobody"),
        ("types.Unused", [{"name": "a", "type": "uint8"}]),
        ("types.uint8", [{"name": "a", "type": "bool"}]),
        ("types.a)b(", [{"name": "a", "type": "bool"}]),
        ("types.EIP712Domain", []),
        ("types.EIP712Domain.0.name", "title"),
        ("types.EIP712Domain.2.type", "uint64"),
        ("types.EIP712Domain", members("string version,string name,uint256 chainId")),
        ("primaryType", None),
        ("primaryType", 1),
        ("primaryType", "Nobody"),
        ("primaryType", "EIP712Domain"),
        ("primaryType", ["Mail"]),
        ("domain", None),
        ("domain", []),
        ("domain.more", 1),
        ("domain.chainId", None),
        ("domain.chainId", "one"),
        ("message", None),
        ("message", "text"),
        ("message.more", 1),
        ("message.contents", None),
        ("message.from", None),
        ("message.from", []),
        ("message.from.more", 1),
        ("extra", 1),
    ],
)
def test_a_document_with_one_thing_wrong_is_refused(path, value):
    assert read_typed_data(MAIL).message.hash
    with pytest.raises(BadTypedData):
        read_typed_data(changed(MAIL, path, value))


@pytest.mark.parametrize("key", ["types", "primaryType", "domain", "message"])
def test_a_document_without_one_of_its_parts_is_refused(key):
    with pytest.raises(BadTypedData):
        read_typed_data({k: v for k, v in MAIL.items() if k != key})


@pytest.mark.parametrize("place", ["message", "domain"])
def test_a_member_that_is_missing_is_refused(place):
    for name in MAIL[place]:
        less = {k: v for k, v in MAIL[place].items() if k != name}
        with pytest.raises(BadTypedData):
            read_typed_data({**MAIL, place: less})
        with pytest.raises(BadTypedData):
            read_typed_data({**MAIL, place: {**less, "other": MAIL[place][name]}})


def test_a_domain_that_the_document_does_not_declare_has_only_the_eips_members():
    bare = {**MAIL, "types": {k: v for k, v in MAIL["types"].items() if k != "EIP712Domain"}}
    assert read_typed_data(bare).signing_hash == read_typed_data(MAIL).signing_hash
    with pytest.raises(BadTypedData):
        read_typed_data(changed(bare, "domain.title", "Ether Mail"))


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a)", "1a", "é", "a\n", "x" * 65])
def test_a_member_with_a_name_that_could_be_read_as_something_else_is_refused(name):
    whole = changed(one("uint8", 1), "types.One", [{"name": name, "type": "uint8"}])
    with pytest.raises(BadTypedData, match="a name that cannot be one"):
        read_typed_data({**whole, "message": {name: 1}})


@pytest.mark.parametrize("name", ["", "a b", "A(", "uint7", "uint", "bytes", "bool", "x" * 65])
def test_a_struct_with_a_name_that_could_be_read_as_something_else_is_refused(name):
    whole = document(name, {name: "uint8 it"}, {"it": 1})
    with pytest.raises(BadTypedData, match="a name that cannot be one"):
        read_typed_data(whole)


def test_a_domain_is_no_message():
    domain = {"EIP712Domain": MAIL["types"]["EIP712Domain"]}
    whole = {**MAIL, "types": domain, "primaryType": "EIP712Domain", "message": MAIL["domain"]}
    with pytest.raises(BadTypedData, match="primary type"):
        read_typed_data(whole)


def test_more_values_than_the_bound_are_refused():
    within = one("uint8[]", [0] * (MAX_VALUES - 3))
    assert read_typed_data(within).message.hash
    with pytest.raises(BadTypedData, match="more than 10000 values"):
        read_typed_data(one("uint8[]", [0] * (MAX_VALUES - 2)))


def nested(depth):
    inner: dict[str, Any] = {"children": []}
    for _ in range(depth):
        inner = {"children": [inner]}
    return document("Node", {"Node": "Node[] children"}, inner)


def test_deeper_nesting_than_the_bound_is_refused():
    assert read_typed_data(nested(MAX_DEPTH // 2 - 1)).message.hash
    with pytest.raises(BadTypedData, match="deeper than 32 levels"):
        read_typed_data(nested(MAX_DEPTH // 2))


def test_more_types_and_members_than_the_bounds_are_refused():
    many = ",".join(f"uint8 a{n}" for n in range(65))
    with pytest.raises(BadTypedData, match="at most 64 members"):
        read_typed_data(document("One", {"One": many}, {f"a{n}": 1 for n in range(65)}))
    types = {f"T{n}": f"T{n + 1}[] a" for n in range(32)}
    with pytest.raises(BadTypedData, match="1 to 32 types"):
        read_typed_data(document("T0", {**types, "T32": ""}, {"a": []}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@given(JSON)
def test_any_json_gets_an_answer(value):
    with pytest.raises(BadTypedData):
        read_typed_data(value)


@given(st.data(), JSON)
def test_any_json_anywhere_in_a_document_gets_an_answer(data, value):
    whole = data.draw(typed_documents())
    key = data.draw(st.sampled_from(list(whole)))
    inside = list(whole[key]) if isinstance(whole[key], dict) else []
    path = f"{key}.{data.draw(st.sampled_from(inside))}" if inside else key
    said = ""
    try:
        assert len(read_typed_data(changed(whole, path, value)).signing_hash) == 32
    except BadTypedData as error:
        said = str(error)
    assert said.isascii()
    assert len(said) < 300
