"""Checks 12, 13 and 15: who is paid, what comes back, what the miner keeps."""

import pytest

from approvals.chains.bitcoin.scripts import address_of
from approvals.chains.tables import SHIPPED
from approvals.findings import Operation, Transfer
from tests.support.bitcoin import (
    ENCODINGS,
    OTHER_STRANGER,
    ROOT,
    SAMPLE,
    STRANGER,
    Spent,
    address_at,
    coins,
    key_at,
    plan,
    script_of,
)
from tests.support.looking import note, passed, refused, seen, unverified

OUTPUT = "destination.utxo_outputs.0"
CHANGE = "raw_tx_info.utxo_changes"
BRANCH = "m/44/0/1/0"
UNLIMITED = ((STRANGER, 300_000),)


def listed(request, *sources):
    """The request, with more source addresses: pairs of a path and a form."""
    more = [
        {
            "address": address_at(path, form),
            "chain_id": "BTC",
            "path": path,
            "encoding": ENCODINGS[form],
            "root_pubkey": ROOT,
            "pubkey": key_at(path).hex(),
        }
        for path, form in sources
    ]
    return request.with_extra("source_addresses", [*request.extra["source_addresses"], *more])


def to_branch(index, form="P2WPKH", branch=BRANCH):
    """A spend whose change goes to another address of ours."""
    path = f"{branch}/{index}"
    return plan(change=((address_at(path, form), 198_000),)), path


# --- 12: payments


def test_every_payment_is_an_effect():
    paid = ((STRANGER, 100_000), (OTHER_STRANGER, 100_000), (STRANGER, 100_000))
    findings = passed(plan(paid=paid).sample())
    assert [(effect.to.text, effect.amount) for effect in findings.effects] == list(paid)
    assert {effect.sender for effect in findings.effects} == {findings.source}


def test_claimed_outputs_may_come_in_any_order():
    paid = ((STRANGER, 100_000), (OTHER_STRANGER, 200_000))
    request = plan(paid=paid).sample()
    claimed = request.extra["transaction"]["destination"]["utxo_outputs"]
    passed(request.with_transaction("destination.utxo_outputs", claimed[::-1]))


def test_one_payment_may_be_claimed_as_an_account_output():
    request = plan().sample()
    destination = {
        "destination_type": "Address",
        "account_output": {"address": STRANGER, "amount": "0.003"},
    }
    passed(request.with_transaction("destination", destination))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{OUTPUT}.address", OTHER_STRANGER),
        (f"{OUTPUT}.address", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
        (f"{OUTPUT}.address", "0x" + "11" * 20),
        (f"{OUTPUT}.address", "nobody"),
        (f"{OUTPUT}.amount", "0.00600001"),
        (f"{OUTPUT}.amount", "600000"),
        (f"{OUTPUT}.amount", "0.006000001"),
        (f"{CHANGE}.0.address", STRANGER),
        (f"{CHANGE}.0.value", "0.00146"),
        ("destination.change_address", STRANGER),
        ("destination.change_address", "nobody"),
        ("destination.utxo_outputs", [{"address": STRANGER, "amount": "0.006"}] * 2),
        ("token_id", "ETH"),
        ("token_id", "ETH_USDT"),
        ("destination.destination_type", "BTC_BIP_322_Signature"),
    ],
)
def test_12_a_claim_that_is_not_in_the_bytes_is_refused(path, value):
    integrity = seen(SAMPLE.with_transaction(path, value)).integrity
    assert integrity.cause == "contradiction"
    assert {reason.check for reason in integrity.reasons} == {12}


def test_12_a_contract_call_is_refused():
    integrity = seen(
        SAMPLE.with_transaction("destination.destination_type", "EVM_Contract")
    ).integrity
    assert {reason.check for reason in integrity.reasons} == {12}


def test_12_swapped_destinations_are_refused():
    request = plan(paid=((STRANGER, 100_000), (OTHER_STRANGER, 200_000))).sample()
    swapped = request.with_transaction(f"{OUTPUT}.address", OTHER_STRANGER)
    assert refused(swapped.with_transaction("destination.utxo_outputs.1.address", STRANGER), 12)


def test_12_a_payment_that_is_not_claimed_is_refused():
    paid = plan(paid=((STRANGER, 100_000), (OTHER_STRANGER, 200_000)))
    one = [{"address": STRANGER, "amount": coins(100_000)}]
    assert refused(paid.sample().with_transaction("destination.utxo_outputs", one), 12)


