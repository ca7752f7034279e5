"""`[[test]]`: requests whose verdicts the author of a policy expects."""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from approvals.model import Cause, Verdict
from approvals.policy.mistakes import Mistake, Wrong, shown
from approvals.policy.model import RuleEffect, Test
from approvals.policy.reading import Table, one_of
from approvals.policy.spoken import spoken

_GIVEN: Final = "the file of a request, relative to this one"
_VERDICT: Final = ("approve", "ask", "reject")
_EXPECT: Final = '"approve", "ask" or "reject", or a table with a verdict and a rule'


def read_tests(tables: Sequence[Table], rules: Sequence[Any]) -> tuple[Test, ...]:
    """Every test; a rule that it names is one of the file's, of which these are the ids."""
    tests = (_read_test(number, table, rules) for number, table in enumerate(tables, start=1))
    return tuple(test for test in tests if test is not None)


def unmet(test: Test, verdict: Verdict, source: str) -> Mistake | None:
    """What is wrong where the rules do not say what the test expects."""
    decided = _decided(verdict)
    if verdict.effect == test.verdict and (test.rule is None or test.rule in decided):
        return None
    expected = test.verdict if test.rule is None else f"{test.verdict}, by {test.rule}"
    found = spoken(verdict)
    if verdict.effect == "ask":
        found += f" (by {', '.join(decided) or 'default'})"
    key = f"test[{test.number}].expect"
    return Mistake(source, test.expect_line, key, found, f"{expected}, for {test.given}")


def unreadable(test: Test, why: str, source: str) -> Mistake:
    """What is wrong where the file of a request cannot be used."""
    found = f"{shown(test.given)}, {why}"
    return Mistake(source, test.given_line, f"test[{test.number}].given", found, _GIVEN)


def _decided(verdict: Verdict) -> tuple[str, ...]:
    """The rules that brought the verdict about: of a refusal by rules, those that refuse."""
    refused = verdict.effect == "reject" and verdict.cause is Cause.RULE
    return tuple(
        rule.id
        for rule in verdict.rules
        if not refused or (rule.effect, rule.answer) == ("reject", "yes")
    )


def _read_test(number: int, table: Table, rules: Sequence[Any]) -> Test | None:
    given = table.read("given", _text(_GIVEN), required=_GIVEN)
    node = table.read("node", _text("the name of a node"))
    verdict, below = _read_expectation(table)
    rule = below.read("rule", _one_of_the(rules))
    if below is not table:
        below.done()
    table.done()
    if given is None or verdict is None:
        return None
    return Test(
        number=number,
        given=given,
        given_line=table.notes.lines.line((*table.path, "given")),
        node=node,
        verdict=cast("RuleEffect", verdict),
        rule=rule,
        expect_line=table.notes.lines.line((*table.path, "expect")),
    )


def _read_expectation(table: Table) -> tuple[str | None, Table]:
    """The verdict, and the table in which a rule may be named beside it."""
    if isinstance(table.values.get("expect"), dict):
        below = table.table("expect")
        if below is not None:
            form = one_of(*_VERDICT)
            return below.read("verdict", form, required='"approve", "ask" or "reject"'), below
    return table.read("expect", _a_verdict, required=_EXPECT), table


def _a_verdict(value: Any) -> str:
    if type(value) is not str or value not in _VERDICT:
        raise Wrong(_EXPECT)
    return value


def _one_of_the(rules: Sequence[Any]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if type(value) is not str or value not in rules:
            raise Wrong("the id of a rule of this file")
        return value

    return parse


def _text(expected: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if type(value) is not str or not value.strip() or not value.isprintable():
            raise Wrong(expected)
        return value

    return parse
