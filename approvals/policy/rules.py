"""`[[rule]]`: what a rule must say, and what its effect forbids it to say."""

from collections.abc import Sequence
from typing import Any, Final, cast

from approvals.policy.approving import check_approval
from approvals.policy.lists import Vocabulary
from approvals.policy.mistakes import Wrong, shown
from approvals.policy.model import Rule, RuleEffect
from approvals.policy.people import NAME
from approvals.policy.reading import Table, one_of, text
from approvals.policy.seats import Voters, read_terms
from approvals.policy.terms import Terms
from approvals.policy.whens import When, read_when, with_default_fee
from approvals.request import RequestType

_ID_FORM: Final = "an id of 1 to 64 letters, digits, dots, dashes and underscores"
_LONGEST_WHY: Final = 300
_WHY_FORM: Final = f"a sentence for people, on one line of at most {_LONGEST_WHY} characters"
_OF_AN_ASK: Final = ("approvals", "within", "strength", "reason", "escalate")


def read_rules(
    tables: Sequence[Table], words: Vocabulary, voters: Voters, ask: Terms | None
) -> tuple[Rule, ...]:
    """All rules; ids are unique, because verdicts and people name rules by them."""
    rules: list[Rule] = []
    first_lines: dict[str, int] = {}
    for table in tables:
        rule = _read_rule(table, words, voters, ask)
        name = table.values.get("id")
        if type(name) is str:
            line = first_lines.setdefault(name, table.line())
            if line != table.line():
                table.wrong("id", f"{shown(name)}, as on line {line}", "an id of its own")
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


def _read_rule(table: Table, words: Vocabulary, voters: Voters, ask: Terms | None) -> Rule | None:
    name = table.read("id", text(NAME, _ID_FORM), required=_ID_FORM)
    why = table.read("why", _sentence, required=_WHY_FORM)
    parse_effect = one_of("approve", "ask", "reject")
    effect = table.read("effect", parse_effect, required='"approve", "ask" or "reject"')
    below = table.table("when")
    when = When() if below is None else read_when(below, words)
    terms = _terms(table, effect, voters, ask)
    table.done()
    if effect == "approve":
        check_approval(table, when.types)
        if when.types is None or RequestType.KEY_SIGN in when.types:
            when = with_default_fee(when, words.tables)
    if name is None or why is None or effect is None:
        return None
    return Rule(
        id=name,
        why=why,
        effect=cast("RuleEffect", effect),
        line=table.line(),
        types=when.types,
        on_effects=when.on_effects,
        on_keys=when.on_keys,
        flags=when.flags,
        on_claims=when.on_claims,
        terms=terms,
    )


def _terms(table: Table, effect: str | None, voters: Voters, ask: Terms | None) -> Terms | None:
    """Only an ask has terms: on another effect they would be read as a demand, and be none."""
    if effect in ("ask", None):
        return read_terms(table, voters, ask, whole=False)
    for key in _OF_AN_ASK:
        table.asked.append(key)
        if key in table.values:
            table.wrong(key, shown(table.values[key]), f"no {key}: only an ask has one")
    return None


def _sentence(value: Any) -> str:
    if type(value) is not str or not value.strip() or len(value) > _LONGEST_WHY:
        raise Wrong(_WHY_FORM)
    if not value.isprintable():
        raise Wrong(_WHY_FORM)
    return value