def test_12_an_output_is_claimed_once():
    twice = plan(paid=((STRANGER, 100_000), (STRANGER, 100_000)))
    one = [{"address": STRANGER, "amount": coins(100_000)}]
    assert refused(twice.sample().with_transaction("destination.utxo_outputs", one), 12)
    passed(twice.sample())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (OUTPUT + ".address", None),
        (OUTPUT + ".amount", None),
        (OUTPUT + ".memo", "invoice 7"),
        ("destination.utxo_outputs", []),
        ("token_id", None),
        ("token_id", "BTC_NEW"),
        (CHANGE + ".0.address", None),
        (CHANGE + ".0.value", None),
    ],
)
def test_12_what_is_not_claimed_is_unverified(path, value):
    assert len(unverified(SAMPLE.with_transaction(path, value), 12).effects) == 1


def test_12_half_a_claim_still_has_to_be_right():
    less = SAMPLE.with_transaction(f"{OUTPUT}.amount", None)
    assert refused(less.with_transaction(f"{OUTPUT}.address", OTHER_STRANGER), 12)
    nobody = SAMPLE.with_transaction(f"{OUTPUT}.address", None)
    assert refused(nobody.with_transaction(f"{OUTPUT}.amount", "0.005"), 12)


def test_12_half_a_claim_means_an_output_that_no_whole_one_means():
    request = plan(paid=((STRANGER, 100_000), (STRANGER, 200_000))).sample()
    assert unverified(request.with_transaction("destination.utxo_outputs.1.amount", None), 12)
    one = plan(paid=((STRANGER, 100_000),)).sample()
    claimed = one.extra["transaction"]["destination"]["utxo_outputs"]
    twice = [*claimed, {"address": STRANGER}]
    assert refused(one.with_transaction("destination.utxo_outputs", twice), 12)


@pytest.mark.parametrize("amount", [0, 1])
def test_dust_is_a_payment(amount):
    findings = passed(plan(paid=((STRANGER, 300_000), (STRANGER, amount))).sample())
    assert [effect.amount for effect in findings.effects] == [300_000, amount]


# --- 12: change


def test_change_to_the_source_is_a_note_and_no_effect():
    findings = passed(SAMPLE)
    assert len(findings.effects) == 1
    own = "bc1qlmvv0kguc2ajtctq5aee69vhe2luk2kfrf7zjs"
    assert note(findings, "Change").text == f"0.00147 BTC back to {own}"
    assert note(findings, "Change").proved


def test_change_to_a_stranger_is_a_payment_that_rules_cannot_approve():
    findings = unverified(plan(change=((OTHER_STRANGER, 198_000),)).sample(), 12)
    assert [(effect.to.text, effect.amount) for effect in findings.effects] == [
        (STRANGER, 300_000),
        (OTHER_STRANGER, 198_000),
    ]
    assert note(findings, "Change") is None


@pytest.mark.parametrize("index", [1, 9_999, 10_000])
@pytest.mark.parametrize("form", ENCODINGS)
def test_change_to_the_branch_of_a_key_that_signs_is_ours(index, form):
    request, path = to_branch(index, form)
    findings = passed(listed(request.sample(), (path, form)))
    assert len(findings.effects) == 1
    assert note(findings, "Change").text.endswith(address_at(path, form))


@pytest.mark.parametrize(
    ("index", "branch"),
    [
        (10_001, BRANCH),
        (2**31 - 1, BRANCH),
        (0, "m/44/0/1/1"),
        (0, "m/44/0/2/0"),
        (0, "m/44/0/1"),
        (0, "m/44/0/1/0/0"),
    ],
)
def test_change_elsewhere_below_the_root_is_not_proved_to_be_ours(index, branch):
    request, path = to_branch(index, branch=branch)
    findings = unverified(listed(request.sample(), (path, "P2WPKH")), 12, 14)
    assert [effect.amount for effect in findings.effects] == [300_000, 198_000]


def test_change_to_the_branch_needs_its_path():
    request, _ = to_branch(7)
    assert len(unverified(request.sample(), 12).effects) == 2


def test_change_to_a_path_that_is_somebody_elses_is_refused():
    request = plan(change=((OTHER_STRANGER, 198_000),)).sample()
    lying = listed(request, (f"{BRANCH}/7", "P2WPKH"))
    assert refused(lying.with_extra("source_addresses.1.address", OTHER_STRANGER), 14)


def test_14_an_address_at_a_path_on_the_branch_is_that_of_the_key():
    request, path = to_branch(7)
    lying = listed(request.sample(), (path, "P2WPKH"))
    assert refused(lying.with_extra("source_addresses.1.address", OTHER_STRANGER), 14)
    at_the_signers = lying.with_extra("source_addresses.1.path", f"{BRANCH}/0")
    assert refused(at_the_signers, 14)


