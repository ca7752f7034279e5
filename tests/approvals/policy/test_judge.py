"""What a verdict is made of: each sentence of the contract about rules, one promise a test."""

from dataclasses import replace

import pytest

from approvals.findings import Asset, ClaimedOutput, Claims, Reason, Refused, Transfer, Unverified
from approvals.model import Cause
from approvals.policy import judge, load
from approvals.policy.facts import facts_of
from approvals.policy.judge import approves
from approvals.request import RequestType
from tests.approvals.policy.world import (
    BSC_USDT,
    CLAIMS,
    COLD,
    COLD_TEXT,
    HOT,
    HOT_TEXT,
    SWEEP,
    THIEF,
    THIEF_TEXT,
    USDC,
    USDT,
    address,
    asset,
    call,
    fee,
    keys,
    message,
    passed,
    policy,
    rule,
    seats,
    text,
    undecoded,
    usdt,
    verdict,
)

NO_THIEF = rule("no-thief", "reject", f'when.to = ["ETH:{THIEF_TEXT}"]')
BIG = rule(
    "big",
    "ask",
    'when.amount_over = "1000 USDT"',
    'approvals = [{ group = "treasury", count = 2 }]',
    'within = "10m"',
)
ON_CALL = rule(
    "on-call", "ask", 'when.type = "key_sign"', 'approvals = [{ group = "on_call", count = 1 }]'
)


class TestOrder:
    def test_an_approve_rule_approves_what_it_names(self):
        said = verdict(passed(usdt(50_000)), SWEEP)
        assert (said.effect, [r.id for r in said.rules]) == ("approve", ["sweep"])

    def test_reject_beats_ask_and_approve_wherever_it_stands(self):
        everything = rule("halt", "reject", 'when.type = "key_sign"')
        for rules in ([everything, SWEEP, ON_CALL], [SWEEP, ON_CALL, everything]):
            assert verdict(passed(usdt(5)), *rules).effect == "reject"

    def test_ask_beats_approve_wherever_it_stands(self):
        for rules in ([ON_CALL, SWEEP], [SWEEP, ON_CALL]):
            said = verdict(passed(usdt(5)), *rules)
            assert (said.effect, seats(said)) == ("ask", {"on_call": 1})

    def test_the_order_of_the_file_changes_no_verdict(self):
        rules = [SWEEP, BIG, ON_CALL, NO_THIEF]
        for findings in (passed(usdt(5)), passed(usdt(5_000)), passed(usdt(5, THIEF)), undecoded()):
            assert verdict(findings, *rules) == verdict(findings, *reversed(rules))

    def test_asks_stack_the_largest_count_of_each_group_the_shortest_time_and_the_strongest_way(
        self,
    ):
        one = rule(
            "one",
            "ask",
            'when.type = "key_sign"',
            'approvals = [{ group = "treasury", count = 1 }, { group = "on_call", count = 2 }]',
            'within = "2h"',
        )
        two = rule(
            "two",
            "ask",
            'when.kind = "transfer"',
            'approvals = [{ group = "treasury", count = 2 }]',
            'within = "90s"',
            'strength = "ssh"',
        )
        said = verdict(passed(usdt(5)), one, two, more="")
        assert said.effect == "reject"  # on_call has no keys: nobody could vote
        two = two.replace("ssh", "any")
        said = verdict(passed(usdt(5)), one, two)
        assert seats(said) == {"treasury": 2, "on_call": 2}
        assert said.within_ms == 90_000
        assert [r.id for r in said.rules] == ["one", "two"]

    def test_the_strongest_strength_of_all_asks_holds(self):
        ssh = rule("ssh", "ask", 'when.kind = "transfer"', 'strength = "ssh"')
        plain = rule("plain", "ask", 'when.type = "key_sign"', 'strength = "any"')
        assert verdict(passed(usdt(5)), plain).strength == "any"
        assert verdict(passed(usdt(5)), plain, ssh).strength == "ssh"

    def test_a_matching_ask_rule_stands_in_for_the_default(self):
        said = verdict(passed(usdt(5)), ON_CALL)
        assert seats(said) == {"on_call": 1}
        assert verdict(passed(usdt(5)), ON_CALL, default="reject").effect == "ask"

    @pytest.mark.parametrize(("default", "effect"), [("ask", "ask"), ("reject", "reject")])
    def test_what_no_rule_matches_gets_the_default(self, default, effect):
        for rules in ((), (SWEEP, NO_THIEF, BIG)):
            said = verdict(passed(usdt(5, HOT)), *rules, default=default)
            assert (said.effect, said.rules) == (effect, ())

    def test_a_rejection_names_its_rules_and_its_cause(self):
        also = rule("also", "reject", 'when.kind = "transfer"')
        said = verdict(passed(usdt(5, THIEF)), NO_THIEF, also)
        assert said.cause is Cause.RULE
        assert said.sentence == "refused by rules also, no-thief"
        assert [r.answer for r in said.rules] == ["yes", "yes"]

    def test_a_rejection_by_default_says_so(self):
        said = verdict(passed(usdt(5)), default="reject")
        assert (said.cause, said.sentence) == (Cause.RULE, "no rule allows it (default)")


