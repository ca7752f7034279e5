"""The audit: on disk before anything is spoken, whatever the disk does."""

import asyncio
import contextlib
import errno
import json
import os
import stat
import subprocess
import sys
from typing import Any

import pytest

from approvals.audit import Audit, AuditDown
from approvals.audit.form import OWN, AuditUnreadable, document_of
from approvals.audit.reading import read_lines, remember
from approvals.ballots import NotCountedCause
from approvals.chains.addresses import parse_address
from approvals.chains.tables import SHIPPED
from approvals.events import Answered, Asked, BallotRefused, Finalized, Pinged, Voted
from approvals.inspect import inspect
from approvals.memory import Memory
from approvals.model import Cause, Choice, Final, Outcome
from approvals.plain import plain
from tests.support.audits import chained, notary
from tests.support.records import DIGEST, NOW, POLICY, approval, vote
from tests.support.requests import sample

REFUSED = Final(Outcome.REJECT, Cause.PERSON, "refused by an approver", NOW, 2, POLICY)


@pytest.fixture
def audit(tmp_path):
    made = Audit(tmp_path / "audit", process="p1", clock=lambda: NOW, notary=notary())
    yield made
    made.close()


def event(member="node-1/r1"):
    return BallotRefused(NOW, member, "ana", NotCountedCause.TOO_LATE, "SlackClick")


def told(folder):
    """What happened, without what the audit says about itself."""
    return [line for line in read_lines(folder) if line["event"] not in OWN]


async def test_a_line_is_on_disk_when_write_returns(audit, tmp_path, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_size))
    await audit.write(event())
    (path,) = (tmp_path / "audit").glob("*.jsonl")
    assert synced == [path.stat().st_size]
    (line,) = told(tmp_path / "audit")
    assert (line["event"], line["member"], line["process"]) == ("ballot_refused", "node-1/r1", "p1")


def test_the_name_of_a_new_file_is_on_disk_too(tmp_path, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_ino))
    made = Audit(tmp_path / "audit", process="p1", clock=lambda: NOW, notary=notary())
    (path,) = (tmp_path / "audit").glob("*.jsonl")
    assert synced[:2] == [(tmp_path / "audit").stat().st_ino, path.stat().st_ino]
    made.close()


