"""The digest names every byte of what is asked, and who asks; nothing else can have it."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from approvals.request import Request

ASKED = Request("node-1", "r:1", 2, '{"a":1}', '{"b":2}')
CHANGES: dict[str, Any] = {
    "node": "node-2",
    "request_id": "r:2",
    "type": 3,
    "detail": '{"a":1} ',
    "extra": '{"b":3}',
    "surplus": '{"c":4}',
}


def spelled(*parts):
    """The digest as its documentation has it, written a second time."""
    whole = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hashlib.sha256(whole).hexdigest()


def test_the_digest_is_the_documented_one_for_ever():
    parts = (b"countersign-request@v1", b"node-1", b"r:1", b"2", b'{"a":1}', b'{"b":2}')
    assert ASKED.digest == spelled(*parts)
    assert replace(ASKED, surplus="{}").digest == spelled(*parts, b"{}")


@pytest.mark.parametrize("field", CHANGES)
def test_the_digest_covers_every_part_of_a_request(field):
    changed = replace(ASKED, **{field: CHANGES[field]})
    assert changed.digest != ASKED.digest


@pytest.mark.parametrize("field", CHANGES)
def test_the_content_is_all_but_the_node(field):
    changed = replace(ASKED, **{field: CHANGES[field]})
    assert (changed.content == ASKED.content) is (field == "node")


def test_no_byte_can_move_from_one_part_to_the_next():
    first = Request("node-1", "r:1", 2, "{}1", "23")
    for detail, extra, surplus in (("{}12", "3", ""), ("{}", "123", ""), ("{}1", "2", "3")):
        assert Request("node-1", "r:1", 2, detail, extra, surplus).digest != first.digest
    assert Request("node-1r", ":1", 2, "{}1", "23").digest != first.digest
