"""The audit after a kill, a failed fsync, a full disk: whole, and nothing that was said is lost."""

import errno
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from approvals.audit import Audit, AuditDown, AuditUnreadable
from approvals.audit.reading import read_lines, remember
from approvals.audit.verifying import verify_audits
from approvals.ballots import NotCountedCause
from approvals.chains.tables import SHIPPED
from approvals.events import Asked, BallotRefused, DeadlineMoved, Voted
from approvals.inspect import inspect
from approvals.memory import Memory
from tests.support.audits import notary
from tests.support.records import DIGEST, NOW, approval, vote
from tests.support.requests import sample
from tests.support.world import rsa_key

KEYS = {notary().key: rsa_key("server").public_key()}

WRITER = """
import sys
from pathlib import Path
from approvals.audit.chain import Chain
from approvals.audit.lines import own_body
from keys.rsa import load_private_key
from keys.signed_text import TextSigner
signer = TextSigner(load_private_key(Path(sys.argv[2])))
chain = Chain(Path(sys.argv[1]), process="p", clock=lambda: 1790000000000, notary=signer,
              standing=lambda: None)
for number in range(10**9):
    chain.append([own_body("noted", "p", number, {"filling": "x" * 5_000})] * 7)
    if number % 20 == 0:
        chain.sign_head()
    print(chain._durable.seq, flush=True)
"""


def event(member="node-1/r1"):
    return BallotRefused(NOW, member, "ana", NotCountedCause.TOO_LATE, "SlackClick")


def begun(folder, **changes):
    return Audit(folder, process="p1", clock=lambda: NOW, notary=notary(), **changes)


def checked(folder):
    return verify_audits([folder], KEYS, ())


def members(folder):
    return [line["member"] for line in read_lines(folder) if line["event"] == "ballot_refused"]


def test_a_writer_that_is_killed_leaves_every_line_it_told_of(tmp_path):
    from keys.rsa import write_private_key

    write_private_key(tmp_path / "key.pem", rsa_key("server"))
    folder = tmp_path / "audit"
    for torn in (b'{"version":2,"chain":"', b"\x00" * 4_096):
        command = [sys.executable, "-c", WRITER, folder, tmp_path / "key.pem"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(12)]
            process.send_signal(signal.SIGKILL)
            told += process.stdout.readlines()
        newest = max(folder.glob("*.jsonl"))
        with newest.open("ab") as file:
            file.write(torn)
        report = checked(folder)
        assert report.findings == []
        lines = [line["seq"] for line in read_lines(folder)]
        assert lines == list(range(len(lines)))
        assert lines[-1] >= int([line for line in told if line.endswith(b"\n")][-1])
    begun(folder).close()
    report = checked(folder)
    assert report.findings == []
    assert b'"left":4096}' in max(folder.glob("*.jsonl")).read_bytes().splitlines()[0]
    assert sum("bytes that are not confirmed" in note for note in report.notes) == 2
    assert (report.counts["chains"], report.counts["files"]) == (1, 3)


