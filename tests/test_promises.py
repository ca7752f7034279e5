"""docs/promises.md names tests that exist, for each of the ten promises."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
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
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^(    )?(async )?def {test}\(", (ROOT / file).read_text(), re.MULTILINE)
    ]
    assert missing == []
