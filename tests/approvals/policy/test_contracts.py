"""`[contracts]`: ABIs that the policy names, so that people can read what is called."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.addresses import evm_address
from approvals.chains.contracts import MAX_ABI_BYTES, BadAbi, read_abi
from approvals.chains.tables import SHIPPED
from approvals.findings import ContractCall, Passed
from approvals.inspect import inspect
from approvals.inspect.calls import Call, look_at_call
from approvals.inspect.calls.budget import MAX_CALLDATA
from approvals.inspect.calls.named import MAX_ARGUMENTS, MAX_TEXT
from approvals.policy import PolicyError, load
from tests.approvals.policy.world import COLD, COLD_TEXT, text
from tests.support.effort import working_under
from tests.support.evm import TO, USDC, calling, method

ETH = SHIPPED.chains["ETH"]
SWAP = "swap((address,uint24)[],uint256,bytes,string,bool)"
SWAP_CALL = method(SWAP, [(TO, 500), (USDC, 3000)], 10**18, b"\1" * 40, "hé", True)


def function(name, *parameters):
    inputs = [{"name": label, "type": kind} for label, kind in parameters]
    return {"type": "function", "name": name, "inputs": inputs}


STEPS = {
    "name": "steps",
    "type": "tuple[]",
    "components": [{"name": "token", "type": "address"}, {"name": "fee", "type": "uint24"}],
}
ABI = [
    {"type": "constructor", "inputs": []},
    {"type": "event", "name": "Swapped", "inputs": []},
    {
        "type": "function",
        "name": "swap",
        "inputs": [
            STEPS,
            {"name": "amount", "type": "uint256"},
            {"name": "data", "type": "bytes"},
            {"name": "note", "type": "string"},
            {"name": "exact", "type": "bool"},
        ],
    },
    function("approve", ("who", "address"), ("howMuch", "uint256")),
    function("deep", ("grid", "uint8[][][]")),
    function("wide", *[(f"p{n}", "uint8") for n in range(20)]),
]


def contracts(at=f'["ETH:{COLD_TEXT}"]', abi='"abis/router.json"', more=""):
    return f"{text()}\n[contracts.router]\nat = {at}\nabi = {abi}\n{more}"


def loaded(toml=None, abi=ABI):
    return load(toml or contracts(), read=lambda _: json.dumps(abi).encode())


NAMED = loaded().tables


def shown(data, abi=ABI, to=COLD):
    called = look_at_call(Call(ETH, None, to, 0, data), loaded(abi=abi).tables)
    assert isinstance(called.effect, ContractCall)
    return called.effect


def refused(toml, line_with, *words, read=lambda _: json.dumps(ABI).encode()):
    with pytest.raises(PolicyError) as error:
        load(toml, read=read)
    (mistake,) = error.value.mistakes
    line = max(n for n, each in enumerate(toml.splitlines(), 1) if line_with in each)
    assert mistake.sentence.startswith(f"policy.toml:{line}: contracts.router"), mistake.sentence
    for word in words:
        assert word in mistake.sentence, mistake.sentence


# --- what people read


def test_a_method_and_its_arguments_are_named():
    effect = shown(SWAP_CALL)
    assert effect.method == f"{SWAP} of router"
    assert effect.arguments == (
        (
            "steps",
            f"[({COLD_TEXT}, 500), (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48, 3000)]",
        ),
        ("amount", "1000000000000000000"),
        ("data", f"0x{'01' * 32}... (40 bytes)"),
        ("note", r"'h\xe9'"),
        ("exact", "true"),
    )


def test_an_operators_name_goes_before_ours():
    effect = shown(method("approve(address,uint256)", TO, 5) + b"\0")
    assert effect.method == "approve(address,uint256) of router"
    assert effect.arguments == (("who", COLD_TEXT), ("howMuch", "5"))


def test_a_method_that_no_abi_has_is_named_by_our_own_table_or_not_at_all():
    assert shown(method("acceptOwnership()")).method == "acceptOwnership()"
    assert shown(b"\xde\xad\xbe\xef").method is None


def test_another_contract_is_not_called_so():
    elsewhere = shown(SWAP_CALL, to=evm_address(USDC))
    assert (elsewhere.method, elsewhere.arguments) == (None, ())


def test_names_never_change_what_is_complete():
    """An ABI that calls an unknown method `transfer`, or a token's approval something else."""
    toml = contracts(at='["ETH:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"]')
    tables = loaded(toml).tables
    approval = calling(USDC, method("approve(address,uint256)", TO, 5)).request
    swap = calling(USDC, SWAP_CALL).request
    plain, named = inspect(approval, SHIPPED), inspect(approval, tables)
    assert plain == named
    assert named.integrity == Passed()
    before, after = inspect(swap, SHIPPED), inspect(swap, tables)
    assert (before.integrity, before.complete) == (after.integrity, after.complete)
    assert not after.complete
    assert before.effects != after.effects