@pytest.fixture
def disk(monkeypatch):
    """Let the disk fail in one way or the other; `mend` it."""

    class Disk:
        def fails_to_sync(self):
            monkeypatch.setattr(os, "fsync", self._no)

        def is_full(self):
            real = os.write

            def some(descriptor, content):
                if len(content) < 100:
                    self._no()
                return real(descriptor, bytes(content[: len(content) // 2]))

            monkeypatch.setattr(os, "write", some)

        def mend(self):
            monkeypatch.undo()

        def _no(self, *_arguments):
            raise OSError(errno.ENOSPC, "No space left on device")

    return Disk()


@pytest.mark.parametrize("how", ["fails_to_sync", "is_full"])
async def test_what_a_failed_disk_left_is_no_evidence_and_no_damage(tmp_path, disk, how):
    audit = begun(tmp_path)
    await audit.write(event("node-1/before"))
    getattr(disk, how)()
    for _ in range(5):
        with pytest.raises(AuditDown, match="No space left on device"):
            await audit.write(event("node-1/lost"))
        with pytest.raises(AuditDown):
            await audit.probe()
    disk.mend()
    await audit.probe()
    await audit.write(event("node-1/after"))
    audit.close()
    first, second = sorted(tmp_path.glob("*.jsonl"))
    assert members(tmp_path) == ["node-1/before", "node-1/after"]
    assert b'"why":"trouble"' in second.read_bytes().splitlines()[0]
    report = checked(tmp_path)
    assert report.findings == []
    (note,) = report.notes
    assert note.startswith(f"{first} ends in ")
    memory = Memory()
    remember(tmp_path, memory, since=0)


async def test_a_gateway_starts_on_a_full_disk_and_goes_on_when_it_is_mended(tmp_path, disk):
    begun(tmp_path).close()
    disk.is_full()
    audit = begun(tmp_path)
    assert audit.down is not None
    with pytest.raises(AuditDown):
        await audit.write(event())
    disk.mend()
    await audit.write(event())
    assert audit.down is None
    audit.close()
    assert len(list(tmp_path.glob("*.jsonl"))) == 2
    assert checked(tmp_path).findings == []


async def test_a_disk_that_fails_again_and_again_leaves_one_abandoned_file_at_most(tmp_path, disk):
    audit = begun(tmp_path)
    disk.fails_to_sync()
    for _ in range(20):
        with suppress(AuditDown):
            await audit.probe()
    disk.mend()
    audit.close()
    assert len(list(tmp_path.glob("*.jsonl"))) == 1


async def test_while_all_is_well_a_probe_writes_nothing(tmp_path):
    audit = begun(tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    before = path.read_bytes()
    for _ in range(3):
        await audit.probe()
    assert path.read_bytes() == before
    audit.close()


async def test_what_nobody_waits_for_is_on_disk_too(tmp_path):
    audit = begun(tmp_path)
    audit.post(DeadlineMoved(NOW, "node-1", "r1", DIGEST, NOW + 9, NOW + 4))
    audit.close()
    memory = Memory()
    remember(tmp_path, memory, since=0)
    assert memory.of(DIGEST).deadline == NOW + 4


async def test_the_earliest_deadline_is_remembered(tmp_path):
    audit = begun(tmp_path)
    early, late = approval(deadline=NOW + 5), approval(deadline=NOW + 8)
    for record in (late, early, late):
        await audit.write(Voted(NOW, record, vote("ana")))
    audit.close()
    memory = Memory()
    remember(tmp_path, memory, since=0)
    assert memory.of(DIGEST).deadline == NOW + 5


async def test_whose_evidence_a_chain_has_is_known_after_a_restart(tmp_path):
    request = sample("keysign_erc20_usdt").request
    record = approval(digest=request.digest, request_id=request.request_id)
    audit = begun(tmp_path)
    await audit.write(Asked(NOW, request, inspect(request, SHIPPED), record))
    audit.close()
    assert remember(tmp_path, Memory(), since=0).evidenced == {audit.chain: [request.digest]}


async def test_a_head_is_signed_at_each_start_after_so_many_entries_and_at_the_end(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("approvals.audit.writing.EVERY", 10)
    heads = []
    audit = begun(tmp_path, published=lambda head, why: heads.append((head, why)))
    for number in range(25):
        await audit.write(event(f"node-1/{number}"))
    audit.close()
    again = begun(tmp_path, published=lambda head, why: heads.append((head, why)))
    again.close()
    whys = [why for _, why in heads]
    assert whys == ["start", "entries", "entries", "stop", "start"]
    places = {line["seq"]: line for line in read_lines(tmp_path)}
    for head, _ in heads:
        assert places[head.seq + 1]["prev"] == head.hash
        assert places[head.seq + 1]["head"] == head.token


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("20260101-1-x-1.jsonl", b'{"version":1,"event":"asked"}\n'),
        ("0123abcd-000001-20260101.jsonl", b'{"version":1,"event":"asked"}\n'),
        ("0123abcd-000001-20260101.jsonl", b"[]\n"),
    ],
)
def test_what_is_of_another_form_is_refused_with_what_to_do(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AuditUnreadable, match=r"move (it|the file) aside|was it edited"):
        remember(tmp_path, Memory(), since=0)