class TestApproving:
    def test_only_a_request_that_passed_is_approved_by_a_rule(self):
        findings = passed(usdt(5))
        assert verdict(findings, SWEEP).effect == "approve"
        unverified = replace(findings, integrity=Unverified((Reason(4, "no claim"),)))
        assert verdict(unverified, SWEEP).effect == "ask"

    def test_incomplete_effects_are_never_approved(self):
        assert verdict(replace(passed(usdt(5)), complete=False), SWEEP).effect == "ask"

    def test_what_is_not_said_to_be_all_is_not_approved_whatever_else_is_known(self):
        rulebook = policy(SWEEP)
        facts = facts_of(passed(usdt(5)), RequestType.KEY_SIGN, rulebook.tables, ())
        (sweep,) = rulebook.rules
        assert approves(sweep, facts)
        assert not approves(sweep, replace(facts, complete=False))
        assert not approves(sweep, replace(facts, rows=()))

    def test_zero_effects_are_never_approved(self):
        broad = rule("broad", "approve", 'when.type = "key_sign"', 'when.kind = "transfer"')
        assert verdict(passed(usdt(5)), broad).effect == "approve"
        assert verdict(passed(), broad).effect == "ask"

    def test_every_effect_must_match_not_just_one(self):
        assert verdict(passed(usdt(5), usdt(6)), SWEEP).effect == "approve"
        assert verdict(passed(usdt(5), usdt(6, THIEF)), SWEEP).effect == "ask"
        assert verdict(passed(usdt(5), message()), SWEEP).effect == "ask"

    @pytest.mark.parametrize("effect", [call(), call(COLD, value=1), message()])
    def test_what_a_call_or_a_message_does_is_not_known_and_never_approved(self, effect):
        broad = rule(
            "broad",
            "approve",
            'when.type = "key_sign"',
            'when.kind = ["transfer", "contract_call", "token_approval", "message", "blind"]',
        )
        assert verdict(passed(effect), broad).effect == "ask"

    def test_a_bare_hash_is_never_approved_even_if_it_were_said_to_be_understood(self):
        blind = replace(message(), kind="blind")
        broad = rule("broad", "approve", 'when.type = "key_sign"', 'when.kind = "blind"')
        assert verdict(passed(blind), broad).effect == "ask"

    def test_a_key_share_is_not_approved_even_if_it_were_said_to_have_passed(self):
        broad = rule("broad", "approve", 'when.type = "key_share_sign"', 'when.kind = "transfer"')
        assert verdict(replace(passed(usdt(5)), type=5), broad).effect == "reject"

    def test_another_request_type_is_not_approved(self):
        other = rule("other", "approve", 'when.type = "key_share_sign"', 'when.kind = "transfer"')
        assert verdict(passed(usdt(5)), other).effect == "ask"

    def test_an_unknown_fee_is_never_approved(self):
        assert verdict(replace(passed(usdt(5)), fee=None), SWEEP).effect == "ask"

    def test_without_a_fee_bound_of_its_own_the_chains_worst_case_holds(self):
        shipped = 5 * 10**16
        at_bound = replace(passed(usdt(5)), fee=fee(shipped))
        above = replace(passed(usdt(5)), fee=fee(shipped + 1))
        assert verdict(at_bound, SWEEP).effect == "approve"
        assert verdict(above, SWEEP).effect == "ask"

    def test_its_own_fee_bound_takes_the_place_of_the_chains(self):
        frugal = SWEEP + '\nwhen.fee_at_most = "0.001 ETH"'
        assert verdict(replace(passed(usdt(5)), fee=fee(10**15)), frugal).effect == "approve"
        assert verdict(replace(passed(usdt(5)), fee=fee(10**15 + 1)), frugal).effect == "ask"
        lavish = SWEEP + '\nwhen.fee_at_most = "1 ETH"'
        assert verdict(replace(passed(usdt(5)), fee=fee(10**18)), lavish).effect == "approve"

    def test_a_fee_in_another_coin_than_the_bounds_is_never_approved(self):
        frugal = SWEEP + '\nwhen.fee_at_most = "1 BNB"'
        assert verdict(passed(usdt(5)), frugal).effect == "ask"
        elsewhere = replace(passed(usdt(5)), fee=fee(1, coin=asset("BSC_BNB")))
        assert verdict(elsewhere, SWEEP).effect == "ask"
        in_tokens = replace(passed(usdt(5)), fee=fee(1, coin=USDT))
        assert verdict(in_tokens, SWEEP).effect == "ask"

    def test_an_operators_chain_without_a_worst_case_fee_has_ethereums(self):
        more = (
            '[chains.ACME_ETH]\neip155 = 424242\n[tokens.ACME_USDT]\nchain = "ACME_ETH"\n'
            f'symbol = "USDT"\ncontract = "{USDC.contract and USDC.contract.text}"\ndecimals = 6'
        )
        home = SWEEP.replace("ETH:", "ACME_ETH:")
        coin = replace(USDC, chain="ACME_ETH", token_id="ACME_USDT", symbol="USDT")
        gas = Asset("ACME_ETH", "ACME_ETH", "ACME_ETH", None, 18)
        findings = replace(passed(usdt(5, coin=coin)), chain="ACME_ETH", fee=fee(0, coin=gas))
        limit = 5 * 10**16
        cheap = replace(findings, fee=fee(limit, coin=gas))
        dear = replace(findings, fee=fee(limit + 1, coin=gas))
        assert verdict(cheap, home, more=more).effect == "approve"
        assert verdict(dear, home, more=more).effect == "ask"
        bounded = home + '\nwhen.fee_at_most = "0.1 ACME_ETH"'
        assert verdict(dear, bounded, more=more).effect == "approve"

    def test_unknown_in_an_approve_rule_is_no(self):
        by = SWEEP + f'\nwhen.from = ["ETH:{HOT_TEXT}"]'
        assert verdict(passed(usdt(5)), by).effect == "approve"
        assert verdict(passed(replace(usdt(5), sender=None)), by).effect == "ask"

    def test_what_is_claimed_may_only_narrow_an_approve_rule(self):
        narrow = SWEEP + '\nwhen.initiator = "desk-bot"\nwhen.wallet = "Hot wallet"'
        assert verdict(passed(usdt(5)), narrow).effect == "approve"
        assert verdict(passed(usdt(5, THIEF)), narrow).effect == "ask"
        for claims in (
            replace(CLAIMS, initiator=None),
            replace(CLAIMS, initiator="somebody"),
            replace(CLAIMS, wallet_name=None),
            replace(CLAIMS, wallet_name="Another"),
        ):
            assert verdict(passed(usdt(5), claims=claims), narrow).effect == "ask"

    def test_claims_never_help_an_approve_rule_where_bytes_could_not_be_decoded(self):
        claims = replace(CLAIMS, outputs=(ClaimedOutput(COLD_TEXT, "5"),))
        assert verdict(undecoded(claims=claims), SWEEP).effect == "ask"


