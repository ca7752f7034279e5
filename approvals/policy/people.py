"""`[people]` and `[groups]`: who may vote, known by Slack user id and SSH key, never by name."""

import re
from collections.abc import Mapping
from typing import Any, Final

from approvals.electorate import Person
from approvals.policy.facts import folded
from approvals.policy.mistakes import Wrong, shown
from approvals.policy.reading import Table, text, texts
from keys.ssh import BadSshKey, fingerprint, parse_public_key

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_FORM: Final = "a name of letters, digits, dots, dashes and underscores"
SLACK_USER: Final = re.compile(r"[UW][A-Z0-9]{1,63}")


def read_people(root: Table) -> dict[str, Person]:
    """Every `[people.NAME]`; two people must not share a Slack id or a key."""
    people: dict[str, Person] = {}
    section = root.table("people")
    for name, table in named_tables(section):
        people[name] = Person(
            name=name,
            slack=table.read("slack", text(SLACK_USER, 'a Slack user id, such as "U024ANA"')),
            ssh_line=(line := table.read("ssh_key", _ssh_line)),
            ssh_key=None if line is None else fingerprint(parse_public_key(line)),
            initiates_as=table.read("initiates_as", _initiators) or (),
        )
        table.done()
    if section is not None:
        _refuse_twins(section, people)
    return people


def read_groups(root: Table, people: Mapping[str, Person]) -> dict[str, tuple[str, ...]]:
    """Every group of `[groups]`: known, distinct people who can vote, at least one."""
    groups: dict[str, tuple[str, ...]] = {}
    section = root.table("groups")
    for name in section.values if section else ():
        members = section.read(name, texts) if section else None
        if section is None or members is None:
            continue
        for problem in _group_problems(name, members, people):
            section.wrong(name, *problem)
        groups[name] = members
    return groups


def named_tables(section: Table | None) -> list[tuple[str, Table]]:
    """The tables `[section.NAME]`, each with its name."""
    found = []
    for name in section.values if section else ():
        if section is not None and (table := section.table(name)) is not None:
            if not NAME.fullmatch(name):
                section.wrong(name, shown(name), NAME_FORM)
            found.append((name, table))
    return found


def _group_problems(
    name: str, members: tuple[str, ...], people: Mapping[str, Person]
) -> list[tuple[str, str]]:
    problems = []
    if not NAME.fullmatch(name):
        problems.append((shown(name), NAME_FORM))
    for member in sorted(set(members), key=members.index):
        person = people.get(member)
        if person is None:
            problems.append((shown(member), f"a person, with a table [people.{member}]"))
        elif person.slack is None and person.ssh_key is None:
            problems.append((shown(member), "a person with slack or ssh_key, who can vote"))
        if members.count(member) > 1:
            problems.append((f"{shown(member)} twice", "each person once"))
    return problems


def _refuse_twins(section: Table, people: Mapping[str, Person]) -> None:
    """One Slack id or key is one vote: two names for it would be two."""
    for key, attribute in (("slack", "slack"), ("ssh_key", "ssh_key")):
        owners: dict[str, str] = {}
        for person in people.values():
            identity = getattr(person, attribute)
            if identity is None:
                continue
            first = owners.setdefault(identity, person.name)
            if first != person.name:
                table = Table(section.notes, (*section.path, person.name), {})
                table.wrong(key, f"the {key} of {first}", "one person for each Slack id and key")


def _ssh_line(value: Any) -> str:
    expected = 'an SSH public key, such as "ssh-ed25519 AAAA… name"'
    if type(value) is not str:
        raise Wrong(expected)
    try:
        parse_public_key(value)
    except BadSshKey as error:
        raise Wrong(f"{expected} ({error})") from error
    return value.strip()


def _initiators(value: Any) -> tuple[str, ...]:
    names = texts(value)
    for each in names:
        if folded(each) is None:
            raise Wrong("strings that are not blank", found=shown(each))
    return names
