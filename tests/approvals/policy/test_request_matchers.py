"""What rules ask of a request as a whole: its risks, the key it is about, what Cobo claims."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.findings import KeyFacts, Reason, Refused, Signing
from approvals.inspect import inspect
from approvals.policy import judge
from approvals.policy.whens import MOST_NODES
from approvals.risks import RISKS, Flag
from tests.approvals.policy.world import (
    CLAIMS,
    CPUB,
    NODES,
    PINS,
    SWEEP,
    XPUB,
    call,
    ceremony,
    keys,
    mistakes,
    passed,
    policy,
    rule,
    text,
    undecoded,
    usdt,
    verdict,
)
from tests.support.requests import sample

SIGNING = KeyFacts("secp256k1", NODES[:2], root_pub_key=XPUB)


def answer(findings, line: str) -> str:
    """What a reject rule says of these findings: yes, unknown, or no."""
    said = verdict(findings, rule("r", "reject", line)).rules
    return said[0].answer if said else "no"


def flagged(*risks: Any, proved: bool = True, findings=None):
    flags = tuple(Flag(risk, "seen", proved) for risk in risks)
    return replace(passed(usdt(5)) if findings is None else findings, flags=flags)


class TestFlags:
    @pytest.mark.parametrize("risk", RISKS[:-1])
    def test_a_risk_that_was_seen_is_yes_wherever_it_was_seen(self, risk):
        for findings in (passed(usdt(5)), undecoded(), keys(1), ceremony()):
            assert answer(flagged(risk, findings=findings), f'when.flags_any = "{risk}"') == "yes"

    @pytest.mark.parametrize("risk", RISKS)
    def test_where_everything_is_known_a_risk_that_was_not_seen_is_not_there(self, risk):
        known = replace(CLAIMS, initiator="ana@acme.example")
        assert answer(passed(usdt(5), claims=known), f'when.flags_any = "{risk}"') == "no"

    @pytest.mark.parametrize(
        "risk", ["permission_change", "owner_change", "delegatecall", "unlimited_allowance"]
    )
    def test_where_effects_may_be_missing_a_risk_may_hide_in_them(self, risk):
        line = f'when.flags_any = "{risk}"'
        assert answer(replace(passed(usdt(5)), complete=False), line) == "unknown"
        assert answer(undecoded(call()), line) == "unknown"
        assert answer(undecoded(), line) == "unknown"

    def test_whether_it_is_blind_is_known_as_soon_as_anything_is(self):
        assert answer(undecoded(call()), 'when.flags_any = "blind"') == "no"
        assert answer(undecoded(), 'when.flags_any = "blind"') == "unknown"

    def test_whether_a_fee_is_unusual_is_unknown_where_the_fee_is(self):
        line = 'when.flags_any = "fee_unusual"'
        assert answer(replace(passed(usdt(5)), fee=None), line) == "unknown"
        assert answer(replace(passed(usdt(5)), complete=False), line) == "no"

    @pytest.mark.parametrize("risk", ["unverified", "calldata_mismatch", "replacement"])
    def test_what_the_checks_say_for_sure_is_never_unknown(self, risk):
        assert answer(undecoded(), f'when.flags_any = "{risk}"') == "no"

    def test_one_of_several_is_enough_and_one_that_may_hide_keeps_a_no_from_being_sure(self):
        both = 'when.flags_any = ["delegatecall", "replacement"]'
        assert answer(flagged("replacement"), both) == "yes"
        assert answer(flagged("replacement", findings=undecoded()), both) == "yes"
        assert answer(undecoded(), both) == "unknown"
        assert answer(passed(usdt(5)), both) == "no"

    def test_nothing_hides_in_a_key_that_lacks_only_pins(self):
        for risk in RISKS[:4]:
            assert answer(ceremony(), f'when.flags_any = "{risk}"') == "no"
            assert answer(ceremony(agreed=False), f'when.flags_any = "{risk}"') == "unknown"
        assert answer(ceremony(), 'when.flags_any = ["blind", "fee_unusual"]') == "no"

    def test_who_held_a_key_that_is_moved_is_known_of_those_alone_who_lend_a_share(self):
        line = 'when.flags_any = "owner_change"'
        assert answer(ceremony(3, used_node_ids=NODES), line) == "no"
        assert answer(ceremony(3, used_node_ids=NODES[:2]), line) == "unknown"
        others = 'when.flags_any = ["permission_change", "delegatecall", "blind"]'
        assert answer(ceremony(3, used_node_ids=NODES[:2]), others) == "no"

    def test_a_lie_about_who_held_a_key_hides_no_new_owner(self):
        moved = sample("keyreshare_secp256k1")
        group = "source_key_share_holder_group"
        new = moved.extra["target_key_share_holder_group"]["key_share_holders"]
        lie = moved.with_extra(f"{group}.key_share_holders", new)
        pins = ("when.threshold_at_least = 2", f"when.nodes = {moved.detail['new_node_ids']}")
        rulebook = policy(
            rule("ours", "approve", 'when.type = "key_reshare"', *pins),
            rule("owners", "reject", 'when.flags_any = "owner_change"'),
        )
        told, lied = (inspect(each.request, rulebook.tables) for each in (moved, lie))
        assert lied.keys is not None
        assert lied.keys.agreed
        assert judge(told, rulebook).effect == "reject"
        assert judge(lied, rulebook).effect == "ask"

    @pytest.mark.parametrize("initiator", [None, " ", "somebody"])
    def test_an_initiator_whom_no_person_claims_is_a_risk(self, initiator):
        claims = replace(CLAIMS, initiator=initiator)
        line = 'when.flags_any = "unknown_initiator"'
        assert answer(passed(usdt(5), claims=claims), line) == "yes"
        known = replace(CLAIMS, initiator="ANA@acme.example ")
        assert answer(passed(usdt(5), claims=known), line) == "no"

    def test_it_is_asked_together_with_the_effects(self):
        lines = ['when.flags_any = "unlimited_allowance"', 'when.kind = "token_approval"']
        both = rule("r", "reject", *lines)
        assert verdict(flagged("unlimited_allowance"), both).rules == ()
        unknown = verdict(flagged("unlimited_allowance", findings=undecoded()), both)
        assert [each.answer for each in unknown.rules] == ["unknown"]

    @pytest.mark.parametrize(
        "risk", ["permission_change", "owner_change", "delegatecall", "unlimited_allowance"]
    )
    def test_only_a_proved_risk_takes_the_place_of_the_default(self, risk):
        asking = rule("r", "ask", f'when.flags_any = "{risk}"')
        proved, claimed = flagged(risk), flagged(risk, proved=False)
        assert verdict(proved, asking, default="reject").effect == "ask"
        assert verdict(claimed, asking, default="reject").effect == "reject"
        both = replace(proved, flags=(*claimed.flags, *proved.flags))
        assert verdict(both, asking, default="reject").effect == "ask"

    @pytest.mark.parametrize(
        "risk", ["blind", "unverified", "calldata_mismatch", "replacement", "unknown_initiator"]
    )
    def test_a_risk_that_cobo_could_bring_about_never_does(self, risk):
        asking = rule("r", "ask", f'when.flags_any = "{risk}"')
        findings = passed(usdt(5)) if risk == "unknown_initiator" else flagged(risk)
        said = verdict(findings, asking, default="reject")
        assert said.effect == "reject"
        assert [each.answer for each in verdict(findings, asking).rules] == ["yes"]

    def test_a_risk_never_makes_a_yes(self):
        toml = text(SWEEP + '\nwhen.flags_any = "replacement"')
        assert ["none makes a yes" in each for each in mistakes(toml)] == [True]

    @pytest.mark.parametrize("value", ['"Blind"', '["blind", "theft"]', "[]", '""', "1"])
    def test_a_risk_that_nobody_knows_is_a_mistake(self, value):
        (said,) = mistakes(text(rule("r", "ask", f"when.flags_any = {value}")))
        assert "rule[1].when.flags_any" in said


class TestKeys:
    def signing(self, **facts):
        return replace(passed(usdt(5)), keys=replace(SIGNING, **facts))

    def test_a_threshold_is_at_least_what_the_rule_wants(self):
        for threshold, said in ((1, "no"), (2, "yes"), (3, "yes"), (None, "unknown")):
            findings = ceremony(threshold=threshold)
            assert answer(findings, "when.threshold_at_least = 2") == said

    def test_every_node_must_be_one_of_those_that_are_named(self):
        line = f"when.nodes = {[*NODES]}"
        assert answer(ceremony(), line) == "yes"
        assert answer(ceremony(node_ids=NODES[:1]), line) == "yes"
        assert answer(ceremony(node_ids=(*NODES, "coboStranger")), line) == "no"
        assert answer(ceremony(node_ids=()), line) == "unknown"
        assert answer(ceremony(), f'when.nodes = ["{NODES[0]}"]') == "no"

    def test_a_curve_and_a_root_are_compared_exactly(self):
        assert answer(ceremony(), 'when.curve = "secp256k1"') == "yes"
        assert answer(ceremony(), 'when.curve = "ed25519"') == "no"
        assert answer(ceremony(curve=None), 'when.curve = "ed25519"') == "unknown"
        assert answer(ceremony(3), f'when.root_pub_key = "{XPUB}"') == "yes"
        assert answer(ceremony(3), f'when.root_pub_key = ["{CPUB}"]') == "no"
        assert answer(ceremony(1), f'when.root_pub_key = "{XPUB}"') == "unknown"

    @pytest.mark.parametrize(
        "line",
        [*PINS, 'when.curve = "secp256k1"', f'when.root_pub_key = "{XPUB}"'],
    )
    def test_where_the_key_could_not_be_read_all_of_it_is_unknown(self, line):
        for findings in (keys(1), keys(3), keys(5), passed(usdt(5))):
            assert answer(replace(findings, keys=None), line) in ("unknown", "no")
            assert answer(replace(findings, keys=None, type=1), line) == "unknown"

    def test_of_a_signature_all_but_the_threshold_is_known(self):
        narrow = SWEEP + f'\nwhen.root_pub_key = "{XPUB}"\nwhen.curve = "secp256k1"'
        narrow += f"\nwhen.nodes = {[*NODES]}"
        assert verdict(self.signing(), narrow).effect == "approve"
        assert verdict(self.signing(root_pub_key=CPUB), narrow).effect == "ask"
        assert verdict(self.signing(node_ids=("coboStranger",)), narrow).effect == "ask"
        assert verdict(self.signing(curve=None), narrow).effect == "ask"
        assert verdict(passed(usdt(5)), narrow).effect == "ask"
        never = SWEEP + "\nwhen.threshold_at_least = 1"
        assert verdict(self.signing(), never).effect == "ask"
        assert ["states no threshold" in each for each in policy(never).warnings] == [True]

    @pytest.mark.parametrize(
        ("line", "word"),
        [
            ("when.threshold_at_least = 0", "a whole number from 1"),
            (f"when.threshold_at_least = {MOST_NODES + 1}", "a whole number from 1"),
            ('when.threshold_at_least = "2"', "a whole number from 1"),
            ("when.threshold_at_least = true", "a whole number from 1"),
            ('when.curve = "ED25519"', "secp256k1, ed25519"),
            (f'when.root_pub_key = "{XPUB[:-1]}"', "xpub or cpub"),
            (f'when.root_pub_key = "{XPUB[:-1]}8"', "xpub or cpub"),
            (f'when.root_pub_key = "tpub{XPUB[4:]}"', "xpub or cpub"),
            ('when.nodes = "our_nodes"', "holds node ids"),
            (f'when.nodes = "{NODES[0]}"', "holds node ids"),
            (f'when.nodes = ["{NODES[0]}", "cobo"]', "the id of a TSS Node"),
            (f'when.nodes = ["{NODES[0]}2"]', "the id of a TSS Node"),
            ("when.nodes = []", "at least one"),
        ],
    )
    def test_a_value_that_is_none_is_a_mistake(self, line, word):
        (said,) = mistakes(text(rule("r", "ask", line)))
        assert word in said


class TestClaims:
    @pytest.mark.parametrize("line", ['when.vault = "v-1"', 'when.vault = ["x", "Main vault"]'])
    def test_a_vault_is_known_by_its_id_or_its_name(self, line):
        assert answer(passed(usdt(5)), line) == "yes"

    def test_a_vault_is_denied_only_where_both_its_names_are_known(self):
        line = 'when.vault = "v-2"'
        assert answer(passed(usdt(5)), line) == "no"
        for name in ("vault_id", "vault_name"):
            for nothing in (None, ""):
                less: dict[str, Any] = {name: nothing}
                claims = replace(CLAIMS, **less)
                assert answer(passed(usdt(5), claims=claims), line) == "unknown"

    @pytest.mark.parametrize(
        ("said", "expected"),
        [("API", "yes"), ("Web", "no"), (None, "unknown"), ("api", "unknown"), ("", "unknown")],
    )
    def test_how_it_was_started_is_one_of_the_words_that_cobo_has(self, said, expected):
        findings = passed(usdt(5), claims=replace(CLAIMS, initiator_type=said))
        assert answer(findings, 'when.initiator_type = "API"') == expected

    @pytest.mark.parametrize("value", ['"api"', '"Robot"', '["API", "WEB"]'])
    def test_another_word_is_a_mistake(self, value):
        (said,) = mistakes(text(rule("r", "ask", f"when.initiator_type = {value}")))
        assert "API, Web, App, External" in said

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            (("AutoSweep", "payroll"), "yes"),
            (("payroll",), "no"),
            (("autosweep",), "no"),
            ((), "unknown"),
        ],
    )
    def test_one_category_of_several_is_enough_and_none_stated_is_unknown(self, said, expected):
        findings = passed(usdt(5), claims=replace(CLAIMS, categories=said))
        assert answer(findings, 'when.category = ["AutoSweep", "x"]') == expected

    @pytest.mark.parametrize(
        ("line", "absent"),
        [
            ('when.vault = "Main vault"', {"vault_name": None}),
            ('when.initiator_type = "API"', {"initiator_type": None}),
            ('when.category = "payroll"', {"categories": ()}),
        ],
    )
    def test_what_is_claimed_narrows_an_approve_rule_and_never_replaces_the_default(
        self, line, absent
    ):
        narrow = SWEEP + "\n" + line
        assert verdict(passed(usdt(5)), narrow).effect == "approve"
        silent = passed(usdt(5), claims=replace(CLAIMS, **absent))
        assert verdict(silent, narrow).effect == "ask"
        asking = rule("r", "ask", line)
        assert verdict(passed(usdt(5)), asking, default="reject").effect == "reject"

    @pytest.mark.parametrize("line", ['when.vault = "w"', 'when.category = "c"'])
    def test_where_effects_may_be_missing_a_claim_never_says_no(self, line):
        assert answer(undecoded(claims=CLAIMS), line) == "unknown"


class TestPins:
    RULE = rule("pinned", "approve", 'when.type = ["key_gen", "key_reshare"]', *PINS)

    @pytest.mark.parametrize("type_", [1, 3])
    def test_a_key_that_a_rule_pins_is_approved(self, type_):
        said = verdict(ceremony(type_), self.RULE, default="reject")
        assert (said.effect, [each.id for each in said.rules]) == ("approve", ["pinned"])

    @pytest.mark.parametrize(
        "facts",
        [
            {"agreed": False},
            {"threshold": 1},
            {"threshold": None},
            {"node_ids": ()},
            {"node_ids": (*NODES, "coboStranger")},
        ],
    )
    def test_whatever_is_not_as_it_is_pinned_is_not_approved(self, facts):
        for type_ in (1, 3):
            assert verdict(ceremony(type_, **facts), self.RULE).effect == "ask"

    def test_another_type_than_the_pinned_ones_is_not_approved(self):
        only = rule("pinned", "approve", 'when.type = "key_gen"', *PINS)
        assert verdict(ceremony(3), only).effect == "ask"
        assert verdict(replace(ceremony(), type=5), self.RULE).effect == "reject"
        signing = replace(passed(usdt(5)), keys=ceremony().keys)
        assert verdict(signing, self.RULE).effect == "ask"

    def test_a_share_of_a_key_signs_only_by_people_whatever_a_rule_pins(self):
        share = rule("share", "approve", 'when.type = ["key_gen", "key_share_sign"]', *PINS)
        assert verdict(ceremony(), share).effect == "approve"
        assert verdict(replace(ceremony(), type=5), share).effect == "reject"
        assert ["no rule can approve key_share_sign" in w for w in policy(share).warnings] == [True]

    def test_more_conditions_narrow_it(self):
        for line, effect in (
            ('when.curve = "secp256k1"', "approve"),
            ('when.curve = "ed25519"', "ask"),
            ('when.vault = "v-1"', "approve"),
            ('when.vault = "v-2"', "ask"),
        ):
            assert verdict(ceremony(), f"{self.RULE}\n{line}").effect == effect, line

    def test_a_rule_that_asks_is_asked_all_the_same(self):
        asking = rule("keys", "ask", 'when.type = "key_gen"')
        assert verdict(ceremony(1), self.RULE, asking).effect == "ask"
        assert verdict(ceremony(3), self.RULE, asking).effect == "approve"

    def test_a_rule_about_effects_asks_about_keys_too_unless_it_names_its_type_and_is_told(self):
        big = rule("big", "ask", 'when.token = "ETH_USDT"', 'when.amount_over = "1 USDT"')
        assert verdict(ceremony(), self.RULE, big).effect == "ask"
        (first, second) = policy(self.RULE, big).warnings
        assert "a key_gen has no effects, so what big asks of them is unknown there" in first
        assert "key_reshare" in second
        typed = big + '\nwhen.type = "key_sign"'
        assert verdict(ceremony(), self.RULE, typed).effect == "approve"
        assert policy(self.RULE, typed).warnings == ()

    @pytest.mark.parametrize("key", ["threshold_at_least", "nodes"])
    def test_both_pins_must_be_there(self, key):
        lines = [line for line in self.RULE.splitlines() if key not in line]
        (said,) = mistakes(text("\n".join(lines)))
        assert f"when.{key}: a rule that approves key_gen and key_reshare must pin it" in said

    @pytest.mark.parametrize(
        "line",
        [
            *('when.kind = "transfer"', 'when.chain = "ETH"', 'when.token = "ETH"'),
            *('when.method = "transfer"', 'when.amount_at_most = "1 ETH"'),
            *('when.amount_over = "1 ETH"', 'when.fee_at_most = "1 ETH"'),
            *(f'when.{key} = ["ETH:{"0x" + "11" * 20}"]' for key in ("to", "from", "contract")),
        ],
    )
    def test_a_condition_on_effects_has_no_place_in_it(self, line):
        toml = text(f"{self.RULE}\n{line}")
        (said,) = mistakes(toml)
        assert said.startswith(f"policy.toml:{len(toml.splitlines())}: ")
        assert "it asks of effects, and a key has none" in said

    def test_signatures_and_keys_are_two_rules(self):
        mixed = self.RULE.replace('"key_gen"', '"key_sign"') + '\nwhen.kind = "transfer"'
        (said,) = mistakes(text(mixed))
        assert "write two rules" in said

    def test_what_is_refused_stays_refused(self):
        refused = replace(ceremony(), integrity=Refused("contradiction", (Reason(16, "no"),)))
        assert verdict(refused, self.RULE).effect == "reject"


def test_a_message_is_never_approved_by_what_is_known_of_its_key():
    broad = rule("r", "approve", 'when.type = "key_sign"', 'when.kind = "message"', *PINS)
    said = replace(passed(Signing("ETH", "message", "EIP-191", "hi")), keys=SIGNING)
    assert verdict(said, broad).effect == "ask"