class TestAskingAndRejecting:
    def test_any_one_effect_is_enough(self):
        assert verdict(passed(usdt(5), usdt(5, THIEF)), SWEEP, NO_THIEF).effect == "reject"

    def test_one_effect_must_match_all_that_the_rule_says(self):
        both = rule("both", "reject", 'when.token = "ETH_USDT"', f'when.to = ["ETH:{THIEF_TEXT}"]')
        apart = passed(usdt(5), usdt(5, THIEF, coin=USDC))
        assert verdict(apart, both).effect == "ask"
        assert verdict(apart, both).rules == ()
        assert verdict(passed(usdt(5, THIEF)), both).effect == "reject"

    def test_an_ask_rule_that_cannot_tell_asks_on_top_of_the_default(self):
        said = verdict(undecoded(), BIG)
        assert seats(said) == {"treasury": 2}
        assert said.within_ms == 600_000
        assert [(r.id, r.answer) for r in said.rules] == [("big", "unknown")]
        on_call = BIG.replace("treasury", "on_call")
        assert seats(verdict(undecoded(), on_call)) == {"treasury": 1, "on_call": 2}
        assert seats(verdict(passed(usdt(2_000)), on_call)) == {"on_call": 2}

    def test_an_unknown_does_not_take_the_place_of_default_reject(self):
        assert verdict(undecoded(), BIG, default="reject").effect == "reject"
        assert verdict(passed(usdt(2_000)), BIG, default="reject").effect == "ask"
        assert verdict(passed(usdt(2_000, coin=USDC)), BIG, default="reject").effect == "reject"

    def test_a_reject_rule_that_cannot_tell_asks_and_is_named(self):
        said = verdict(undecoded(), NO_THIEF)
        assert (said.effect, seats(said)) == ("ask", {"treasury": 1})
        assert [(r.id, r.effect, r.answer) for r in said.rules] == [
            ("no-thief", "reject", "unknown")
        ]

    def test_a_reject_rule_that_cannot_tell_keeps_a_rule_from_approving(self):
        by = rule("no-hot", "reject", f'when.from = ["ETH:{HOT_TEXT}"]')
        said = verdict(passed(replace(usdt(5), sender=None)), SWEEP, by)
        assert (said.effect, seats(said)) == ("ask", {"treasury": 1})
        assert [r.id for r in said.rules] == ["no-hot"]

    def test_an_ask_rule_that_cannot_tell_keeps_a_rule_from_approving(self):
        other = rule("usdc", "ask", 'when.amount_over = "10 USDC"')
        said = verdict(passed(usdt(5)), SWEEP, other)
        assert (said.effect, [r.answer for r in said.rules]) == ("ask", ["unknown"])

    def test_an_undecided_reject_rule_adds_to_a_matching_ask(self):
        said = verdict(undecoded(), ON_CALL, NO_THIEF)
        assert seats(said) == {"on_call": 1, "treasury": 1}

    def test_where_effects_are_incomplete_every_matcher_on_effects_is_unknown(self):
        for line in (
            'when.kind = "message"',
            'when.chain = "BSC_BNB"',
            'when.token = "BSC_USDT"',
            f'when.to = ["ETH:{HOT_TEXT}"]',
            f'when.from = ["ETH:{THIEF_TEXT}"]',
            'when.amount_at_most = "1 USDT"',
            'when.amount_over = "1000 USDT"',
            'when.fee_at_most = "0.0001 ETH"',
        ):
            known = replace(passed(usdt(5)), complete=False)
            said = verdict(known, rule("r", "reject", line))
            assert [(r.id, r.answer) for r in said.rules] == [("r", "unknown")], line
            assert verdict(passed(usdt(5)), rule("r", "reject", line)).rules == (), line

    def test_zero_effects_are_unknown_even_if_said_to_be_complete(self):
        said = verdict(passed(), rule("r", "reject", 'when.kind = "message"'))
        assert [r.answer for r in said.rules] == ["unknown"]

    def test_a_decoded_effect_of_an_incomplete_list_can_still_say_yes(self):
        findings = replace(passed(usdt(5, THIEF)), complete=False)
        assert verdict(findings, NO_THIEF).effect == "reject"

    @pytest.mark.parametrize("value", [0, 5])
    def test_a_call_may_do_anything_to_assets(self, value):
        findings = passed(call(COLD, value=value))
        for line in ('when.amount_over = "1 USDT"', 'when.token = "ETH_USDC"'):
            said = verdict(findings, rule("r", "reject", line))
            assert [r.answer for r in said.rules] == ["unknown"], line
        assert verdict(passed(call(THIEF, value=value)), NO_THIEF).effect == "reject"

    def test_the_coins_that_a_call_sends_along_are_seen(self):
        over = rule("over", "reject", 'when.amount_over = "1 ETH"')
        assert verdict(passed(call(value=10**18)), over).effect == "ask"
        assert verdict(passed(call(value=10**18 + 1)), over).effect == "reject"

    def test_a_message_may_move_any_token(self):
        said = verdict(passed(message()), rule("r", "reject", 'when.amount_over = "1 USDT"'))
        assert [r.answer for r in said.rules] == ["unknown"]

    def test_a_rule_on_the_type_alone_needs_no_effects(self):
        made = rule(
            "made",
            "ask",
            'when.type = "key_gen"',
            'approvals = [{ group = "treasury", count = 2 }]',
        )
        assert seats(verdict(keys(1), made, default="reject")) == {"treasury": 2}
        assert verdict(keys(3), made, default="reject").effect == "reject"


