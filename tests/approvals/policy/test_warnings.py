"""`policy check` warns of rules that load and may not do what their author meant."""

import pytest

from approvals.policy import load
from approvals.policy.facts import CLAIMABLE
from tests.approvals.policy.world import (
    ASK,
    COLD_TEXT,
    KEYS,
    POLICIES,
    SWEEP,
    USDC,
    passed,
    policy,
    rule,
    text,
    usdt,
    verdict,
)


def warned(*rules: str, **more: str) -> str:
    return "\n".join(policy(*rules, **more).warnings)


def test_a_sound_policy_is_not_warned_about():
    assert policy(SWEEP).warnings == ()
    assert load((POLICIES / "closed.toml").read_text()).warnings == ()


@pytest.mark.parametrize("line", ['when.wallet = "w"', 'when.initiator = "i"'])
def test_rules_whose_outcome_a_lying_backend_could_change_are_named(line):
    approving = warned(SWEEP + f"\n{line}")
    assert "rule sweep: it rests on when." in approving
    assert "a lying backend could make it approve" in approving
    for effect in ("ask", "reject"):
        assert "a lying backend could make it match, or not" in warned(rule("r", effect, line))
    assert 'never takes the place of default = "ask"' in warned(rule("r", "ask", line))


@pytest.mark.parametrize("risk", sorted(CLAIMABLE))
def test_risks_that_a_lying_backend_could_hide_are_named(risk):
    said = warned(rule("r", "reject", f'when.flags_any = ["{risk}", "delegatecall"]'))
    surely_seen = risk in ("blind", "unverified")
    assert ("which Cobo's claims show or hide" in said) is not surely_seen
    asking = warned(rule("r", "ask", f'when.flags_any = "{risk}"'))
    assert "it never takes the place of default" in asking


@pytest.mark.parametrize("key", ["to", "from"])
def test_a_bare_evm_address_is_warned_about_where_neither_it_nor_the_rule_names_a_chain(key):
    bare = rule("r", "reject", f'when.{key} = ["{COLD_TEXT}"]')
    assert f"when.{key} holds EVM addresses" in warned(bare)
    assert COLD_TEXT in warned(bare)
    assert warned(bare + '\nwhen.chain = "ETH"') == ""
    assert warned(bare.replace("0x", "ETH:0x")) == ""
    in_a_list = rule("r", "reject", f'when.{key} = "own"')
    assert "holds EVM addresses" in warned(in_a_list, more=f'[lists]\nown = ["{COLD_TEXT}"]')


@pytest.mark.parametrize("effect", ["ask", "reject"])
@pytest.mark.parametrize("key", ["amount_over", "amount_at_most"])
def test_an_amount_without_its_token_is_warned_about_where_it_also_asks_for_others(key, effect):
    bound = rule("big", effect, f'when.{key} = "50000 USDT"')
    assert f"rule big: when.{key} without when.token: " in warned(bound)
    assert "also asks for every other token" in warned(bound)
    asked = verdict(passed(usdt(1, coin=USDC)), SWEEP, bound)
    assert [(each.id, each.answer) for each in asked.rules] == [("big", "unknown")]
    assert warned(bound + '\nwhen.token = "ETH_USDT"') == ""
    assert "without when.token" not in warned(SWEEP)


def test_an_approve_rule_without_bounds_is_warned_about():
    broad = rule("broad", "approve", 'when.type = "key_sign"', 'when.kind = "transfer"')
    assert "without a bound on the amount" in warned(broad)
    assert "whatever the destination" in warned(broad)


def test_an_approve_rule_that_cannot_approve_is_warned_about():
    never = SWEEP.replace('"transfer"', '["transfer", "message"]')
    assert "no rule can approve message: people are asked" in warned(never)
    other = SWEEP.replace('"key_sign"', '["key_sign", "key_share_sign"]')
    assert "no rule can approve key_share_sign" in warned(other)


def test_a_rule_that_names_nothing_is_warned_about():
    assert "it names nothing, and so matches every request" in warned(rule("all", "reject"))


def test_signed_votes_wanted_of_people_without_keys_are_warned_about():
    assert 'strength = "ssh", but chen has no ssh_key' in warned(ask=ASK + 'strength = "ssh"')


def test_a_call_to_people_of_whom_slack_can_mention_nobody_is_warned_about():
    calls = ASK + 'escalate = [{ after = "5m", notify = "on_call" }]'
    assert "on_call" not in warned(ask=calls)
    toml = text(ask=calls)
    key = KEYS["bo"].replace("OBWT", "OBWU")
    for name in ("dee", "eli"):
        toml = toml.replace(f'slack = "U024{name.upper()}"', f'ssh_key = "{key}"')
        key = KEYS["bo"].replace("OBWT", "OBWX")
    (said,) = (each for each in load(toml).warnings if "escalate" in each)
    assert "[ask]: escalate calls on_call, of whom nobody has a slack id" in said


def test_asks_that_nobody_can_meet_without_the_initiator_or_together_are_warned_about():
    three = rule("three", "ask", 'when.type = "key_sign"', _seats("treasury", 3))
    assert "rule three: what ana initiated cannot be approved" in warned(three)
    toml = 'board = ["ana", "bo"]\n'
    two = rule("two", "ask", 'when.type = "key_sign"', _seats("board", 2))
    more = rule("more", "ask", 'when.kind = "message"', _seats("treasury", 2))

    both = load(text(two, more).replace("[groups]\n", f"[groups]\n{toml}"))
    assert "rule two and rule more: where both ask" in "\n".join(both.warnings)


def test_a_warning_about_a_rule_has_its_file_and_line():
    toml = (POLICIES / "full.toml").read_text()
    line = toml[: toml.index('id = "trading-desk"')].count("\n")
    warnings = load(toml, source="house.toml").warnings
    assert any(each.startswith(f"house.toml:{line}: rule trading-desk: ") for each in warnings)


def _seats(group: str, count: int) -> str:
    return f'approvals = [{{ group = "{group}", count = {count} }}]'
