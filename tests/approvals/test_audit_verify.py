"""Whatever is changed in an audit is found, and the sentence says where."""

import shutil
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import statement as statements
from approvals.audit import chain as chains
from approvals.audit import following
from approvals.audit.chain import Chain
from approvals.audit.form import NO_LINE, AuditUnreadable, Link, hash_of, linked
from approvals.audit.heads import Head, heads_in
from approvals.audit.lines import body_of
from approvals.audit.verifying import OutsideHead, outside_heads, verify_audits
from approvals.chains.tables import SHIPPED
from approvals.events import Answered, Asked, DeadlineMoved, Finalized, Voted
from approvals.inspect import inspect
from approvals.model import Cause, Choice, Final, Outcome, SshSignature, Vote
from keys import ssh, sshsig
from keys.signed_text import TextSigner
from tests.support.audits import notary
from tests.support.records import NOW, POLICY, approval
from tests.support.requests import sample
from tests.support.world import rsa_key, ssh_key

KEYS = {notary().key: rsa_key("server").public_key()}
YES = Final(Outcome.APPROVE, None, "approved by people", NOW, 3, POLICY)
NO = replace(YES, outcome=Outcome.REJECT, cause=Cause.PERSON)
DAY = 86_400_000
ASKED = sample("keysign_erc20_usdt").request


def record(number=0, **changes):
    request = replace(ASKED, request_id=f"request-{number}")
    return request, approval(digest=request.digest, request_id=request.request_id, **changes)


def signed_vote(request):
    said = statements.Statement(
        "SHA256:" + "A" * 43,
        request.node,
        request.request_id,
        request.digest,
        Choice.APPROVE,
        "seen",
        NOW,
    ).text()
    armored = sshsig.sign(ssh_key("ana"), statements.NAMESPACE, said.encode())
    evidence = SshSignature(ssh.fingerprint(ssh.public_key(ssh_key("ana"))), armored, said)
    return Vote("ana", Choice.APPROVE, request.digest, NOW, "seen", evidence)


def story(number):
    """The lines about one request that people approved."""
    request, asked = record(number)
    ballot = signed_vote(request)
    final = replace(asked, votes=(ballot,), final=YES)
    return [
        Asked(NOW, request, inspect(request, SHIPPED), asked),
        DeadlineMoved(NOW, "node-1", request.request_id, request.digest, NOW + 2, NOW + 1),
        Voted(NOW, replace(asked, votes=(ballot,)), ballot),
        Finalized(NOW, final),
        Answered(NOW, final, "t", 5),
    ]


def opened(folder, now=NOW, signer=None):
    return Chain(
        folder,
        process="p1",
        clock=lambda: now,
        notary=signer or notary(),
        standing=lambda: None,
    )


