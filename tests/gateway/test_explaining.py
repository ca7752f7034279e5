"""`policy explain` leads from the bytes of a request to the verdict, for people and machines."""

import json
from dataclasses import replace
from typing import Any

import pytest

from approvals.findings import Note, Reason, Refused
from approvals.inspect.seen import Span
from approvals.policy import explain, judge
from approvals.risks import Flag
from gateway.oncall import tree
from gateway.oncall.tree import Branch, indented, print_trees
from gateway.rules.explaining import Explanation, as_json, explanation_of
from gateway.rules.explaining_page import as_trees
from tests.approvals.policy.world import (
    SWEEP,
    THIEF,
    XPUB,
    ceremony,
    passed,
    policy,
    undecoded,
    usdt,
)
from tests.support.requests import ABSENT, FOLDER, Sample, sample

SAMPLES = sorted(path.stem for path in FOLDER.glob("*key*.json"))
RAW = bytes(range(100))
SPANS = (
    Span(0, 1, "Type", "2"),
    Span(1, 100, "Calldata", "99 bytes"),
    Span(1, 5, "Selector", "\x1b[31mred", depth=1),
    Span(5, 100, "Word", "0", depth=1),
    Span(100, 100, "Nothing", "empty"),
)


def told(**changes: Any) -> Explanation:
    """An explanation whose parts are as given: the request is one without a transaction."""
    plain = explanation_of(sample("keygen_secp256k1").request, policy(SWEEP))
    return replace(plain, **changes)


def of_sample(request: Sample) -> Explanation:
    return explanation_of(request.request, policy(SWEEP))


def lines(explanation: Explanation) -> list[str]:
    return [line for each in as_trees(explanation) for line in indented(each)]


def explained(findings, *rules: str) -> Explanation:
    rulebook = policy(*rules)
    verdict, said = judge(findings, rulebook), explain(findings, rulebook)
    return told(policy=rulebook, findings=findings, verdict=verdict, rules=said)


def test_the_whole_way_is_told_in_order():
    said = lines(explained(passed(usdt(60_000), usdt(5, THIEF)), SWEEP))
    assert said[0].startswith("Send 60,000 USDT -> ")
    assert said[1] == "checks: passed"
    heads = [line for line in said if not line.startswith(" ")][2:]
    assert heads == [
        "what it does, from the bytes that are signed:",
        "Cobo says:",
        "rules:",
        "verdict: ask 1 of treasury, within 30 min",
    ]
    assert said[-4:-1] == [
        "  rule sweep (approve): no",
        "    amount_at_most: no (effect 1)",
        "    to: no (effect 2)",
    ]


def test_each_effect_has_its_own_facts():
    said = lines(explained(passed(usdt(60_000), usdt(5, THIEF))))
    first, second = said.index("  effect 1: transfer"), said.index("  effect 2: transfer")
    assert "    Amount: 60,000 USDT" in said[first:second]
    assert f"    To: {THIEF.text}" in said[second:]
    assert "  Fee at most: 0.001 ETH" in said
    assert not any("possibly more" in line for line in said)
    assert any("possibly more" in line for line in lines(explained(undecoded(usdt(5)))))


def test_a_refusal_gives_every_reason_with_its_check_and_no_rule_is_read():
    reasons = (Reason(10, "The hash is another one."), Reason(12, "The amount differs."))
    refused = replace(
        passed(usdt(5)), integrity=Refused("contradiction", reasons), hashes=("0xab",)
    )
    said = lines(explained(refused, SWEEP))
    assert said[1:5] == [
        "checks: refused, contradiction",
        "  check 10: The hash is another one.",
        "  check 12: The amount differs.",
        "  to be signed: 0xab",
    ]
    assert "rules:" not in said
    sentence = "The hash is another one; The amount differs."
    assert said[-1] == f"verdict: reject, contradiction: {sentence}"


def test_only_a_few_of_many_hashes_are_listed():
    many = replace(passed(usdt(5)), hashes=tuple(f"0x{n:064x}" for n in range(30)))
    said = lines(explained(many))
    assert sum(line.startswith("  to be signed: ") for line in said) == 8
    assert "  and 22 more hashes" in said


def test_bytes_stand_beside_what_they_say_and_inside_one_another():
    said = lines(told(raw=RAW, spans=SPANS))
    start = said.index("unsigned_raw_tx, 100 bytes:")
    assert said[start + 1 : start + 6] == [
        "  [0..1] 00  Type: 2",
        "  [1..100] 0102030405060708…60616263  Calldata: 99 bytes",
        "    [1..5] 01020304  Selector: [31mred",
        "    [5..100] 05060708090a0b0c…60616263  Word: 0",
        "  [100..100]  Nothing: empty",
    ]


def test_what_is_wrong_comes_first_and_claims_stand_apart():
    findings = replace(
        passed(usdt(5)),
        flags=(Flag("owner_change", "bad"), Flag("replacement", "maybe", proved=False)),
        notes=(Note("Nonce", "7"), Note("Memo", "hi", proved=False)),
    )
    said = lines(explained(findings))
    seen = said.index("what it does, from the bytes that are signed:")
    claimed = said.index("Cobo says:")
    assert said[seen + 1] == "  owner_change: bad"
    assert said[seen + 2] == "  replacement: maybe (Cobo says)"
    assert seen < said.index("  Nonce: 7") < claimed < said.index("  Memo: hi")
    assert claimed < said.index("  Initiator: desk-bot (API)")


