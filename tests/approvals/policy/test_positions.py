"""The line of a key is found whatever stands around it."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from approvals.policy.positions import Path, find_lines

TRICKY = '''# a comment with = and [[rule]]
default = "ask" # [not.a.table]
"quoted key" = 1
'literal.key' = 2
a.b . "c d" = { x = 1, y = [2, "]"] }

[people.ana]
slack = """
[[rule]]
id = "inside a string"
\\""" still inside ""\\
"""
why = \'\'\'
[groups]
\'\'\'

[lists]
own = [
  "a", # ] = "
  "b=[",
]
next = 1

[[rule]]
id = "one"
when.to = [
  "x",
]
when.kind = "transfer"
[rule.sub]
deep = 1
[[rule]]
[rule.when]
type = "key_sign"
[[rule.seats]]
n = 1
[[rule.seats]]
n = 2
'''


def test_every_key_of_a_tricky_file_is_found_on_its_line():
    assert tomllib.loads(TRICKY)["rule"][1]["seats"][1]["n"] == 2
    lines = find_lines(TRICKY)
    rows = TRICKY.splitlines()

    def row(*path: str | int) -> str:
        return rows[lines.line(path) - 1]

    assert row("default").startswith("default")
    assert row("quoted key").startswith('"quoted')
    assert row("literal.key").startswith("'literal")
    assert row("a", "b", "c d").startswith("a.b")
    assert row("people", "ana", "slack").startswith("slack")
    assert row("people", "ana", "why").startswith("why")
    assert row("lists", "own").startswith("own")
    assert row("lists", "next").startswith("next")
    assert row("rule", 0, "id") == 'id = "one"'
    assert row("rule", 0, "when", "kind").startswith("when.kind")
    assert row("rule", 0, "sub", "deep") == "deep = 1"
    assert row("rule", 1, "when", "type").startswith("type")
    assert row("rule", 1, "seats", 0, "n") == "n = 1"
    assert row("rule", 1, "seats", 1, "n") == "n = 2"


def test_a_key_that_is_not_there_is_shown_at_the_table_around_it():
    lines = find_lines(TRICKY)
    rows = TRICKY.splitlines()
    assert rows[lines.line(("rule", 0, "effect")) - 1] == "[[rule]]"
    assert rows[lines.line(("people", "ana", "ssh_key")) - 1] == "[people.ana]"
    assert lines.line(("nowhere", "at", "all")) == 1


@given(st.text(max_size=200))
def test_no_text_whatever_stops_the_walk(text):
    find_lines(text)


VALUES = st.sampled_from(
    ["1", '"a = 1"', "[1,\n2]", '"""\nx = 1\n"""', "'''\n[t]\n'''", "{ a = 1 }", '"#"', "''"]
)


@given(st.lists(st.tuples(st.booleans(), VALUES), min_size=1, max_size=8))
def test_each_of_many_keys_is_found_on_its_own_line(entries):
    text, expected = "", {}
    table: Path = ()
    for number, (header, value) in enumerate(entries):
        if header:
            table = (f"t{number}",)
            text += f"[t{number}]\n"
        expected[(*table, f"k{number}")] = text.count("\n") + 1
        text += f"k{number} = {value}\n"
    tomllib.loads(text)
    lines = find_lines(text)
    assert {path: lines.line(path) for path in expected} == expected
