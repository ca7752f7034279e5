"""TOML text to a policy: compiled once, or refused with every mistake and its line."""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, cast

from approvals.chains.tables import SHIPPED
from approvals.electorate import Electorate, Person
from approvals.policy.contracts import Read, no_files, read_contracts
from approvals.policy.expectations import read_tests
from approvals.policy.facts import folded
from approvals.policy.lists import read_lists
from approvals.policy.mistakes import Mistake, PolicyError
from approvals.policy.model import Default, Policy, Rule, RulesOfType
from approvals.policy.people import read_groups, read_people
from approvals.policy.positions import find_lines
from approvals.policy.reading import Notes, Table, one_of
from approvals.policy.rules import read_rules
from approvals.policy.seats import Voters, read_override, read_terms
from approvals.policy.shelf import shelved
from approvals.policy.tables import read_tables
from approvals.policy.terms import Terms
from approvals.policy.warn import warnings
from approvals.request import RequestType

_on_effects: Final = attrgetter("on_effects")
_SYNTAX_AT: Final = re.compile(r" \(at line ([0-9]+), column [0-9]+\)$")


def load(text: str, *, source: str = "policy.toml", read: Read = no_files) -> Policy:
    """Compile a policy; raises PolicyError with all mistakes. `source` is how they name the file.

    `read` opens the files that a policy names; where it is left out, naming one is a mistake.

    1. TOML. 2. People, groups, who may override. 3. Chains, tokens, contracts beside the shipped
    ones. 4. Lists. 5. The default, what an ask demands. 6. The rules. 7. The tests, which are
    not run here. 8. Nothing else is in the file.
    """
    values = _parse(text, source)  # 1
    root = Table(Notes(source, find_lines(text)), (), values)
    people = read_people(root)  # 2
    groups = read_groups(root, people)
    instead = root.table("override")
    override = None if instead is None else read_override(instead, people, groups)
    electorate = Electorate(
        hashlib.sha256(text.encode()).hexdigest(),
        MappingProxyType(people),
        MappingProxyType(groups),
        override,
    )
    voters = Voters(people, groups, {group: electorate.called(group) for group in groups})
    tables = read_contracts(root, read_tables(root, SHIPPED), read)  # 3
    words = read_lists(root, tables)  # 4
    default = cast("Default", root.read("default", one_of("ask", "reject")) or "ask")  # 5
    below = root.table("ask")
    ask = None if below is None else _read_ask(below, voters)
    tables_of_rules = root.tables("rule")
    rules = read_rules(tables_of_rules, words, voters, ask)  # 6
    _demand_ask(root, default)
    named = [table.values.get("id") for table in tables_of_rules]
    tests = read_tests(root.tables("test"), named)  # 7
    root.done()  # 8
    if root.notes.mistakes:
        raise PolicyError(root.notes.mistakes)
    policy = Policy(
        digest=electorate.policy,
        source=source,
        electorate=electorate,
        tables=tables,
        lists=MappingProxyType(dict(words.lists)),
        nodes=MappingProxyType(dict(words.nodes)),
        rules=rules,
        default=default,
        ask=ask,
        by_type=_by_type(rules),
        initiators=_initiators(people),
        tests=tests,
    )
    return replace(policy, warnings=warnings(policy))


def _parse(text: str, source: str) -> Mapping[str, Any]:
    """TOML or one mistake, with its line where the parser says it."""
    try:
        text.encode()
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _SYNTAX_AT.search(str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        why = _SYNTAX_AT.sub("", str(error)).removesuffix(" (at end of document)")
        found = f"text that is no TOML ({why})"
    except UnicodeEncodeError as error:
        line, found = text.count("\n", 0, error.start) + 1, "a lone surrogate"
    except (RecursionError, ValueError):
        line, found = 1, "nesting or numbers beyond reason"
    raise PolicyError([Mistake(source, line, "", found, "TOML")])


def _read_ask(table: Table, voters: Voters) -> Terms | None:
    terms = read_terms(table, voters, None, whole=True)
    table.done()
    return terms


def _demand_ask(root: Table, default: Default) -> None:
    """Whatever may ask without seats of its own needs somebody to ask."""
    if "ask" in root.values:
        return
    rules = root.values.get("rule")
    said = [each for each in rules if isinstance(each, dict)] if isinstance(rules, list) else []
    if default == "ask":
        reason = "the default asks people"
    elif any(each.get("effect") == "reject" for each in said):
        reason = "a reject rule asks people when it cannot tell"
    elif any(each.get("effect") == "ask" and "approvals" not in each for each in said):
        reason = "an ask rule has no approvals of its own"
    else:
        return
    root.wrong("ask", "nothing", f"[ask] with approvals: {reason}")


def _by_type(rules: Sequence[Rule]) -> Mapping[RequestType, RulesOfType]:
    return MappingProxyType({kind: _rules_of(kind, rules) for kind in RequestType})


def _rules_of(kind: RequestType, rules: Sequence[Rule]) -> RulesOfType:
    mine = [rule for rule in rules if rule.types is None or kind in rule.types]
    return RulesOfType(
        approving=shelved([rule for rule in mine if rule.effect == "approve"], _on_effects),
        restricting=shelved([rule for rule in mine if rule.effect != "approve"], _on_effects),
    )


def _initiators(people: Mapping[str, Person]) -> Mapping[str, tuple[str, ...]]:
    """Several people may share an initiator, such as an API key: all of them are barred."""
    names: dict[str, tuple[str, ...]] = {}
    for person in people.values():
        for alias in sorted({folded(each) or "" for each in person.initiates_as}):
            names[alias] = (*names.get(alias, ()), person.name)
    return MappingProxyType(names)
