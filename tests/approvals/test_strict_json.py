import contextlib
import json
import math
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.strict_json import MAX_DEPTH, MAX_DIGITS, MAX_NESTED, BadJson, loads

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON)
def test_what_json_writes_is_read_back(value):
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value, ensure_ascii=False)) == value


@given(st.text())
def test_any_text_gives_a_value_or_bad_json(text):
    with contextlib.suppress(BadJson):
        loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}x",
        '{"a":1,"a":1}',
        '{"a":1,"\\u0061":2}',
        '[{"a":{"b":1,"b":2}}]',
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e999",
        "01",
        "1" * (MAX_DIGITS + 1),
        "-" + "1" * MAX_DIGITS,
        "1" * 5000,
        "0." + "1" * MAX_DIGITS,
        '"\\ud800"',
        '{"\\udfff":1}',
        '"\ud800"',
        '["\udc00\ud800"]',
        "[" * MAX_DEPTH + '"\\ud800"' + "]" * MAX_DEPTH,
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[" * 10_000 + "]" * 10_000,
        "[" * 100_000,
        "[" + "[]," * MAX_NESTED + "1]",
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        "\ufeff{}",
    ],
)
def test_what_parsers_disagree_about_is_refused(text):
    with pytest.raises(BadJson):
        loads(text)


def test_depth_is_bounded_whatever_the_recursion_limit_is():
    """A library may raise the limit so far that the decoder of the standard library crashes."""
    program = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from approvals.strict_json import BadJson, loads\n"
        "for text in ('[' * 10**6, '{\"a\":' * 10**6, '[\"\\\\\"[\",' * 10**6):\n"
        "    try: loads(text)\n"
        "    except BadJson: print('bad')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"bad"] * 3


def test_brackets_inside_strings_are_not_nesting():
    text = json.dumps(['[{"' * 100, "\\", '\\"[' * 100])
    assert loads(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" + "[]," * (MAX_NESTED - 2) + "[]]",
        "[" + "{}," * 1_800_000 + "{}]",
        "[" + ("[" * 60 + "]" * 60 + ",") * 40_000 + "1]",
        "[" + ("[" * 60 + "]" * 60 + ",") * 3_000 + "1]",
        "[" * 450_000 + "]" * 450_000,
        "[[" * 450_000,
        "]" * 450_000 + "[" * 450_000,
        '["' + "[" * 100 + '",' + '"",' * 300_000 + "1]",
    ],
    ids=range(8),
)
def test_brackets_are_counted_in_a_moment(text):
    began = time.process_time()
    with contextlib.suppress(BadJson):
        loads(text)
    assert time.process_time() - began < 1


@given(st.text('[]{},"\\1', max_size=40), st.integers(MAX_DEPTH - 3, MAX_DEPTH + 3))
def test_nesting_is_counted_as_a_decoder_meets_it(middle, depth):
    text = "[" * depth + middle + "]" * depth
    try:
        found = json.loads(text)
    except ValueError:
        with pytest.raises(BadJson):
            loads(text)
        return
    levels = 0
    level = [found]
    while level:
        levels += 1
        nested = [list(each.values()) if type(each) is dict else each for each in level]
        level = [each for outer in nested for each in outer if type(each) in (dict, list)]
    if levels > MAX_DEPTH:
        with pytest.raises(BadJson, match="deeper"):
            loads(text)
    else:
        assert loads(text) == found


def test_the_deepest_and_longest_allowed_are_read():
    assert loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert loads("[" + "{}," * (MAX_NESTED - 2) + "{}]") == [{}] * (MAX_NESTED - 1)
    assert loads("9" * MAX_DIGITS) == int("9" * MAX_DIGITS)
    assert loads('"\\ud83d\\ude00"') == "😀"
    assert loads(json.dumps([[]] * 1000)) == [[]] * 1000


def test_types_stay_apart():
    assert loads("[1, 1.0, true]") == [1, 1.0, True]
    assert [type(x) for x in loads("[1, 1.0, true]")] == [int, float, bool]  # type: ignore[attr-defined]
    assert math.isclose(loads("2.5"), 2.5)  # type: ignore[arg-type]
