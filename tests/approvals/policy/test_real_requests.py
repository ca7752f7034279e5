"""The same promises on what was really recorded, under rules that are about it."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.chains.tables import SHIPPED
from approvals.findings import Address, Findings, Passed, TokenApproval, Transfer
from approvals.inspect import inspect
from approvals.policy import judge
from approvals.policy.judge import read_rules
from approvals.request import RequestType
from approvals.risks import RISKS
from tests.approvals.policy.test_shelf import plainly_read, unfiled
from tests.approvals.policy.test_unknown_never_loosens import (
    EFFECT_KEYS,
    ON_CALL,
    TWO_SEATS,
    facts_under,
    loaded,
    never_loosens,
)
from tests.approvals.policy.world import NODES, THIEF_TEXT, XPUB, rule
from tests.support.requests import ABSENT, FOLDER, sample

REQUESTS = {path.stem: sample(path.stem) for path in sorted(FOLDER.glob("key*.json"))} | {
    "v1_keysign_eth": sample("v1_keysign_eth"),
    "a claim is absent": sample("keysign_erc20_usdt").with_transaction("token_id", ABSENT),
    "a key of the detail is unknown": sample("keygen_secp256k1").with_detail("extra", 1),
    "an outer field is unknown": sample("keyreshare_secp256k1").with_outer(surplus='{"x":1}'),
}
NAMES = list(REQUESTS)
RULES = [
    ('when.type = "key_sign"', 'when.kind = ["transfer", "token_approval"]'),
    ('when.type = ["key_gen", "key_reshare"]', "when.threshold_at_least = 2"),
]
"""What a rule must say that approves a signature, or a key; the nodes apart."""


@cache
def findings_of(name: str) -> Findings:
    return inspect(REQUESTS[name].request, SHIPPED)


@cache
def words_of(name: str) -> dict[str, tuple[str, ...]]:
    """For every matcher a value that this request has, where it has one, and others."""
    findings = findings_of(name)
    claims, keys, chain = findings.claims, findings.keys, findings.chain or "ETH"
    own: dict[str, str | None] = {
        "type": RequestType(findings.type).label,
        "chain": findings.chain,
        "from": listed(chain, findings.source),
        "wallet": claims.wallet_name,
        "vault": claims.vault_id,
        "initiator": claims.initiator,
        "initiator_type": claims.initiator_type,
        "category": next(iter(claims.categories), None),
        "curve": None if keys is None else keys.curve,
        "root_pub_key": None if keys is None else keys.root_pub_key,
    }
    for effect in findings.effects:
        own["kind"] = effect.kind
        if isinstance(effect, Transfer | TokenApproval):
            to = effect.to if isinstance(effect, Transfer) else effect.spender
            contract = effect.asset.contract
            own |= {"to": listed(chain, to), "token": effect.asset.token_id}
            own |= {"contract": listed(chain, contract)}
            own |= {"method": effect.selector or None}
    odd = {
        "type": '["key_sign", "key_gen"]',
        "kind": '["blind", "message"]',
        "chain": '"MNT"',
        "token": '["ETH_USDC", "TRON_USDT", "SOL_USDC", "BTC"]',
        "to": f'["{THIEF_TEXT}"]',
        "from": f'["ETH:{THIEF_TEXT}"]',
        "contract": f'["ETH:{THIEF_TEXT}"]',
        "method": '"approve"',
        "wallet": '"other"',
        "vault": '"other"',
        "initiator": '"somebody"',
        "initiator_type": '"Web"',
        "category": '"payroll"',
        "curve": '"ed25519"',
        "root_pub_key": f'"{XPUB}"',
    }
    nodes = [*(keys.node_ids if keys else ())] or [*NODES]
    words = {
        key: (quoted(own[key]) if own.get(key) else value, value) for key, value in odd.items()
    }
    amounts = ('"1 ETH"', '"5000 USDT"', '"5000 USDC"', '"0.001 BTC"', '"100 TRON_USDT"', '"1 SOL"')
    return words | {
        "amount_at_most": amounts,
        "amount_over": amounts,
        "fee_at_most": ('"1 ETH"', '"0 ETH"', '"100 TRX"', '"0.01 BTC"', '"1 SOL"'),
        "nodes": (str(nodes), str(nodes[:1])),
        "threshold_at_least": ("1", "2", "3"),
    }


def listed(chain: str, address: Address | None) -> str | None:
    return f'["{chain}:{address.text}"]' if address else None


def quoted(text: Any) -> str:
    return text if text.startswith("[") else f'"{text}"'


@st.composite
def policies(draw: st.DrawFn, name: str) -> tuple[list[str], str]:
    """One rule that may approve it, and a few of any effect."""
    words = words_of(name)

    def lines(keys: set[str]) -> list[str]:
        return [f"when.{key} = {draw(st.sampled_from(words[key]))}" for key in sorted(keys)]

    signs = findings_of(name).type == RequestType.KEY_SIGN
    others = sorted(set(words) - {"type", "kind", "threshold_at_least", "nodes"})
    more = [key for key in others if signs or key not in EFFECT_KEYS]
    chosen = draw(st.sets(st.sampled_from(more), max_size=2))
    pins = RULES[0] if signs else (*RULES[1], f"when.nodes = {words['nodes'][0]}")
    toml = [rule("yes", "approve", *pins, *lines(chosen))]
    for number in range(draw(st.integers(0, 2))):
        effect = draw(st.sampled_from(["ask", "reject"]))
        said = lines(draw(st.sets(st.sampled_from(sorted(words)), max_size=2)))
        if draw(st.booleans()):
            flags = draw(st.lists(st.sampled_from(RISKS), min_size=1, max_size=3))
            said.append(f"when.flags_any = {flags}")
        if effect == "ask":
            said.append(f"approvals = [{draw(st.sampled_from([TWO_SEATS, ON_CALL]))}]")
        toml.append(rule(f"r{number}", effect, *said))
    return toml, draw(st.sampled_from(["ask", "reject"]))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8)
@given(data=st.data())
def test_what_was_recorded_is_judged_alike_by_index_and_one_by_one(name, data):
    rulebook, findings = loaded(data.draw(policies(name))), findings_of(name)
    facts = facts_under(rulebook, findings)
    found = {(each.rule.id, int(each.answer)) for each in read_rules(facts, rulebook)}
    assert found == plainly_read(facts, rulebook)
    verdict = judge(findings, rulebook)
    assert verdict == judge(findings, unfiled(rulebook))
    if verdict.effect == "approve":
        assert findings.integrity == Passed() or (findings.keys and findings.keys.agreed)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8)
@given(data=st.data())
def test_forgetting_any_fact_of_what_was_recorded_never_loosens_its_verdict(name, data):
    never_loosens(data.draw(policies(name)), findings_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_that_names_all_that_was_recorded_approves_it_where_a_rule_may(name):
    """So that the promises above are about requests that can be approved."""
    words, findings = words_of(name), findings_of(name)
    signs = findings.type == RequestType.KEY_SIGN
    keys = {"type", "curve"} | ({"kind", "token", "to"} if signs else {"nodes"})
    fee = findings.fee.asset.token_id if findings.fee else "ETH"
    lines = [f"when.{key} = {words[key][0]}" for key in sorted(keys)]
    lines += [f'when.fee_at_most = "1000 {fee}"'] if signs else ["when.threshold_at_least = 2"]
    agreed = findings.keys is not None and findings.keys.agreed
    passed = findings.integrity == Passed() and findings.fee is not None
    verdict = judge(findings, loaded(([rule("all", "approve", *lines)], "reject")))
    assert verdict.effect == ("approve" if passed or agreed else "reject")
