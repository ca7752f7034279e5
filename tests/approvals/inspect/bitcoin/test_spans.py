"""The bytes laid open, in order and without gaps."""

from itertools import pairwise

import pytest

from approvals.inspect.bitcoin import PORT
from tests.approvals.inspect.bitcoin.test_psbt import package
from tests.support.bitcoin import STRANGER, plan

PLAN = plan("P2WPKH", "P2PKH", paid=((STRANGER, 7), (b"\x6a\1\x07", 0), (b"\x51", 0)))
LEAVES = [
    "version",
    "inputs",
    *["transaction", "output number", "script", "sequence"] * 2,
    "outputs",
    *["amount", "script"] * 4,
    "locktime",
]


@pytest.mark.parametrize("raw", [PLAN.raw, package(PLAN)])
def test_every_byte_of_the_transaction_has_its_line(raw):
    spans = PORT.dissect(raw)
    start = raw.index(PLAN.raw)
    leaves = [span for span in spans if not span.label.startswith(("input ", "output "))]
    leaves += [span for span in spans if span.label == "output number"]
    leaves.sort(key=lambda span: span.start)
    assert [span.label for span in leaves] == LEAVES
    assert leaves[0].start == start
    assert leaves[-1].end == start + len(PLAN.raw)
    assert all(one.end == two.start for one, two in pairwise(leaves))


def test_what_contains_others_spans_them():
    spans = PORT.dissect(PLAN.raw)
    assert [span.start for span in spans] == sorted(span.start for span in spans)
    for position, whole in enumerate(spans):
        if whole.label in ("input 1", "input 2", "output 1", "output 4"):
            inner = [
                span for span in spans[position + 1 :] if whole.start <= span.start < whole.end
            ]
            assert (inner[0].start, inner[-1].end) == (whole.start, whole.end)
            assert {span.depth for span in inner} == {whole.depth + 1}


def test_values_are_read():
    values = {span.label: span.value for span in PORT.dissect(plan().raw)}
    assert values["version"] == "2"
    assert values["transaction"] == "00" * 31 + "01"
    assert values["sequence"] == "0xffffffff"
    assert values["amount"] == "198000 base units"
    assert values["locktime"] == "0"
    texts = [span.value for span in PORT.dissect(PLAN.raw) if span.label == "script"]
    assert texts == [
        "empty",
        "empty",
        "P2WPKH c8bb72fe5bd9588396508b05d7940a2730dcdd8c",
        "OP_RETURN 0107",
        "51",
        "P2WPKH fed8c7d91cc2bb25e160a7739d1597cabfcb2ac9",
    ]


@pytest.mark.parametrize("raw", [b"", PLAN.raw[:-1], PLAN.raw + b"\0", b"psbt\xff"])
def test_bytes_that_do_not_decode_have_none(raw):
    assert PORT.dissect(raw) == ()
