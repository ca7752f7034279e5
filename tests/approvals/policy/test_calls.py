"""What rules say of contracts, methods, allowances and wrapped coins."""

from dataclasses import replace

import pytest

from approvals.chains.methods import selectors_of
from approvals.findings import ClaimedOutput
from tests.approvals.policy.world import (
    CLAIMS,
    COLD,
    COLD_TEXT,
    ETH,
    HOT_TEXT,
    NODES,
    THIEF,
    THIEF_TEXT,
    USDT,
    WETH,
    allowance,
    call,
    message,
    mistakes,
    passed,
    policy,
    rule,
    text,
    undecoded,
    usdt,
    verdict,
    wrap,
)

USDT_TEXT = USDT.contract.text if USDT.contract else ""
SIGNING = 'when.type = "key_sign"'
TRANSFER = "0xa9059cbb"


def answer(findings, *lines: str, more: str = "") -> str:
    said = verdict(findings, rule("r", "reject", *lines), more=more).rules
    return said[0].answer if said else "no"


def token_move(amount: int = 5):
    return replace(usdt(amount), selector=TRANSFER)


class TestContracts:
    LINE = f'when.contract = ["ETH:{USDT_TEXT}"]'

    def test_a_token_that_moves_is_a_call_of_its_contract(self):
        assert answer(passed(token_move()), self.LINE) == "yes"
        assert answer(passed(allowance(5)), self.LINE) == "yes"
        assert answer(passed(token_move()), f'when.contract = ["ETH:{THIEF_TEXT}"]') == "no"

    def test_a_coin_that_moves_calls_none_for_sure(self):
        coin = replace(usdt(5), asset=ETH)
        assert answer(passed(coin), self.LINE) == "no"

    def test_a_call_that_is_only_named_may_call_others(self):
        assert answer(passed(call(THIEF)), f'when.contract = ["ETH:{THIEF_TEXT}"]') == "yes"
        assert answer(passed(call(THIEF)), self.LINE) == "unknown"
        assert answer(passed(replace(call(), contract=None)), self.LINE) == "unknown"

    def test_what_a_message_allows_is_not_known(self):
        assert answer(passed(message()), self.LINE) == "unknown"

    def test_a_wrapped_coin_is_called(self):
        assert WETH.contract is not None
        assert answer(passed(wrap()), f'when.contract = ["ETH:{WETH.contract.text}"]') == "yes"

    def test_a_string_names_a_list(self):
        more = f'[lists]\ntokens = ["ETH:{USDT_TEXT}"]\nnodes = ["{NODES[0]}"]'
        assert answer(passed(token_move()), 'when.contract = "tokens"', more=more) == "yes"
        for name in ("nodes", "absent", f"ETH:{USDT_TEXT}"):
            toml = text(rule("r", "reject", f'when.contract = "{name}"'), more=more)
            (said,) = mistakes(toml)
            assert "that holds addresses" in said

    def test_a_bare_address_without_a_chain_is_warned_about(self):
        bare = rule("r", "reject", f'when.contract = ["{USDT_TEXT}"]')
        assert ["when.contract holds EVM addresses" in w for w in policy(bare).warnings] == [True]
        assert answer(passed(token_move()), f'when.contract = ["{USDT_TEXT}"]') == "unknown"

    def test_where_bytes_say_nothing_a_claimed_call_can_say_yes(self):
        claims = replace(CLAIMS, kind="contract_call", outputs=(ClaimedOutput(THIEF_TEXT),))
        line = f'when.contract = ["ETH:{THIEF_TEXT}"]'
        assert answer(undecoded(claims=claims), line) == "yes"
        assert answer(undecoded(claims=replace(claims, kind="transfer")), line) == "unknown"