class TestClaims:
    CLAIMED = replace(CLAIMS, outputs=(ClaimedOutput(THIEF_TEXT, "2000"),))

    @pytest.mark.parametrize(
        "line",
        [
            'when.kind = "transfer"',
            'when.chain = "ETH"',
            'when.token = "ETH_USDT"',
            f'when.to = ["ETH:{THIEF_TEXT}"]',
            f'when.from = ["ETH:{HOT_TEXT}"]',
            'when.amount_over = "1999.999999 USDT"',
            'when.amount_at_most = "2000 USDT"',
        ],
    )
    def test_where_bytes_could_not_be_decoded_a_claim_can_make_a_reject_rule_say_yes(self, line):
        said = verdict(undecoded(claims=self.CLAIMED), rule("r", "reject", line))
        assert (said.effect, said.sentence) == ("reject", "refused by rule r")

    def test_where_bytes_could_not_be_decoded_a_claim_never_makes_a_rule_say_no(self):
        for line in (
            'when.kind = "message"',
            f'when.to = ["ETH:{COLD_TEXT}"]',
            'when.amount_over = "5000 USDT"',
            'when.initiator = "somebody-else"',
            'when.wallet = "Another wallet"',
        ):
            said = verdict(undecoded(claims=self.CLAIMED), rule("r", "reject", line))
            assert [r.answer for r in said.rules] == ["unknown"], line

    def test_claims_are_not_asked_where_the_bytes_speak(self):
        assert verdict(passed(usdt(5), claims=self.CLAIMED), NO_THIEF).rules == ()
        assert verdict(passed(usdt(5), claims=self.CLAIMED), BIG).rules == ()

    def test_a_yes_that_rests_on_claims_never_takes_the_place_of_the_default(self):
        weak = rule("weak", "ask", 'when.kind = "transfer"')
        assert verdict(undecoded(claims=self.CLAIMED), weak, default="reject").effect == "reject"
        said = rule("said", "ask", 'when.initiator = "desk-bot"')
        assert verdict(passed(usdt(5)), said, default="reject").effect == "reject"
        on_call = said + '\napprovals = [{ group = "on_call", count = 1 }]'
        assert seats(verdict(passed(usdt(5)), on_call)) == {"treasury": 1, "on_call": 1}

    def test_an_absent_claim_is_unknown(self):
        bot = rule("bot", "reject", 'when.initiator = "desk-bot"')
        assert verdict(passed(usdt(5)), bot).effect == "reject"
        assert verdict(passed(usdt(5), claims=replace(CLAIMS, initiator="ana")), bot).rules == ()
        for initiator in (None, "", "   "):
            claims = replace(CLAIMS, initiator=initiator)
            said = verdict(passed(usdt(5), claims=claims), bot)
            assert [r.answer for r in said.rules] == ["unknown"]

    def test_a_wallet_is_known_by_its_id_or_its_name(self):
        for name in ("w-1", "Hot wallet"):
            assert verdict(passed(usdt(5)), rule("w", "reject", f'when.wallet = "{name}"')).rules
        assert not verdict(passed(usdt(5)), rule("w", "reject", 'when.wallet = "w-2"')).rules
        half = passed(usdt(5), claims=replace(CLAIMS, wallet_id=None))
        said = verdict(half, rule("w", "reject", 'when.wallet = "w-2"'))
        assert [r.answer for r in said.rules] == ["unknown"]

    def test_a_claimed_amount_that_is_no_amount_is_unknown(self):
        for amount in (None, "1_000", "1e3", "５００", "-1", "", "0.0000001"):
            claims = replace(CLAIMS, outputs=(ClaimedOutput(COLD_TEXT, amount),))
            said = verdict(undecoded(claims=claims), BIG)
            assert [r.answer for r in said.rules] == ["unknown"], amount


