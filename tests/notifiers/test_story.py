"""What is told of a record comes from its bytes; of bytes that nobody kept, nothing is known."""

from types import SimpleNamespace

from approvals.aftermath.facts import NOTHING_AFTER
from approvals.decide import decide
from approvals.findings import Findings
from approvals.model import NOTHING_NEW, NOTHING_REMEMBERED
from notifiers.story import story_of
from notifiers.words.text import NO_NAMES
from tests.support.records import ELECTORATE, NOW, approval


class Forgotten:
    """The approval service, where the store has lost the exact request."""

    policy = SimpleNamespace(electorate=ELECTORATE)

    async def newest(self, record):
        return record

    async def request_of(self, record):
        del record

    def findings_of(self, request) -> Findings:
        raise AssertionError(f"there is nothing to look at: {request}")

    async def after_of(self, record):
        del record
        return NOTHING_AFTER

    def node_due(self, record):
        del record

    async def decision_of(self, record):
        return decide(
            record, now=NOW, electorate=ELECTORATE, remembered=NOTHING_REMEMBERED, today=NOTHING_NEW
        )


async def test_bytes_that_are_not_kept_are_never_shown_as_verified():
    approvals: object = Forgotten()
    story = await story_of(approvals, approval(), lambda: NO_NAMES, NOW)  # type: ignore[arg-type]
    assert not story.sheet.verified
    assert story.sheet.badge.startswith("NOT VERIFIED: the bytes of this request are not stored")
    assert story.sheet.headline.startswith("NOT VERIFIED")
    assert story.sheet.proved == ()
    assert not story.sheet.whole, "so that no click approves it"
    assert story.page is None