class TestMethods:
    @pytest.mark.parametrize(
        "value",
        ['"transfer"', '"transfer(address,uint256)"', f'["approve", "{TRANSFER}"]', '"0xA9059CBB"'],
    )
    def test_a_method_is_known_by_name_signature_or_selector(self, value):
        assert answer(passed(token_move()), f"when.method = {value}") == "yes"
        assert answer(passed(allowance(5)), 'when.method = "transfer"') == "no"

    def test_a_name_that_several_share_means_all_of_them(self):
        both = selectors_of("approve")
        assert both is not None
        assert len(both) > 1
        for selector in both:
            given = replace(allowance(5), selector=selector)
            assert answer(passed(given), 'when.method = "approve"') == "yes"

    def test_where_nothing_is_called_it_is_no_method(self):
        assert answer(passed(usdt(5)), 'when.method = "transfer"') == "no"
        assert answer(passed(message()), 'when.method = "transfer"') == "unknown"
        assert answer(undecoded(), 'when.method = "transfer"') == "unknown"
        assert answer(passed(call()), 'when.method = "transfer"') == "unknown"
        assert answer(passed(call()), 'when.method = "0xdeadbeef"') == "yes"

    @pytest.mark.parametrize(
        "value", ['"swap"', '"transfer(uint)"', '"0xa9059c"', '["transfer", "x y"]', '"Transfer"']
    )
    def test_a_name_that_nobody_knows_must_be_written_out(self, value):
        (said,) = mistakes(text(rule("r", "ask", f"when.method = {value}")))
        assert "its full signature" in said
        assert "its selector" in said


class TestAllowances:
    ALLOW = rule(
        "allow",
        "approve",
        SIGNING,
        'when.kind = "token_approval"',
        f'when.to = ["ETH:{COLD_TEXT}"]',
        f'when.from = ["ETH:{HOT_TEXT}"]',
        'when.amount_at_most = "100 USDT"',
    )

    @pytest.mark.parametrize(
        ("effect", "said"),
        [
            (allowance(100), "approve"),
            (allowance(0), "approve"),
            (allowance(101), "ask"),
            (allowance(None), "ask"),
            (allowance(5, THIEF), "ask"),
            (replace(allowance(5), owner=COLD), "ask"),
            (replace(allowance(5), owner=None), "ask"),
            (replace(allowance(5), amount=2**256 - 1), "ask"),
            (token_move(), "ask"),
        ],
    )
    def test_a_rule_approves_what_it_names_of_an_allowance(self, effect, said):
        assert verdict(passed(effect), self.ALLOW).effect == said

    @pytest.mark.parametrize("amount", [None, 2**256 // 10**6])
    def test_an_allowance_without_a_bound_is_over_every_limit(self, amount):
        lines = ('when.token = "ETH_USDT"', f'when.amount_over = "{10**39} USDT"')
        assert answer(passed(allowance(amount)), *lines) == "yes"
        at_most = f'when.amount_at_most = "{10**39} USDT"'
        assert answer(passed(allowance(amount)), 'when.token = "ETH_USDT"', at_most) == "no"

    def test_a_policy_is_not_warned_about_a_kind_that_can_be_approved(self):
        assert policy(self.ALLOW).warnings == ()


class TestWrapping:
    WRAP = rule(
        "wrap",
        "approve",
        SIGNING,
        'when.kind = "contract_call"',
        f'when.contract = ["ETH:{WETH.contract.text if WETH.contract else ""}"]',
        'when.method = ["deposit", "withdraw(uint256)"]',
        'when.amount_at_most = "2 ETH"',
    )

    def test_wrapping_is_the_one_call_that_a_rule_approves(self):
        assert verdict(passed(wrap(2)), self.WRAP).effect == "approve"
        assert verdict(passed(wrap(3)), self.WRAP).effect == "ask"
        assert verdict(passed(wrap(unwraps=True)), self.WRAP).effect == "ask"
        weth = self.WRAP.replace("2 ETH", "2 WETH")
        assert verdict(passed(wrap(unwraps=True)), weth).effect == "approve"
        for other in (call(), call(COLD), call(COLD, value=1)):
            assert verdict(passed(other), self.WRAP).effect == "ask"
            broad = rule("broad", "approve", SIGNING, 'when.kind = "contract_call"')
            assert verdict(passed(other), broad).effect == "ask"
        assert policy(self.WRAP).warnings == ()

    def test_a_rule_that_hopes_to_approve_other_calls_is_warned_about(self):
        swap = self.WRAP.replace('["deposit", "withdraw(uint256)"]', '"multicall"')
        assert ["only those that wrap" in each for each in policy(swap).warnings] == [True]