class TestAmounts:
    @pytest.mark.parametrize(
        ("amounts", "effect"),
        [
            ((50_000,), "approve"),
            ((50_001,), "ask"),
            ((25_000, 25_000), "approve"),
            ((25_000, 25_001), "ask"),
            ((0,), "approve"),
        ],
    )
    def test_at_most_compares_the_requests_total(self, amounts, effect):
        assert verdict(passed(*map(usdt, amounts)), SWEEP).effect == effect

    def test_totals_are_per_token(self):
        other = rule("usdc", "approve", *SWEEP.replace("USDT", "USDC").splitlines()[4:])
        both = passed(usdt(40_000), usdt(40_000, coin=USDC))
        assert verdict(both, SWEEP, other).effect == "ask"  # no one rule knows both
        over = rule("over", "reject", 'when.amount_over = "50000 USDT"', 'when.token = "ETH_USDT"')
        assert verdict(both, over).rules == ()

    def test_over_compares_the_total_or_any_one(self):
        assert verdict(passed(usdt(1_000)), BIG).rules == ()
        assert seats(verdict(passed(usdt(1_001)), BIG)) == {"treasury": 2}
        assert seats(verdict(passed(usdt(600), usdt(600, THIEF)), BIG)) == {"treasury": 2}
        small = rule(
            "x", "reject", 'when.amount_over = "1000 USDT"', f'when.to = ["ETH:{THIEF_TEXT}"]'
        )
        assert verdict(passed(usdt(600), usdt(600, THIEF)), small).effect == "reject"
        assert verdict(passed(usdt(2_000)), small).rules == ()

    @pytest.mark.parametrize(
        "findings",
        [passed(usdt(5), message()), replace(passed(usdt(5), usdt(5)), complete=False)],
    )
    def test_a_total_of_which_a_part_may_be_missing_is_known_only_to_exceed(self, findings):
        for line in ('when.amount_at_most = "100 USDT"', 'when.amount_over = "100 USDT"'):
            bounded = rule("r", "reject", 'when.kind = "transfer"', line)
            assert [r.answer for r in verdict(findings, bounded).rules] == ["unknown"]
        over = rule("r", "reject", 'when.kind = "transfer"', 'when.amount_over = "4 USDT"')
        assert verdict(findings, over).effect == "reject"

    def test_another_token_than_the_units_is_unknown(self):
        said = verdict(passed(usdt(5, coin=USDC)), BIG)
        assert [r.answer for r in said.rules] == ["unknown"]
        assert verdict(passed(usdt(5, coin=USDC)), SWEEP).effect == "ask"

    def test_a_token_is_its_chain_and_contract_never_its_name(self):
        fake = Asset("ETH", "ETH_USDT", "USDT", THIEF, 6)
        assert verdict(passed(usdt(5, coin=fake)), SWEEP).effect == "ask"
        said = verdict(passed(usdt(5, coin=fake)), rule("t", "reject", 'when.token = "ETH_USDT"'))
        assert said.rules == ()

    def test_a_symbol_means_that_symbol_on_every_chain_by_each_chains_decimals(self):
        coin = BSC_USDT
        assert coin.decimals == 18
        one = Transfer("BSC_BNB", coin, HOT, COLD, 10**18)
        dust = rule("dust", "reject", 'when.amount_at_most = "1 USDT"')
        over = rule("over", "reject", 'when.amount_over = "0.999999 USDT"')
        for said in (verdict(passed(one), dust), verdict(passed(one), over)):
            assert said.effect == "reject"

    def test_a_token_id_is_that_token_alone(self):
        over = rule("over", "reject", 'when.amount_over = "1 ETH_USDT"')
        assert verdict(passed(usdt(2)), over).effect == "reject"
        elsewhere = Transfer("BSC_BNB", BSC_USDT, HOT, COLD, 10**20)
        assert [r.answer for r in verdict(passed(elsewhere), over).rules] == ["unknown"]

    def test_amounts_are_exact_to_the_last_base_unit(self):
        huge = 10**30 + 1
        limit = SWEEP.replace("50000 USDT", f"{10**24}.000001 USDT")
        for amount, effect in ((huge, "approve"), (huge + 1, "ask")):
            transfer = Transfer("ETH", USDT, HOT, COLD, amount)
            assert verdict(passed(transfer), limit).effect == effect


