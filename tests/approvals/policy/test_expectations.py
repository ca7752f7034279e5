"""`[[test]]`: what a policy's author expects is written down exactly, and compared exactly."""

import pytest

from approvals.policy import judge
from approvals.policy.expectations import unmet
from tests.approvals.policy.world import (
    SWEEP,
    THIEF,
    mistakes,
    passed,
    policy,
    rule,
    text,
    undecoded,
    usdt,
)

BIG = rule("big", "ask", 'when.token = "ETH_USDT"', 'when.amount_over = "10 USDT"')
NEVER = rule("never", "reject", 'when.amount_over = "1000 USDT"', 'when.token = "ETH_USDT"')


def case(*lines: str) -> str:
    return "\n".join(["[[test]]", *lines])


def found(findings, *lines: str) -> str | None:
    """What is wrong with the one test of this policy."""
    rulebook = policy(SWEEP, BIG, NEVER, case('given = "a.json"', *lines))
    (test,) = rulebook.tests
    mistake = unmet(test, judge(findings, rulebook), rulebook.source)
    return None if mistake is None else mistake.sentence


@pytest.mark.parametrize(
    ("lines", "verdict", "rule_id"),
    [
        (['expect = "approve"'], "approve", None),
        (['expect = "reject"', 'rule = "never"'], "reject", "never"),
        (['expect = { verdict = "ask", rule = "big" }'], "ask", "big"),
        (['expect.verdict = "ask"'], "ask", None),
        (['expect.verdict = "ask"', 'expect.rule = "big"'], "ask", "big"),
    ],
)
def test_an_expectation_is_a_word_or_a_table(lines, verdict, rule_id):
    (test,) = policy(SWEEP, BIG, NEVER, case('given = "dir/a.json"', *lines)).tests
    assert (test.given, test.verdict, test.rule, test.node) == (
        "dir/a.json",
        verdict,
        rule_id,
        None,
    )


def test_a_test_may_name_the_node_that_asks():
    (test,) = policy(case('given = "a"', 'expect = "ask"', 'node = "node-2"')).tests
    assert test.node == "node-2"


@pytest.mark.parametrize(
    ("lines", "key", "word"),
    [
        (['expect = "ask"'], "test[1].given", "nothing"),
        (['given = "a"'], "test[1].expect", "nothing"),
        (['given = ""', 'expect = "ask"'], "test[1].given", "the file of a request"),
        (["given = 1", 'expect = "ask"'], "test[1].given", "the file of a request"),
        (['given = "a\\u0000"', 'expect = "ask"'], "test[1].given", "the file of a request"),
        (['given = "a"', 'expect = "Ask"'], "test[1].expect", '"approve", "ask" or "reject"'),
        (['given = "a"', "expect = {}"], "test[1].expect.verdict", "nothing"),
        (['given = "a"', 'expect.verdict = "no"'], "test[1].expect.verdict", '"reject"'),
        (['given = "a"', 'expect = "ask"', 'rule = "x"'], "test[1].rule", "the id of a rule"),
        (
            ['given = "a"', 'expect = { verdict = "ask", rule = "x" }'],
            "test[1].expect.rule",
            "the id of a rule",
        ),
        (
            ['given = "a"', 'expect.verdict = "ask"', 'rule = "big"'],
            "test[1].rule",
            "no such key",
        ),
        (['given = "a"', 'expect = "ask"', 'rules = "big"'], "test[1].rules", "no such key"),
        (['given = "a"', 'expect = "ask"', 'node = ""'], "test[1].node", "the name of a node"),
    ],
)
def test_a_test_that_says_something_else_is_a_mistake(lines, key, word):
    (said,) = mistakes(text(BIG, case(*lines)))
    assert f"{key}: found " in said
    assert word in said


def test_a_test_may_name_a_rule_that_has_a_mistake_of_its_own():
    broken = BIG.replace('"ETH_USDT"', '"NOPE"')
    (said,) = mistakes(text(broken, case('given = "a"', 'expect = "ask"', 'rule = "big"')))
    assert "when.token" in said


@pytest.mark.parametrize(
    ("findings", "lines"),
    [
        (passed(usdt(5)), ['expect = "approve"', 'rule = "sweep"']),
        (passed(usdt(5, THIEF)), ['expect = "ask"']),
        (passed(usdt(500)), ['expect = "ask"', 'rule = "big"']),
        (undecoded(), ['expect = "ask"', 'rule = "never"']),
        (passed(usdt(5_000)), ['expect = "reject"', 'rule = "never"']),
    ],
)
def test_what_the_rules_say_is_what_is_expected(findings, lines):
    assert found(findings, *lines) is None


@pytest.mark.parametrize(
    ("findings", "lines", "says", "expected"),
    [
        (passed(usdt(5)), ['expect = "ask"'], "approve, by sweep", "ask"),
        (
            passed(usdt(500)),
            ['expect = "ask"', 'rule = "never"'],
            "ask 1 of treasury, within 30 min (by big)",
            "ask, by never",
        ),
        (
            passed(usdt(5, THIEF)),
            ['expect = "approve"'],
            "ask 1 of treasury, within 30 min (by default)",
            "approve",
        ),
        (
            passed(usdt(5_000)),
            ['expect.verdict = "reject"', 'expect.rule = "big"'],
            "reject, rule: refused by rule never",
            "reject, by big",
        ),
    ],
)
def test_what_they_say_instead_is_told_with_file_and_line(findings, lines, says, expected):
    said = found(findings, *lines)
    rows = text(SWEEP, BIG, NEVER, case('given = "a.json"', *lines)).splitlines()
    line = max(n for n, row in enumerate(rows, 1) if row.startswith("expect") and "rule" not in row)
    where = f"policy.toml:{line}: test[1].expect: "
    assert said == f"{where}found {says}; expected {expected}, for a.json"
