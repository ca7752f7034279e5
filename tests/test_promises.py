"""docs/promises.md and docs/threat-model.md name tests that exist, and all ten promises."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
THREATS = (ROOT / "docs" / "threat-model.md").read_text()
SECTIONS = re.split(r"^## ", (ROOT / "docs" / "promises.md").read_text(), flags=re.MULTILINE)[1:]
NAMED = re.compile(r"^- `(tests/[\w/]+\.py)::(test_\w+)`$", re.MULTILINE)


def test_there_are_ten_promises():
    assert [section.partition(".")[0] for section in SECTIONS] == [str(n) for n in range(1, 11)]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition(".")[0])
def test_every_promise_is_shown_by_tests_that_exist_and_was_broken_on_purpose(section):
    named = NAMED.findall(section)
    assert len(named) >= 3
    assert len(named) == len(set(named)) == section.count("\n- ")
    assert "\nBroken: " in section
    assert missing(named) == []


def test_the_threat_model_names_tests_that_exist_for_every_question():
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", THREATS)
    assert len(named) > 40
    assert missing(named) == []
    questions = (
        THREATS.partition("## Four questions\n")[2].partition("\n## ")[0].split("\n### ")[1:]
    )
    assert len(questions) == 4
    assert all(len(NAMED.findall(question)) >= 3 for question in questions)


def test_the_threat_model_has_every_promise():
    rows = re.findall(r"^\| \[(\d+)\. .+\]\(promises\.md#\1-", THREATS, re.MULTILINE)
    assert rows == [section.partition(".")[0] for section in SECTIONS]


def missing(named):
    """Those of the (file, test) that do not exist."""
    return [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^(    )?(async )?def {test}\(", (ROOT / file).read_text(), re.MULTILINE)
    ]
