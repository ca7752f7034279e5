"""Rules about Bitcoin: what its signatures prove, and what they leave to people."""

import pytest

from approvals.chains.tables import SHIPPED
from approvals.inspect import inspect
from approvals.policy import PolicyError, load
from approvals.policy.judge import judge
from approvals.policy.values import address
from tests.approvals.policy.world import ASK, PEOPLE
from tests.support.bitcoin import OTHER_STRANGER, STRANGER, plan
from tests.support.requests import sample

SCRIPT_HASH = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
RULE = """
[[rule]]
id = "cold"
why = "Home to the cold wallet"
effect = "approve"
when.type = "key_sign"
when.kind = "transfer"
when.token = "BTC"
when.to = ["BTC:{to}"]
when.amount_at_most = "0.01 BTC"
"""


def judged(request, rule=RULE):
    policy = load('default = "ask"\n' + PEOPLE + ASK + rule.format(to=STRANGER))
    return judge(inspect(request.request, policy.tables), policy).effect


@pytest.mark.parametrize("forms", [["P2TR"], ["P2TR", "P2TR tweaked"], ["P2WPKH"], ["P2SH"]])
def test_a_payment_whose_fee_is_proved_can_be_approved_by_a_rule(forms):
    assert judged(plan(*forms).sample()) == "approve"


@pytest.mark.parametrize("request_", [sample("keysign_btc_p2wpkh"), plan("P2PKH").sample()])
def test_a_fee_that_is_only_stated_asks_people(request_):
    assert judged(request_) == "ask"


def test_another_destination_or_unproved_change_asks_people():
    assert judged(plan("P2TR", paid=((OTHER_STRANGER, 300_000),)).sample()) == "ask"
    assert judged(plan("P2TR", change=((OTHER_STRANGER, 100_000),)).sample()) == "ask"
    assert judged(plan("P2TR", change=()).sample()) == "ask"  # the fee is unusually high


def test_an_output_that_is_not_understood_asks_people():
    assert judged(plan("P2TR", paid=((STRANGER, 300_000), (b"\x6a", 0))).sample()) == "ask"


@pytest.mark.parametrize(
    ("chain_id", "text"),
    [
        ("LTC", STRANGER),
        ("XTN", STRANGER),
        ("BTC", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
        ("DOGE", "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9"),
    ],
)
def test_an_address_in_a_rule_is_of_the_chain_it_names(chain_id, text):
    wrong = RULE.replace("BTC:{to}", f"{chain_id}:{text}")
    with pytest.raises(PolicyError, match=f"written for {chain_id}"):
        judged(plan().sample(), wrong)


def test_litecoins_older_addresses_are_those_that_findings_have():
    chain_id, found = address(f"LTC:{SCRIPT_HASH}", SHIPPED)
    assert (chain_id, found.text[0], found.raw[0]) == ("LTC", "M", 0x32)
    assert address(f"BTC:{SCRIPT_HASH}", SHIPPED)[1].raw[0] == 0x05