class TestAddresses:
    def test_addresses_are_compared_as_bytes(self):
        for spelt in (COLD_TEXT, COLD_TEXT.lower(), "0x" + COLD_TEXT[2:].upper()):
            assert verdict(passed(usdt(5)), SWEEP.replace(COLD_TEXT, spelt)).effect == "approve"

    def test_an_entry_of_a_named_chain_holds_on_that_chain_alone(self):
        elsewhere = SWEEP.replace("ETH:", "BASE_ETH:")
        assert verdict(passed(usdt(5)), elsewhere).effect == "ask"
        said = verdict(passed(usdt(5, THIEF)), NO_THIEF.replace("ETH:", "BASE_ETH:"))
        assert said.rules == ()

    def test_a_bare_evm_address_holds_on_the_chains_that_the_rule_names(self):
        bare = SWEEP.replace("ETH:", "")
        assert verdict(passed(usdt(5)), bare + '\nwhen.chain = "ETH"').effect == "approve"
        assert verdict(passed(usdt(5)), bare + '\nwhen.chain = "BASE_ETH"').effect == "ask"

    def test_a_bare_evm_address_without_a_chain_proves_nothing(self):
        assert verdict(passed(usdt(5)), SWEEP.replace("ETH:", "")).effect == "ask"
        said = verdict(passed(usdt(5, THIEF)), NO_THIEF.replace("ETH:", ""))
        assert [r.answer for r in said.rules] == ["unknown"]
        assert verdict(passed(usdt(5)), NO_THIEF.replace("ETH:", "")).rules == ()

    def test_an_address_of_another_family_needs_no_chain(self):
        tron = "TSupd8dvX5KGMaHhgS7diYt9ZACBcJCz3g"
        coin = Asset("TRON", "TRON", "TRX", None, 6)
        said = verdict(
            passed(Transfer("TRON", coin, None, address(tron), 5)),
            rule("t", "reject", f'when.to = ["{tron}"]'),
        )
        assert said.effect == "reject"

    def test_a_list_may_be_named_instead(self):
        more = f'[lists]\nown = ["ETH:{COLD_TEXT}"]'
        named = SWEEP.replace(f'["ETH:{COLD_TEXT}"]', '"own"')
        assert verdict(passed(usdt(5)), named, more=more).effect == "approve"
        assert verdict(passed(usdt(5, THIEF)), named, more=more).effect == "ask"


