"""A permit that is understood can be approved by a rule, and by no rule that means less."""

import pytest

from approvals.inspect import inspect
from approvals.policy import load
from approvals.policy.judge import judge
from tests.approvals.policy.world import ASK, PEOPLE
from tests.support.typed_data import (
    NOBODY,
    PERMIT,
    SPENDER,
    USDC,
    USDT,
    details,
    permit,
    permit2,
    safe_tx,
    signing,
)


def judged(asked, kind="token_approval", to=SPENDER, amount="5000"):
    rule = f"""
default = "ask"
[[rule]]
id = "router"
why = "Our router may spend a little"
effect = "approve"
when.type = "key_sign"
when.kind = "{kind}"
when.token = ["ETH_USDC"]
when.to = ["ETH:{to}"]
when.amount_at_most = "{amount} USDC"
"""
    default, rest = rule.strip().split("\n", 1)
    policy = load(default + PEOPLE + ASK + rest)
    return judge(inspect(asked.request, policy.tables), policy).effect


def test_a_rule_can_approve_a_permit():
    assert judged(PERMIT) == "approve"
    assert judged(signing(permit2("PermitSingle", details()))) == "approve"
    assert judged(signing(permit2("PermitBatch", details(), details()))) == "approve"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"amount": "4999.999999"}, "the amount is a bound"),
        ({"to": USDC}, "the spender is who it goes to"),
        ({"kind": "transfer"}, "a permit is no transfer"),
        ({"kind": "message"}, "nor a mere message"),
    ],
)
def test_a_rule_that_means_less_approves_no_permit(changes, what):
    assert judged(PERMIT, **changes) == "ask", what


@pytest.mark.parametrize(
    "whole",
    [
        permit(owner=NOBODY),
        permit({"chainId": None}),
        permit({"verifyingContract": USDT}),
        permit2("PermitBatch", details(), details(USDT)),
        permit2("PermitBatch", details(amount=2_500_000_001), details(amount=2_500_000_000)),
        permit2("PermitSingle", details(), verifyingContract=USDC),
        safe_tx(to=USDC, value=0, data=f"0xa9059cbb{'00' * 12}{SPENDER[2:]}{7:064x}"),
    ],
)
def test_what_is_not_surely_the_permit_that_the_rule_means_goes_to_people(whole):
    assert judged(signing(whole)) == "ask"
