from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.model import Choice
from approvals.statement import MOST_REASON, BadStatement, Statement, read, write

VOTE = Statement(
    gateway="SHA256:" + "a" * 43,
    node="node-1",
    request_id="20261001120003341000000000000003:1",
    digest="ab" * 32,
    choice=Choice.REJECT,
    reason="not ours",
    at=1_790_848_800_000,
)


def test_a_vote_is_a_text_that_people_can_read():
    assert write(VOTE) == (
        "countersign vote v1\n"
        f"gateway: SHA256:{'a' * 43}\n"
        "node: node-1\n"
        "request: 20261001120003341000000000000003:1\n"
        f"digest: {'ab' * 32}\n"
        "choice: reject\n"
        'reason: "not ours"\n'
        "at: 1790848800000\n"
    )


def test_an_override_says_so_after_the_choice_and_nothing_else_changes():
    text = write(replace(VOTE, override=True))
    assert text == write(VOTE).replace("choice: reject\n", "choice: reject\noverride: yes\n")
    assert read(text) == replace(VOTE, override=True)
    assert not read(write(VOTE)).override


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("override: yes", "override: no"),
        lambda text: text.replace("override: yes", "override: Yes"),
        lambda text: text.replace("override: yes", "override: "),
        lambda text: text.replace("override: yes\n", "override: yes\n" * 2),
        lambda text: text.replace("override: yes\n", "\n"),
        lambda text: text.replace("override: yes\n", "") + "override: yes\n",
        lambda text: text.replace("choice: reject\noverride: yes", "override: yes\nchoice: reject"),
        lambda text: text.replace("override: yes\nreason", "reason").replace(
            "at:", "override: yes\nat:"
        ),
    ],
)
def test_an_override_has_one_spelling_and_one_place(spoil):
    with pytest.raises(BadStatement):
        read(spoil(write(replace(VOTE, override=True))))


def test_a_reason_cannot_make_an_override():
    text = write(replace(VOTE, reason='x"\noverride: yes\n"'))
    assert not read(text).override


def shows(reason):
    """Whether anything of it can be seen."""
    return any(character.isprintable() for character in "".join(reason.split()))


@given(st.text(min_size=1, max_size=50).filter(shows))
def test_every_reason_comes_back_as_it_was_said(reason):
    vote = replace(VOTE, reason=reason)
    assert read(write(vote)) == vote
    assert write(vote).count("\n") == 8


@pytest.mark.parametrize(
    "reason", ["", " ", "\n\t", "\u200b \u202e", "x" * (MOST_REASON + 1), "\ud800"]
)
def test_a_reason_says_something(reason):
    with pytest.raises(BadStatement):
        write(replace(VOTE, reason=reason))
    with pytest.raises(BadStatement):
        read(replace(VOTE, reason=reason).text())


@pytest.mark.parametrize(
    "change",
    [
        {"node": "a b"},
        {"node": "n\nchoice: approve"},
        {"request_id": ""},
        {"request_id": "a b"},
        {"request_id": "x" * 129},
        {"digest": "AB" * 32},
        {"digest": "ab" * 31},
        {"gateway": "MD5:x"},
        {"at": -1},
        {"at": 10**15},
    ],
)
def test_no_part_can_pretend_to_be_another(change):
    with pytest.raises(BadStatement):
        write(replace(VOTE, **change))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text + "\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: " " + text,
        lambda text: text.replace("v1", "v2"),
        lambda text: text.replace("choice: reject", "choice: Reject"),
        lambda text: text.replace("choice: reject\n", ""),
        lambda text: text.replace("choice: reject\n", "choice: reject\n" * 2),
        lambda text: text.replace('"not ours"', "not ours"),
        lambda text: text.replace('"not ours"', '"not\\u0020ours"'),
        lambda text: text.replace('"not ours"', '"not" "ours"'),
        lambda text: text.replace('"not ours"', '"\\ud800"'),
        lambda text: text.replace("at: 1", "at: 01"),
        lambda text: text.replace("at: 1", "at: \uff11"),
        lambda text: text.replace("reason", "r\u0435ason"),
    ],
)
def test_only_one_spelling_is_taken(spoil):
    assert read(write(VOTE)) == VOTE
    with pytest.raises(BadStatement):
        read(spoil(write(VOTE)))