def test_14_an_address_of_the_branch_that_is_not_used_is_unverified():
    assert unverified(listed(plan().sample(), (f"{BRANCH}/7", "P2WPKH")), 14)


def test_change_with_a_script_tree_may_be_spent_by_others():
    path, tree = f"{BRANCH}/7", b"\7" * 32
    address = address_at(path, "P2TR tweaked", tree)
    request = plan("P2TR", change=((address, 198_000),)).sample()
    request = listed(request, (path, "P2TR tweaked"))
    request = request.with_extra("source_addresses.1.address", address)
    claimed = request.with_extra("source_addresses.1.taproot_script_tree_hash", tree.hex())
    assert len(unverified(claimed, 12, 14).effects) == 2


def test_12_change_that_nobody_mentions_is_unverified():
    request = plan().sample()
    silent = request.with_transaction(CHANGE, None)
    assert len(unverified(silent, 12).effects) == 1
    own = plan().spent[0].address
    passed(silent.with_transaction("destination.change_address", own))


def test_12_change_to_a_stranger_that_only_the_destination_names_is_unverified():
    request = plan(change=((OTHER_STRANGER, 198_000),)).sample().with_transaction(CHANGE, None)
    named = request.with_transaction("destination.change_address", OTHER_STRANGER)
    assert len(unverified(named, 12).effects) == 2


def test_12_one_change_of_two_that_is_not_mentioned_is_refused():
    own = plan().spent[0].address
    request = plan(change=((own, 100_000), (own, 98_000))).sample()
    claimed = request.extra["transaction"]["raw_tx_info"]["utxo_changes"]
    assert refused(request.with_transaction(CHANGE, claimed[:1]), 12)


def test_a_payment_to_ourselves_is_a_payment_where_it_is_claimed():
    own = plan().spent[0].address
    findings = passed(plan(paid=((own, 300_000),)).sample())
    assert [effect.amount for effect in findings.effects] == [300_000]
    assert note(findings, "Change").text.startswith("0.00198 BTC")


def test_where_everything_comes_back_nothing_can_be_approved_by_rules():
    findings = unverified(plan(paid=()).sample(), 12)
    assert findings.effects == ()


def test_much_change_is_summed_up():
    own = plan().spent[0].address
    findings = passed(plan(change=((own, 1_000),) * 8).sample())
    texts = [each.text for each in findings.notes if each.label == "Change"]
    assert len(texts) == 6
    assert texts[-1] == "0.00003 BTC in 3 more outputs"


# --- 15: outputs without an address


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("6a0548656c6c6f", "OP_RETURN output"),
        ("6a5d0614", "OP_RETURN output"),
        ("51024e73", "output without an address"),
        ("21" + "02" * 33 + "ac", "output without an address"),
        ("5220" + "11" * 32, "output without an address"),
        ("", "output without an address"),
    ],
)
def test_15_an_output_without_an_address_is_shown_and_not_understood(script, name):
    paid = (*UNLIMITED, (bytes.fromhex(script), 546))
    findings = unverified(plan(paid=paid).sample(), 15)
    assert not findings.complete
    transfer, operation = findings.effects
    assert isinstance(transfer, Transfer)
    assert isinstance(operation, Operation)
    assert operation.name == name
    assert operation.details == (("Amount", "0.00000546 BTC"), ("Script", "0x" + script))


def test_15_a_long_script_is_shortened():
    findings = unverified(plan(paid=(*UNLIMITED, (b"\x6a" * 200, 0))).sample(), 15)
    assert findings.effects[1].details[1] == ("Script", "0x" + "6a" * 40 + "...")


# --- 13: the fee


@pytest.mark.parametrize(
    ("forms", "proved"),
    [
        (["P2TR"], True),
        (["P2TR", "P2TR tweaked", "P2TR"], True),
        (["P2WPKH"], True),
        (["P2SH"], True),
        (["P2PKH"], False),
        (["P2WPKH", "P2WPKH"], False),
        (["P2SH", "P2WPKH"], False),
        (["P2PKH", "P2PKH"], False),
    ],
)
def test_13_the_fee_is_a_fact_where_the_digests_commit_to_every_amount(forms, proved):
    findings = passed(plan(*forms).sample())
    said = note(findings, "Fee")
    if proved:
        assert (findings.fee.at_most, findings.fee.asset.token_id, said) == (2_000, "BTC", None)
    else:
        assert findings.fee is None
        assert not said.proved
        assert said.text == "0.00002 BTC, by the amounts that Cobo states for what is spent"