async def test_evidence_is_for_its_owner_alone(audit, tmp_path):
    await audit.write(event())
    (path,) = (tmp_path / "audit").glob("*.jsonl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "audit").stat().st_mode) == 0o700


async def test_many_writers_share_one_fsync(audit, tmp_path, monkeypatch):
    await audit.write(event())
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    await asyncio.gather(*(audit.write(event(f"node-1/r{number}")) for number in range(200)))
    assert len(told(tmp_path / "audit")) == 201
    assert len(synced) < 50


async def test_after_a_failed_fsync_that_file_is_never_written_again(audit, tmp_path, monkeypatch):
    await audit.write(event("node-1/before"))
    real = os.fsync

    def fails(_fd):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(AuditDown):
        await audit.write(event("node-1/lost"))
    assert audit.down is not None
    with pytest.raises(AuditDown):
        await audit.probe()
    monkeypatch.setattr(os, "fsync", real)
    await audit.probe()
    assert audit.down is None
    await audit.write(event("node-1/after"))
    files: dict[str, list[Any]] = {}
    for line in told(tmp_path / "audit"):
        files.setdefault(line["file"], []).append(line.get("member"))
    first, *later = (files[name] for name in sorted(files))
    assert first[0] == "node-1/before"
    assert "node-1/after" not in first
    assert later[-1][-1] == "node-1/after"


async def test_whoever_waits_hears_also_of_what_nobody_foresaw(tmp_path):
    now = [NOW]
    standing: list[Any] = [{}]
    made = Audit(
        tmp_path / "audit",
        process="p1",
        clock=lambda: now[0],
        notary=notary(),
        standing=lambda: standing[0],
    )
    async with asyncio.timeout(10):
        standing[0] = {"no": object()}  # which cannot be written down
        now[0] += 86_400_000  # a new file is due
        for _ in range(2):
            with pytest.raises(AuditDown):
                await made.write(event())
        standing[0] = {}
        with contextlib.suppress(AuditDown):
            await made.write(event())  # what the failure left is passed by
        await made.write(event())
    assert made.down is None
    made.close()
    assert told(tmp_path / "audit")[-1]["event"] == "ballot_refused"


async def test_a_file_that_vanished_takes_no_more_lines(audit, tmp_path):
    await audit.write(event("node-1/before"))
    (path,) = (tmp_path / "audit").glob("*.jsonl")
    path.unlink()
    await audit.write(event("node-1/after"))
    assert [line["member"] for line in told(tmp_path / "audit")] == ["node-1/after"]


async def test_pings_are_no_evidence(audit, tmp_path):
    await audit.write(Pinged(NOW, "node-1"))
    assert told(tmp_path / "audit") == []


async def test_finals_and_refusals_are_remembered_after_a_restart(audit, tmp_path):
    no = vote("bo", Choice.REJECT)
    voted = approval(votes=(no,))
    other = approval(digest="ef" * 32, final=REFUSED)
    await audit.write(Voted(NOW, voted, no), Finalized(NOW, other))
    memory = Memory()
    assert remember(tmp_path / "audit", memory, since=0).lines == 4
    assert memory.of(DIGEST).refusals == (no,)
    assert memory.of("ef" * 32).final == REFUSED


def test_a_line_of_brackets_is_unreadable_whatever_the_recursion_limit_is():
    """A library may raise the limit so far that the decoder of the standard library crashes."""
    program = (
        "import sys; sys.setrecursionlimit(10**6)\n"
        "from pathlib import Path\n"
        "from approvals.audit.form import AuditUnreadable, document_of\n"
        "for line in (b'[' * 10**6, b'{\"a\":' * 10**6):\n"
        "    try: document_of(line, 'x.jsonl, line 7')\n"
        "    except AuditUnreadable as error: print(str(error)[:15])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"x.jsonl, line 7\n" * 2


def test_many_things_side_by_side_are_readable():
    line = json.dumps({"findings": [{}] * 2_000}).encode()
    assert len(document_of(line, "x.jsonl, line 7")["findings"]) == 2_000


async def test_a_torn_last_line_is_passed_over(audit, tmp_path):
    await audit.write(event())
    (path,) = (tmp_path / "audit").glob("*.jsonl")
    with path.open("a") as torn:
        torn.write('{"event":"ballot_re')
    assert len(told(tmp_path / "audit")) == 1


@pytest.mark.parametrize("lost", ["digest", "votes", "final"])
async def test_a_line_that_lacks_something_is_unreadable_and_named(tmp_path, lost):
    document = {"process": "p1", "at": NOW, "event": "voted", "approval": plain(approval())}
    del document["approval"][lost]
    (tmp_path / "0123abcd-000001-20261001.jsonl").write_bytes(chained([document]))
    with pytest.raises(AuditUnreadable, match=r"20261001.jsonl, line 1 is not as we write it"):
        remember(tmp_path, Memory(), since=0)


async def test_no_line_holds_what_only_our_memory_needs(audit, tmp_path):
    await audit.write(Finalized(NOW, approval(final=REFUSED, stamp="x" * 53)))
    (line,) = told(tmp_path / "audit")
    assert "stamp" not in line["approval"]
    assert "x" * 53 not in json.dumps(line)


YES = Final(Outcome.APPROVE, None, "approved by people", NOW, 3, POLICY)


def asked_and(answer: Final | None) -> list[Any]:
    """What a process writes of a request for the sample's 2,500 USDT, up to its answer."""
    request = sample("keysign_erc20_usdt").request
    record = approval(digest=request.digest, request_id=request.request_id, final=answer)
    written: list[Any] = [Asked(NOW, request, inspect(request, SHIPPED), record)]
    return written if answer is None else [*written, Answered(NOW + 9, record, "t", 5)]


@pytest.mark.parametrize(("answer", "known"), [(YES, True), (REFUSED, False), (None, False)])
async def test_destinations_are_known_again_after_a_restart_where_the_answer_was_yes(
    audit, tmp_path, answer, known
):
    await audit.write(*asked_and(answer))
    memory = Memory()
    remember(tmp_path / "audit", memory, since=0)
    to = parse_address("0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c")
    assert to is not None
    wallet = "7fc2bfef-0cad-5764-b4ba-a03dc1266f62"
    assert memory.acquaintances.has_met(wallet, to, by=NOW + 9) == known
    assert not memory.acquaintances.has_met(wallet, to, by=NOW + 8)
    assert not memory.acquaintances.has_met("another", to, by=NOW + 9)


async def test_an_answer_without_its_question_teaches_no_destination(audit, tmp_path):
    _, answered = asked_and(YES)
    await audit.write(answered)
    memory = Memory()
    remember(tmp_path / "audit", memory, since=0)
    assert not memory.acquaintances.knows_wallet("7fc2bfef-0cad-5764-b4ba-a03dc1266f62", by=NOW + 9)