class TestEscalations:
    def test_asks_call_everybody_whom_any_of_them_calls_and_as_early(self):
        early = 'escalate = [{ after = "2m", notify = "on_call" }]'
        other = '{ after = "3m", notify = "treasury" }'
        late = f'escalate = [{{ after = "9m", notify = "on_call" }}, {other}]'
        said = verdict(passed(usdt(5)), rule("a", "ask", early), rule("b", "ask", late))
        assert [(each.group, each.after_ms) for each in said.escalations] == [
            ("on_call", 120_000),
            ("treasury", 180_000),
        ]

    def test_nobody_is_called_after_the_shortest_time(self):
        long = rule("long", "ask", 'escalate = [{ after = "9m", notify = "on_call" }]')
        said = verdict(passed(usdt(5)), long, rule("brief", "ask", 'within = "9m"'))
        assert said.escalations == ()

    def test_a_policy_without_any_calls_nobody(self):
        assert verdict(passed(usdt(5)), BIG).escalations == ()


class TestPeople:
    def test_the_initiator_is_taken_out_of_the_seats(self):
        said = verdict(passed(usdt(5), claims=replace(CLAIMS, initiator="ana@acme.example")), BIG)
        assert said.barred == ("ana",)
        assert said.initiator_known
        assert [need.people for need in said.needs] == [("bo", "chen")]

    @pytest.mark.parametrize(
        "initiator",
        ["ANA@acme.EXAMPLE", "  ana@acme.example\n", "ａｎａ@acme.example", "TREASURY-api-KEY"],
    )
    def test_initiators_are_compared_after_nfkc_trimming_and_case_folding(self, initiator):
        said = verdict(passed(usdt(5), claims=replace(CLAIMS, initiator=initiator)))
        assert said.barred == ("ana",)
        bot = rule("r", "reject", 'when.initiator = "Ana@Acme.example"')
        claims = replace(
            CLAIMS, initiator=initiator.replace("TREASURY-api-KEY", "ana@acme.example")
        )
        assert verdict(passed(usdt(5), claims=claims), bot).effect == "reject"

    @pytest.mark.parametrize("initiator", [None, "", " ", "somebody", "ana"])
    def test_an_initiator_that_no_person_claims_is_flagged(self, initiator):
        said = verdict(passed(usdt(5), claims=replace(CLAIMS, initiator=initiator)))
        assert (said.barred, said.initiator_known) == ((), False)

    def test_all_people_who_share_an_initiator_are_barred(self):
        toml = text().replace(
            'slack = "U024CHEN"', 'slack = "U024CHEN"\ninitiates_as = ["Treasury-API-key"]'
        )
        claims = replace(CLAIMS, initiator="treasury-api-key")
        said = judge(passed(usdt(5), claims=claims), load(toml))
        assert said.barred == ("ana", "chen")

    def test_a_quorum_that_cannot_be_met_without_the_initiator_is_refused_at_once(self):
        three = rule(
            "three",
            "ask",
            'when.type = "key_sign"',
            'approvals = [{ group = "treasury", count = 3 }]',
        )
        assert verdict(passed(usdt(5)), three).effect == "ask"
        said = verdict(passed(usdt(5), claims=replace(CLAIMS, initiator="treasury-api-key")), three)
        assert (said.effect, said.cause) == ("reject", Cause.PEOPLE)
        assert said.sentence == "too few people may approve this (rule three)"
        assert said.barred == ("ana",)

    def test_one_person_fills_one_seat_of_stacked_asks(self):
        one = rule(
            "one", "ask", 'when.kind = "transfer"', 'approvals = [{ group = "pair", count = 2 }]'
        )
        two = rule(
            "two",
            "ask",
            'when.type = "key_sign"',
            'approvals = [{ group = "treasury", count = 2 }]',
        )
        toml = text(one, two).replace("[groups]", '[groups]\npair = ["ana", "bo"]')
        said = judge(passed(usdt(5)), load(toml))
        assert (said.effect, said.cause) == ("reject", Cause.PEOPLE)

    def test_where_votes_must_be_signed_only_people_with_keys_fill_seats(self):
        two = rule(
            "two",
            "ask",
            'when.type = "key_sign"',
            'approvals = [{ group = "treasury", count = 2 }]',
            'strength = "ssh"',
        )
        assert verdict(passed(usdt(5)), two).effect == "ask"
        claims = replace(CLAIMS, initiator="ana@acme.example")
        assert verdict(passed(usdt(5), claims=claims), two).cause is Cause.PEOPLE

    def test_no_sentence_names_a_person(self):
        three = rule(
            "three",
            "ask",
            'when.type = "key_sign"',
            'approvals = [{ group = "treasury", count = 3 }]',
        )
        claims = replace(CLAIMS, initiator="ana@acme.example")
        sentence = verdict(passed(usdt(5), claims=claims), three).sentence
        assert not any(name in sentence for name in ("ana", "bo", "chen", "why"))