def test_13_a_taproot_digest_commits_to_every_amount():
    request = plan("P2TR", "P2TR", "P2TR").sample()
    for number in range(3):
        path = f"raw_tx_info.selected_utxos.{number}.value"
        assert refused(request.with_transaction(path, "0.00600000"), 10)


def test_13_a_legacy_digest_commits_to_no_amount():
    request = plan("P2PKH").sample()
    less = request.with_transaction("raw_tx_info.selected_utxos.0.value", "0.00499000")
    assert note(passed(less), "Fee").text.startswith("0.00001 BTC, ")


def test_13_more_than_is_spent_cannot_be_paid():
    own = plan().spent[0].address
    assert refused(plan(change=((own, 200_001),)).sample(), 13)
    assert passed(plan(change=((own, 200_000),)).sample()).fee.at_most == 0


@pytest.mark.parametrize("forms", [["P2WPKH"], ["P2WPKH", "P2WPKH"]])
def test_13_the_claimed_highest_fee_holds(forms):
    request = plan(*forms).sample()
    fee = {"fee_type": "UTXO", "token_id": "BTC", "max_fee_amount": "0.00002"}
    passed(request.with_transaction("fee", fee))
    assert refused(request.with_transaction("fee", fee | {"max_fee_amount": "0.00001999"}), 13)
    other = fee | {"max_fee_amount": "0", "token_id": "ETH"}
    passed(request.with_transaction("fee", other))


def test_the_estimate_is_shown_as_a_claim():
    findings = passed(SAMPLE)
    estimate, rate = note(findings, "Estimated fee"), note(findings, "Fee rate")
    assert (estimate.text, estimate.proved) == ("0.00003 BTC", False)
    assert (rate.text, rate.proved) == ("14 base units a byte", False)


@pytest.mark.parametrize(("forms", "proved"), [(["P2WPKH"], True), (["P2WPKH"] * 2, False)])
def test_a_high_fee_is_flagged(forms, proved):
    limit = 100_000
    spent = plan(*forms, change=())
    paid = sum(each.value for each in spent.spent) - limit
    assert passed(spent.but(paid=((STRANGER, paid),)).sample()).flags == ()
    (flag,) = passed(spent.but(paid=((STRANGER, paid - 1),)).sample()).flags
    assert (flag.risk, flag.proved) == ("fee_unusual", proved)


# --- other chains


def claimed_on(chain_id, coin_type):
    """A payment by a key of one coin, claimed on a chain, each address as that writes it."""
    usual = plan("P2PKH", coin_type=coin_type, paid=((OTHER_STRANGER, 300_000),))
    request = usual.sample().with_transaction("chain_id", chain_id)
    request = request.with_transaction("token_id", chain_id)
    network = SHIPPED.chains[chain_id].network
    assert network is not None
    places = {
        "transaction.raw_tx_info.selected_utxos.0.address": usual.spent[0].address,
        "transaction.raw_tx_info.utxo_changes.0.address": usual.spent[0].address,
        "transaction.destination.utxo_outputs.0.address": OTHER_STRANGER,
        "source_addresses.0.address": usual.spent[0].address,
    }
    for place, text in places.items():
        address = address_of(network, script_of(text))
        assert address is not None
        request = request.with_extra(place, address.text)
    request = request.with_extra("source_addresses.0.chain_id", chain_id)
    return request.with_transaction("raw_tx_info.selected_utxos.0.token_id", chain_id)


OTHERS = {"LTC": 2, "DOGE": 3, "XTN": 1, "SIGNET_BTC": 1}


@pytest.mark.parametrize("chain_id", OTHERS)
def test_the_same_transaction_means_the_same_on_a_chain_of_the_same_shape(chain_id):
    """With every address rewritten as the chain writes it, and a key of that coin."""
    request = claimed_on(chain_id, OTHERS[chain_id])
    findings = passed(request)
    assert findings.chain == chain_id
    (effect,) = findings.effects
    assert effect.asset.token_id == chain_id
    assert (
        effect.to.text == request.extra["transaction"]["destination"]["utxo_outputs"][0]["address"]
    )


def test_spent_is_what_it_says():
    assert Spent().address == SAMPLE.extra["source_addresses"][0]["address"]


@pytest.mark.parametrize("chain_id", OTHERS)
def test_a_key_of_bitcoin_is_not_believed_to_move_a_cheaper_coin(chain_id):
    """The bytes say neither; a rule for the cheaper coin must not approve the dearer."""
    findings = unverified(claimed_on(chain_id, 0), 11)
    assert (findings.chain, findings.complete) == (None, False)
    assert findings.effects


def test_bitcoin_is_the_dearest_coin_that_its_bytes_can_move():
    assert passed(claimed_on("BTC", 2)).chain == "BTC"