def test_a_key_is_told_with_its_nodes():
    said = lines(explained(ceremony(3)))
    assert "    curve: secp256k1" in said
    assert "    threshold: 2" in said
    assert f"    root: {XPUB}" in said
    assert sum(line.startswith("    node: cobo") for line in said) == 3


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_said_twice_in_one_part(name):
    for part in as_trees(of_sample(sample(name))):
        said = list(indented(part))
        if part.text not in ("rules:", "checks: not verified"):
            assert len(set(said)) == len(said), part.text


@pytest.mark.parametrize("name", ["keygen_ed25519", "keyreshare_secp256k1", "keysharesign_type5"])
def test_each_node_and_the_root_of_a_key_stand_once_among_what_it_does(name):
    told = of_sample(sample(name))
    part = next(tree for tree in as_trees(told) if "from request_detail" in tree.text)
    said = [line for line in indented(part) if "Lends" not in line and "owner_change" not in line]
    keys = told.findings.keys
    assert keys is not None
    for value in filter(None, (keys.root_pub_key, *keys.node_ids)):
        assert sum(value in line for line in said) == 1, value


def test_a_message_is_laid_open_in_place_of_bytes():
    permit = sample("keysign_eip712_permit")
    told = of_sample(permit)
    said = lines(told)
    start = said.index("the message, which is signed:")
    assert said[start + 1] == f"  Signing hash: {told.findings.hashes[0]}"
    assert "  domain.chainId (uint256): 1" in said[start:]
    assert "  message.value (uint256): 5000000000" in said[start:]
    assert {"label": "message.value (uint256)", "text": "5000000000"} in as_json(told)["message"]
    assert told.spans == ()


def test_a_message_whose_hash_is_another_is_not_said_to_be_signed():
    other = sample("keysign_eip191").with_detail("msg_hash_list", ["0x" + "ab" * 32])
    said = lines(of_sample(other))
    assert "the message, as Cobo states it: not proved to be what is signed:" in said
    assert "the message, which is signed:" not in said


def test_what_has_bytes_or_is_a_bare_hash_has_no_message():
    for name in ("keysign_erc20_usdt", "keysign_raw_message_hash", "keygen_secp256k1"):
        told = of_sample(sample(name))
        assert as_json(told)["message"] == []
        assert not any(line.startswith("the message") for line in lines(told))


@pytest.mark.parametrize("chain", ["NOT_A_CHAIN", ABSENT, "BTC", "SOL"])
@pytest.mark.parametrize("name", ["keysign_erc20_usdt", "keysign_tron_trx"])
def test_bytes_are_laid_open_whatever_chain_is_claimed(name, chain):
    plain = of_sample(sample(name))
    told = of_sample(sample(name).with_transaction("chain_id", chain))
    assert plain.spans
    assert (told.raw, told.spans) == (plain.raw, plain.spans)


def test_bytes_of_another_hash_are_read_as_the_claimed_chain_writes_them():
    plain = of_sample(sample("keysign_erc20_usdt"))
    other = sample("keysign_erc20_usdt").with_detail("msg_hash_list", ["0x" + "ab" * 32])
    assert of_sample(other).spans == plain.spans


def test_a_yes_names_what_agreed_and_why_the_rule_is_there():
    narrow = SWEEP + '\nwhen.wallet = "w-1"'
    said = lines(explained(passed(usdt(5)), narrow))
    start = said.index("  rule sweep (approve): yes")
    assert said[start + 1] == "    why: why sweep"
    assert said[start + 2].startswith("    all say yes: type, (every check passed), ")
    assert said[start + 2].endswith(", wallet (Cobo says)")


def test_an_unknown_names_what_it_cannot_tell_of_and_what_cobo_says():
    claim = '[[rule]]\nid = "c"\nwhy = "w"\neffect = "reject"\nwhen.wallet = "x"'
    said = lines(explained(undecoded(), claim))
    start = said.index("  rule c (reject): unknown")
    assert said[start + 1 : start + 3] == ["    why: w", "    wallet: unknown (Cobo says)"]


def test_machines_read_the_same():
    findings = replace(passed(usdt(60_000)), flags=(Flag("blind", "x"),))
    document = as_json(replace(explained(findings, SWEEP), raw=RAW, spans=SPANS))
    assert json.loads(json.dumps(document)) == document
    assert list(document) == [
        *("checks", "reasons", "findings", "bytes", "message", "rules", "verdict", "sentence"),
    ]
    assert (document["checks"], document["reasons"]) == ("passed", [])
    assert document["sentence"] == "ask 1 of treasury, within 30 min"
    assert document["bytes"][0] == {
        "start": 0,
        "end": 1,
        "label": "Type",
        "value": "2",
        "depth": 0,
        "hex": "00",
    }
    (sweep,) = document["rules"]
    assert list(sweep) == ["id", "why", "effect", "answer", "deciders", "matchers"]
    assert sweep["deciders"] == [{"key": "amount_at_most", "answer": "no", "of": "effect 1"}]
    assert {"key": "to", "answer": "yes", "proved": True} in sweep["matchers"]
    unverified = as_json(explained(undecoded(), SWEEP))
    assert unverified["checks"] == "unverified"
    assert unverified["reasons"] == [{"check": 3, "text": "not understood"}]


def test_a_terminal_gets_branches_in_eighty_columns(monkeypatch, capsys):
    monkeypatch.setattr(tree, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    root = Branch("root", tone="head")
    root.add("[red]no markup[/red] " + "long words " * 20).add("leaf")
    print_trees([root])
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 80
    assert len(shown) > 3
    assert "[red]no markup[/red]" in shown[1]
    assert shown[1].startswith("└── ")


def test_a_pipe_gets_whole_lines(capsys):
    root = Branch("root")
    root.add("x" * 300).add("leaf")
    print_trees([root])
    assert capsys.readouterr().out.splitlines() == ["root", f"  {'x' * 300}", "    leaf"]