class TestBeforeTheRules:
    @pytest.mark.parametrize("cause", ["contradiction", "malformed", "unsupported"])
    def test_a_refused_request_is_refused_before_any_rule_is_read(self, cause):
        reasons = (Reason(2, "hash 0 differs"), Reason(5, "the amount differs"))
        findings = replace(passed(usdt(5)), integrity=Refused(cause, reasons))
        said = verdict(findings, SWEEP, ON_CALL)
        assert (said.effect, said.cause) == ("reject", Cause(cause))
        assert said.sentence == "hash 0 differs; the amount differs"
        assert said.rules == ()

    def test_a_refusal_without_reasons_and_one_with_hundreds_are_sentences_too(self):
        bare = replace(passed(usdt(5)), integrity=Refused("contradiction", ()))
        assert verdict(bare, SWEEP).sentence
        many = Refused("contradiction", tuple(Reason(n, f"hash {n}") for n in range(300)))
        assert verdict(replace(bare, integrity=many)).sentence.endswith("hash 4; and 295 more")

    @pytest.mark.parametrize("type_", [0, 4, 6, -1, True, 2.0, "2", None])
    def test_an_unknown_request_type_is_refused(self, type_):
        said = verdict(replace(passed(usdt(5)), type=type_), SWEEP)
        assert (said.effect, said.cause) == ("reject", Cause.UNSUPPORTED)

    def test_the_default_of_a_key_share_is_reject_whatever_default_says(self):
        assert verdict(keys(5), default="ask").effect == "reject"
        assert verdict(keys(1), default="ask").effect == "ask"

    def test_a_rule_that_names_the_key_share_may_ask(self):
        share = rule("share", "ask", 'when.type = ["key_share_sign"]')
        assert verdict(keys(5), share).effect == "ask"
        assert verdict(keys(5), share, default="reject").effect == "ask"

    def test_only_a_rule_that_names_the_key_share_stands_in_for_its_default(self):
        assert verdict(keys(5), rule("all", "ask")).effect == "reject"
        assert verdict(keys(5), rule("kind", "ask", 'when.kind = "message"')).effect == "reject"

    def test_a_policy_without_rules_or_people_approves_nothing(self):
        bare = load('default = "reject"')
        for findings in (passed(usdt(5)), passed(), undecoded(), keys(1), keys(5)):
            assert judge(findings, bare).effect == "reject"

    def test_claims_alone_never_approve(self):
        findings = replace(passed(claims=Claims(kind="transfer")), complete=True)
        assert judge(findings, policy(SWEEP)).effect == "ask"