@pytest.mark.parametrize("cut", [1, 32, len(SWAP_CALL) - 4])
def test_calldata_that_does_not_decode_has_no_arguments(cut):
    effect = shown(SWAP_CALL[:-cut])
    assert effect.method == f"{SWAP} of router"
    assert effect.arguments == ()


@pytest.mark.parametrize("spot", range(4, 4 + 32 * 6))
def test_any_damaged_head_gets_an_answer(spot):
    for byte in (1, 0xFF):
        damaged = SWAP_CALL[:spot] + bytes([byte]) + SWAP_CALL[spot + 1 :]
        assert shown(damaged).calldata_size == len(SWAP_CALL)


@given(st.binary(max_size=400), st.data())
def test_any_bytes_get_an_answer(more, data):
    changed = bytearray(SWAP_CALL + more)
    for _ in range(data.draw(st.integers(0, 6))):
        changed[data.draw(st.integers(4, len(changed) - 1))] = data.draw(st.integers(0, 255))
    called = look_at_call(Call(ETH, None, COLD, 0, bytes(changed)), NAMED)
    assert isinstance(called.effect, ContractCall)
    assert all(len(text) <= MAX_TEXT + 3 for _, text in called.effect.arguments)


def test_what_is_shown_is_bounded():
    many = shown(method(SWAP, [(TO, 1)] * 100, 1, b"", "", True)).arguments[0][1]
    assert len(many) <= MAX_TEXT + 3
    assert len(shown(method(f"wide({','.join(['uint8'] * 20)})", *[1] * 20)).arguments) == (
        MAX_ARGUMENTS
    )
    long = method(SWAP, [], 1, bytes(MAX_CALLDATA), "", True)
    assert shown(long).arguments == ()
    assert shown(method("deep(uint8[][][])", [[[1]]])).arguments == ()


def test_offsets_that_point_at_the_same_items_again_take_bounded_time():
    signature, words = "grid(uint8[][])", (MAX_CALLDATA - 96) // 64
    heads = [32, words, *[words * 32] * words, words, *[1] * words]
    data = method(signature, [])[:4] + b"".join(word.to_bytes(32, "big") for word in heads)
    assert len(data) <= MAX_CALLDATA + 4
    effect_of = loaded(abi=[function("grid", ("rows", "uint8[][]"))]).tables
    with working_under(1):
        called = look_at_call(Call(ETH, None, COLD, 0, data), effect_of)
    assert isinstance(called.effect, ContractCall)
    assert called.effect.arguments[0][1].startswith("[[1, 1, ")