def write(chain, *events):
    for event in events:
        chain.append([body_of(event, "p1")])


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Three files of one chain: two days and a restart; the last head is over all but one line."""
    folder = tmp_path_factory.mktemp("audits") / "audit"
    outside: list[Head] = []
    for number, now in enumerate((NOW, NOW + DAY, NOW + DAY)):
        chain = opened(folder, now)
        chain.append([])
        outside.append(chain.sign_head())
        write(chain, *story(number))
        if number < 2:
            outside.append(chain.sign_head())
        chain.close()
    return folder, outside


@pytest.fixture
def audit(kept, tmp_path):
    shutil.copytree(kept[0], tmp_path / "audit")
    return tmp_path / "audit"


@pytest.fixture
def outside(kept):
    return [OutsideHead(head, "the log") for head in kept[1]]


def checked(folder, outside=()):
    return verify_audits([folder], KEYS, outside)


def files(folder):
    return sorted(folder.glob("*.jsonl"))


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


def test_an_audit_that_nobody_touched_is_whole(audit, outside):
    report = checked(audit, outside)
    assert report.findings == []
    assert dict(report.counts) == {
        "chains": 1,
        "files": 3,
        "entries": 23,
        "requests": 3,
        "votes": 3,
        "answers": 3,
        "signatures": 3,
        "heads": 5,
        "heads_outside": 5,
    }
    assert (report.began, report.ended) == (NOW, NOW + DAY)
    (note,) = report.notes
    assert "line 7: 5 entries since the newest signed head rest on the local head" in note


def test_a_head_is_found_again_in_whatever_text_it_was_copied_into(kept):
    head = kept[1][0]
    exported = f'{{"text":"`{head.token}`"}}'.replace("/", "\\/")
    for text in (head.token, exported, f"x {head.token}\n"):
        assert list(heads_in(text)) == [head]
    assert len(outside_heads(f"{head.token}\n{head.token}", "log")) == 1
    for spoiled in (head.token[:-300], head.token.replace("v1", "v2"), head.token.upper()):
        assert list(heads_in(spoiled)) == []


# What somebody may do to the files, and what is said of it. `n` is a line in the middle.


def edit(path, number, change):
    lines = lines_of(path)
    lines[number - 1] = change(lines[number - 1])
    path.write_bytes(b"".join(lines))


def a_byte_of(path):
    edit(path, 4, lambda line: line.replace(b'"process":"p1"', b'"process":"p2"'))


def a_byte(folder):
    a_byte_of(files(folder)[1])


def the_last_byte(folder):
    edit(files(folder)[2], 7, lambda line: line.replace(b'"took_ms":5', b'"took_ms":6'))


def a_dropped_line(folder):
    edit(files(folder)[1], 4, lambda _line: b"")


def the_first_line_of_a_file(folder):
    edit(files(folder)[1], 1, lambda _line: b"")


def the_first_line_of_all(folder):
    edit(files(folder)[0], 1, lambda _line: b"")


def the_last_line_of_all(folder):
    edit(files(folder)[2], 7, lambda _line: b"")


def the_last_line_of_a_file(folder):
    edit(files(folder)[0], 8, lambda _line: b"")


def a_line_twice(folder):
    edit(files(folder)[1], 4, lambda line: line * 2)


def two_lines_swapped(folder):
    lines = lines_of(files(folder)[1])
    lines[3], lines[4] = lines[4], lines[3]
    files(folder)[1].write_bytes(b"".join(lines))


def a_line_put_in(folder):
    edit(files(folder)[1], 4, lambda line: line + b'{"event":"voted"}\n')


def a_file_cut_short(folder):
    path = files(folder)[1]
    path.write_bytes(path.read_bytes()[:-200])


def a_removed_file(folder):
    files(folder)[1].unlink()


def the_first_file_removed(folder):
    files(folder)[0].unlink()


def the_last_file_removed(folder):
    files(folder)[2].unlink()


def a_renamed_file(folder):
    path = files(folder)[1]
    path.rename(path.with_name(path.name[:9] + "000009" + path.name[15:]))


def a_file_renamed_away(folder):
    files(folder)[1].rename(files(folder)[1].with_suffix(".jsonl.bak"))


def a_file_of_another_name(folder):
    files(folder)[1].rename(folder / "notes.jsonl")


def a_file_put_in(folder):
    path = files(folder)[1]
    path.with_name(path.name[:9] + "000009" + path.name[15:]).write_bytes(path.read_bytes())


def no_local_head(folder):
    next(folder.glob("*.head")).unlink()


def another_local_head(folder):
    next(folder.glob("*.head")).write_bytes(b"x" * 95)


def everything(folder):
    for path in folder.iterdir():
        path.unlink()


ATTACKS = [
    (a_byte, "-000002-{day2}.jsonl, line 4 was changed"),
    (the_last_byte, "-000003-{day2}.jsonl, line 7 is not the entry 22 that"),
    (a_dropped_line, "-000002-{day2}.jsonl, line 4 is entry 12; removed before it: entry 11"),
    (the_first_line_of_a_file, "-000002-{day2}.jsonl, line 1 begins no chain"),
    (the_first_line_of_all, "-000001-{day1}.jsonl, line 1 begins no chain"),
    (the_last_line_of_all, ".head names, was cut off: the last one here is 21"),
    (the_last_line_of_a_file, "-000002-{day2}.jsonl, line 1 goes on from line 8 of"),
    (a_line_twice, "-000002-{day2}.jsonl, line 5 is entry 11, whose place is before"),
    (two_lines_swapped, "-000002-{day2}.jsonl, line 4 is entry 12; removed before it: entry 11"),
    (a_line_put_in, "-000002-{day2}.jsonl, line 5 is not as we write it"),
    (a_file_cut_short, "-000002-{day2}.jsonl was cut off: it had 8 lines"),
    (a_removed_file, "-000002-{day2}.jsonl is missing"),
    (the_first_file_removed, "-000001-{day1}.jsonl is missing"),
    (the_last_file_removed, "was cut off: the last one here is 15"),
    (a_renamed_file, "is no part of its chain"),
    (a_file_renamed_away, "-000002-{day2}.jsonl is missing"),
    (a_file_of_another_name, "notes.jsonl is not named as a file of the audit"),
    (a_file_put_in, "is no part of its chain"),
    (no_local_head, ".head is missing"),
    (another_local_head, ".head is not as we wrote it"),
]


@pytest.mark.parametrize(("attack", "said"), ATTACKS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_change_is_found_without_any_head_from_outside(audit, attack, said):
    attack(audit)
    findings = checked(audit).findings
    said = said.format(day1="20260921", day2="20260922")
    assert any(said in finding for finding in findings), findings


def test_an_audit_that_was_taken_away_is_missed_by_its_heads(audit, outside):
    everything(audit)
    assert len(checked(audit, outside).findings) == 5


def test_an_audit_of_nothing_is_not_whole(audit):
    everything(audit)
    assert checked(audit).findings == ["There is no entry to check."]


def rewritten(folder, change):
    """All lines with a change, linked anew, so that every line names the one before."""
    sizes: dict[str, tuple[bytes, bytes]] = {}
    seq, prev = 0, NO_LINE
    for path in files(folder):
        bodies = [line[line.index(b'"process"') : -1] for line in lines_of(path)]
        lines = []
        for body in change(path, bodies):
            for name, (old, new) in sizes.items():
                if name.encode() in body:
                    body = body.replace(old, new)  # noqa: PLW2901 - what it goes on from
            line = linked(Link(path.name[:8], seq, prev), body)
            seq, prev = seq + 1, hash_of(line)
            lines.append(line)
        before = lines_of(path)
        content = b"\n".join(lines) + b"\n"
        sizes[path.name] = (
            _after(len(before), path.stat().st_size, hash_of(before[-1][:-1])),
            _after(len(lines), len(content), prev),
        )
        path.write_bytes(content)
    head = next(folder.glob("*.head"))
    head.write_text(f"{head.stem} {seq - 1:020d} {prev}\n")


def _after(lines, size, hash_):
    return f'"lines":{lines},"size":{size},"hash":"{hash_}"'.encode()


def test_a_forger_who_computes_every_hash_again_is_found_by_the_signed_heads(audit):
    rewritten(audit, lambda _path, bodies: bodies)
    assert checked(audit).findings == []  # the control: the same lines, the same hashes
    rewritten(audit, lambda _path, bodies: [b.replace(b'"ana"', b'"anb"') for b in bodies])
    findings = checked(audit).findings
    assert any("the gateway signed another entry" in finding for finding in findings)


def test_a_chain_without_its_heads_is_found_too(audit, outside):
    def without_heads(_path, bodies):
        return [body for body in bodies if b'"event":"head"' not in body]

    rewritten(audit, without_heads)
    assert checked(audit).findings == []
    assert any("is not the entry" in finding for finding in checked(audit, outside).findings)


def test_too_many_entries_without_a_signed_head_are_found(audit, monkeypatch):
    monkeypatch.setattr(following, "MOST_UNSIGNED", 4)
    assert any("have no signed head" in finding for finding in checked(audit).findings)


def test_another_chain_in_its_place_is_found_by_heads_from_outside(tmp_path, outside):
    chain = opened(tmp_path / "other")
    write(chain, *story(0))
    chain.sign_head()
    chain.close()
    assert checked(tmp_path / "other").findings == []
    findings = checked(tmp_path / "other", outside).findings
    assert len(findings) == 5
    assert "nothing of that chain is" in findings[0]


def test_heads_by_another_key_are_not_believed(tmp_path):
    chain = opened(tmp_path / "other", signer=TextSigner(rsa_key("stranger")))
    chain.append([])
    chain.sign_head()
    chain.close()
    assert "which is not known here" in checked(tmp_path / "other").findings[0]


def test_a_head_that_was_altered_does_not_verify(audit, kept):
    head = replace(kept[1][1], seq=3)
    findings = checked(audit, [OutsideHead(head, "the log")]).findings
    assert findings == ["the log: the signature of a head does not verify."]


def test_what_is_signed_over_and_gone_is_found(audit, outside):
    path = files(audit)[2]
    path.write_bytes(b"".join(lines_of(path)[:1]))
    next(audit.glob("*.head")).unlink()
    findings = checked(audit, outside).findings
    assert any("Entry 16, which the head in the log" not in one for one in findings)
    assert any(".head is missing" in one for one in findings)


# What may be


def test_a_torn_line_and_an_abandoned_end_are_notes(audit):
    with files(audit)[2].open("ab") as torn:
        torn.write(b'{"version":2,"chain":"')
    chain = opened(audit, NOW + DAY)
    chain.append([])
    chain.close()
    report = checked(audit)
    assert report.findings == []
    assert any("22 bytes that are not confirmed" in note for note in report.notes)


def test_archives_are_checked_together_and_a_copy_counts_once(audit, tmp_path, outside):
    archive = tmp_path / "archive"
    archive.mkdir()
    shutil.copy(files(audit)[1], archive)
    shutil.move(files(audit)[0], archive)
    assert any("is missing" in finding for finding in checked(audit).findings)
    report = verify_audits([audit, archive], KEYS, outside)
    assert (report.findings, report.counts["entries"]) == ([], 23)
    a_byte_of(archive / files(audit)[0].name)
    assert any("are not the same" in f for f in verify_audits([audit, archive], KEYS, ()).findings)


# What the lines say together


def said_of(tmp_path, *events):
    for number, some in enumerate(events):
        chain = opened(tmp_path / str(number))
        write(chain, *some)
        chain.close()
    return verify_audits([tmp_path / str(n) for n in range(len(events))], KEYS, ()).findings


def test_two_outcomes_of_one_digest_are_found_over_all_chains(tmp_path):
    *_, answered = story(0)
    other = replace(answered, approval=replace(answered.approval, final=NO))
    asked = story(0)[0]
    (finding,) = said_of(tmp_path, [asked, answered], [asked, other])
    assert f"digest {asked.request.digest} is " in finding


def test_an_answer_without_its_evidence_in_the_same_chain_is_found(tmp_path):
    asked, *_, answered = story(0)
    (finding,) = said_of(tmp_path, [asked], [answered])
    assert "answers a request that its chain has no evidence of" in finding


def test_a_request_of_another_digest_is_found(tmp_path):
    asked = story(0)[0]
    other = replace(asked, approval=replace(asked.approval, digest="ef" * 32))
    (finding,) = said_of(tmp_path, [other])
    assert "the request is not the one of its digest" in finding


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "another"},
        {"choice": Choice.REJECT},
        {"digest": "ef" * 32},
    ],
)
def test_a_vote_that_nobody_signed_so_is_found(tmp_path, change):
    asked, _, voted, *_ = story(0)
    vote = replace(voted.vote, **change)
    (finding,) = said_of(tmp_path, [asked, replace(voted, vote=vote)])
    assert "of this vote" in finding or "about other bytes" in finding


def test_a_signature_of_another_statement_is_found(tmp_path):
    asked, _, voted, *_ = story(0)
    evidence = replace(voted.vote.evidence, signature=signed_vote(record(1)[0]).evidence.signature)
    forged = replace(voted, vote=replace(voted.vote, evidence=evidence))
    (finding,) = said_of(tmp_path, [asked, forged])
    assert "the signature of ana is not of this vote" in finding


# Any single change


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_change_of_any_line_is_found(kept, tmp_path, data):
    folder = tmp_path / "one"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept[0], folder)
    path = data.draw(st.sampled_from(files(folder)))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    match data.draw(st.sampled_from(["change", "drop", "insert"])):
        case "change":
            content[place] ^= data.draw(st.integers(1, 255))
        case "drop":
            del content[place : place + data.draw(st.integers(1, 5_000))]
        case _:
            content[place:place] = data.draw(st.binary(min_size=1, max_size=40))
    path.write_bytes(content)
    assert checked(folder).findings


# The chain that is gone on with


def test_a_gateway_does_not_go_on_with_a_chain_whose_end_is_gone(audit):
    the_last_line_of_all(audit)
    with pytest.raises(AuditUnreadable, match="names entry 22 as the last one"):
        opened(audit)


def test_a_second_process_begins_another_chain(tmp_path):
    first, second = opened(tmp_path), opened(tmp_path)
    assert first.name != second.name
    for chain in (first, second):
        write(chain, *story(0))
        chain.close()
    third = opened(tmp_path)
    assert third.name in {first.name, second.name}
    third.close()
    report = checked(tmp_path)
    assert (report.findings, report.counts["chains"]) == ([], 2)


def test_a_file_grows_to_a_size_and_another_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(chains, "MOST_FILE", 10_000)
    chain = opened(tmp_path)
    for number in range(3):
        write(chain, *story(number))
    chain.close()
    assert len(files(tmp_path)) > 2
    assert checked(tmp_path).findings == []


def test_every_file_carries_what_must_stay_known(tmp_path):
    chain = Chain(
        tmp_path,
        process="p1",
        clock=lambda: NOW,
        notary=notary(),
        standing=lambda: {"epoch": 7},
    )
    chain.append([])
    chain.close()
    first = lines_of(files(tmp_path)[0])[0]
    assert b'"event":"opened","why":"start","standing":{"epoch":7}' in first