def test_arguments_of_many_calls_are_bounded_together():
    half = method(SWAP, [], 1, bytes(MAX_CALLDATA // 2), "", True)
    effect = shown(method("multicall(bytes[])", [half, half]))
    first, second = effect.inner
    assert isinstance(first, ContractCall)
    assert isinstance(second, ContractCall)
    assert first.method == second.method == f"{SWAP} of router"
    assert (len(first.arguments), second.arguments) == (5, ())


def test_an_abi_may_stand_inside_what_a_build_tool_writes():
    assert shown(SWAP_CALL, abi={"contractName": "R", "abi": ABI}).method == f"{SWAP} of router"


def test_one_contract_may_be_in_several_places():
    at = f'["ETH:{COLD_TEXT}", "BSC_BNB:{COLD_TEXT}"]'
    tables = loaded(contracts(at=at)).tables
    assert set(tables.contracts) == {("ETH", COLD), ("BSC_BNB", COLD)}


def test_the_decoder_is_imported_when_the_policy_is_loaded():
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from tests.approvals.policy.test_contracts import contracts, loaded\n"
        "sys.modules.pop('eth_abi.registry', None)\n"
        "loaded()\n"
        "print('eth_abi.registry' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["True"]


# --- mistakes


def test_a_policy_that_is_no_file_cannot_name_files():
    with pytest.raises(PolicyError, match="files cannot be read here"):
        load(contracts())


def test_a_file_that_is_not_there_is_named():
    def read(name):
        raise FileNotFoundError(2, "No such file or directory", name)

    refused(contracts(), "abi = ", "abis/router.json", "No such file", read=read)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\xff", "UTF-8"),
        (b"{", "an ABI. It is not JSON"),
        (b"7", "neither an array nor an object"),
        (b"{}", "neither an array nor an object"),
        (b"[7]", "an entry that is no object"),
        (b"[]", "0 functions"),
        (b" " * (MAX_ABI_BYTES + 1), f"at most {MAX_ABI_BYTES} bytes"),
        (json.dumps([function("f", ("a", "uint"))]).encode(), "is no function"),
        (json.dumps([function("f", ("a", "uint8,uint8"))]).encode(), "is no function"),
        (json.dumps([function("f", ("a", "enum X"))]).encode(), "is no function"),
        (json.dumps([function("f(", ("a", "uint8"))]).encode(), "is no function"),
        (json.dumps([{"type": "function"}]).encode(), "has no name"),
        (json.dumps([function(7)]).encode(), "has no name"),
        (json.dumps([function("f", ("a", None))]).encode(), "has no type"),
        (json.dumps([function("f", *[("a", "uint8")] * 65)]).encode(), "at most 64"),
        (json.dumps([{"type": "function", "name": "f", "inputs": [7]}]).encode(), "no object"),
    ],
)
def test_a_file_that_is_no_abi_is_a_mistake_at_its_line(data, word):
    refused(contracts(), "abi = ", word, read=lambda _: data)


@pytest.mark.parametrize(
    ("at", "word"),
    [
        ("[]", "at least one contract"),
        (f'"ETH:{COLD_TEXT}"', "at least one contract"),
        (f'["{COLD_TEXT}"]', "a contract on its chain"),
        (f'["NEW:{COLD_TEXT}"]', "a chain id of the tables"),
        ('["BTC:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"]', "a contract on its chain"),
        (f'["ETH:{COLD_TEXT}", "ETH:{COLD_TEXT}"]', "not already router"),
        ("[7]", "an address"),
    ],
)
def test_places_that_are_none_are_mistakes(at, word):
    refused(contracts(at=at), "at = ", word)


@pytest.mark.parametrize("abi", ["7", '""', '"a\\u0000b"'])
def test_a_path_that_is_none_is_a_mistake(abi):
    refused(contracts(abi=abi), "abi = ", "the path of a JSON file")


def test_another_key_is_a_mistake():
    refused(contracts(more='name = "x"\n'), "name = ", "no such key")


def test_a_contract_needs_a_place_and_an_abi():
    with pytest.raises(PolicyError) as error:
        load(f"{text()}\n[contracts.router]\n")
    assert [mistake.key for mistake in error.value.mistakes] == [
        "contracts.router.at",
        "contracts.router.abi",
    ]


def test_a_name_is_formed_like_every_other_one():
    toml = contracts().replace("[contracts.router]", '[contracts."my router"]')
    with pytest.raises(PolicyError, match="my router"):
        loaded(toml)


def test_two_functions_of_one_selector_are_no_abi():
    """Two published names that share 0xa9059cbb: `transfer` and one that was found by trying."""
    twins = [
        function("transfer", ("to", "address"), ("amount", "uint256")),
        function("many_msg_babbage", ("a", "bytes1")),
    ]
    with pytest.raises(BadAbi, match="have the same selector"):
        read_abi(json.dumps(twins))
    assert len(read_abi(json.dumps(twins[:1] * 2))) == 1


def test_tuples_are_bounded():
    inner: dict[str, object] = {"name": "t", "type": "uint8"}
    for _ in range(9):
        inner = {"name": "t", "type": "tuple", "components": [inner]}
    entry = {"type": "function", "name": "f", "inputs": [inner]}
    with pytest.raises(BadAbi, match="nest deeper than 8"):
        read_abi(json.dumps([entry]))


def test_a_name_that_cannot_be_shown_is_left_out():
    (found,) = read_abi(json.dumps([function("f", ("a\nb", "uint8"), ("c", "bool"))])).values()
    assert found.names == ("", "c")
