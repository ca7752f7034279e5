from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals import proof
from approvals.freezes import statement as freeze_statement
from approvals.freezes.statement import FreezeStatement
from approvals.model import Choice, SshSignature
from approvals.statement import FRESH_MS, NAMESPACE, Statement
from keys import ssh, sshsig
from tests.support.security_key import ED25519, Token

KEY = ssh.generate_private_key()
LINE = ssh.public_key(KEY).line
TOKEN = Token.made(ED25519)
AT = 1_790_848_800_000
SAID = Statement(
    gateway="SHA256:" + "a" * 43,
    node="node-1",
    request_id="20261001120003341000000000000003:1",
    digest="ab" * 32,
    choice=Choice.APPROVE,
    reason="known payee",
    at=AT,
)
known_or_named = pytest.mark.parametrize("line", [LINE, None], ids=["line", "none"])
VOTE: dict[str, Any] = {
    "line": LINE,
    "node": SAID.node,
    "request_id": SAID.request_id,
    "digest": SAID.digest,
    "choice": SAID.choice,
    "override": False,
    "reason": SAID.reason,
    "at": AT + 1_000,
}


def signed(said=SAID, key=KEY, namespace=NAMESPACE):
    armored = sshsig.sign(key, namespace, said.text().encode())
    return SshSignature(ssh.fingerprint(ssh.public_key(key)), armored, said.text())


EVIDENCE = signed()
TOUCHED = SshSignature(
    ssh.fingerprint(TOKEN.public), TOKEN.sign(NAMESPACE, SAID.text()), SAID.text()
)


def proved(evidence=EVIDENCE, **changes):
    return proof.proved(evidence, **(VOTE | changes))


def test_a_vote_is_proved_by_the_signature_it_was_cast_with():
    assert proved()
    assert proved(line=f"{LINE} a comment")
    assert proved(line=None)
    assert proved(TOUCHED, line=TOKEN.line)
    assert proved(TOUCHED, line=None)


def test_a_minute_is_still_close_and_the_edge_counts():
    assert proved(at=AT - FRESH_MS)
    assert proved(at=AT + FRESH_MS)


@pytest.mark.parametrize(
    "change",
    [
        {"line": ssh.public_key(ssh.generate_private_key()).line},
        {"line": TOKEN.line},
        {"line": ""},
        {"line": LINE[:-4]},
        {"node": "node-2"},
        {"request_id": "20261001120003341000000000000003:2"},
        {"digest": "ac" + "ab" * 31},
        {"choice": Choice.REJECT},
        {"override": True},
        {"reason": "known payee "},
        {"reason": "\ud800"},
        {"at": AT - FRESH_MS - 1},
        {"at": AT + FRESH_MS + 1},
    ],
)
def test_another_vote_is_not_proved_by_it(change):
    assert not proved(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"node": "node-2"},
        {"request_id": "20261001120003341000000000000003:2"},
        {"digest": "ac" + "ab" * 31},
        {"choice": Choice.REJECT},
        {"override": True},
        {"reason": "known payee "},
        {"at": AT + 1_000 - FRESH_MS - 1},
        {"at": AT + 1_000 + FRESH_MS + 1},
    ],
)
def test_another_statement_by_the_same_key_proves_another_vote_only(change):
    other = replace(SAID, **change)
    assert not proved(signed(other))
    swapped = replace(EVIDENCE, statement=other.text())
    for line in (LINE, None):
        assert not proved(swapped, line=line)
        of_other = {name: value for name, value in change.items() if name != "at"}
        assert not proved(swapped, line=line, **of_other, at=other.at)
        assert proved(signed(other), line=line, **of_other, at=other.at)


def test_an_override_is_proved_as_one():
    override = signed(replace(SAID, override=True))
    assert proved(override, override=True)
    assert not proved(override)


@known_or_named
def test_a_signature_made_for_another_purpose_proves_nothing(line):
    for namespace in ("file", "countersign-freeze@v1", "countersign-vote@v2", ""):
        assert not proved(signed(namespace=namespace), line=line)


@known_or_named
def test_a_signature_by_another_key_proves_nothing(line):
    other = signed(key=ssh.generate_private_key())
    assert not proved(replace(EVIDENCE, signature=other.signature), line=line)
    assert not proved(replace(EVIDENCE, key=other.key), line=line)
    assert proved(other, line=None)
    assert not proved(other)


@pytest.mark.parametrize("line", [LINE, None, TOKEN.line], ids=["line", "none", "other"])
@pytest.mark.parametrize(
    "evidence",
    [
        replace(EVIDENCE, signature=""),
        replace(EVIDENCE, signature=EVIDENCE.signature[:-40]),
        replace(EVIDENCE, signature=EVIDENCE.signature + " " * 20_000),
        replace(EVIDENCE, signature="\ud800"),
        replace(EVIDENCE, statement=EVIDENCE.statement + "\n"),
        replace(EVIDENCE, statement=""),
        replace(EVIDENCE, statement="\ud800"),
        replace(EVIDENCE, key=""),
        replace(EVIDENCE, key=EVIDENCE.key + "="),
        replace(EVIDENCE, key="\ud800"),
        replace(TOUCHED, signature=TOKEN.but(flags=0).sign(NAMESPACE, SAID.text())),
    ],
)
def test_damaged_evidence_proves_nothing(evidence, line):
    assert not proved(evidence, line=line)


@given(st.integers(0, len(EVIDENCE.signature) - 1), st.characters())
def test_no_changed_character_of_a_signature_proves(index, character):
    text = EVIDENCE.signature
    changed = text[:index] + character + text[index + 1 :]
    assert proved(replace(EVIDENCE, signature=changed)) is (
        changed.rstrip("\n") == text.rstrip("\n")
    )


@given(st.integers(0, len(EVIDENCE.statement) - 1), st.characters())
def test_no_changed_character_of_a_statement_proves(index, character):
    text = EVIDENCE.statement
    changed = text[:index] + character + text[index + 1 :]
    assert proved(replace(EVIDENCE, statement=changed)) is (changed == text)


@given(st.text(), st.text(), st.text(), st.none() | st.text())
def test_whatever_the_evidence_holds_it_is_a_no_and_no_failure(key, signature, statement, line):
    assert not proved(SshSignature(key, signature, statement), line=line)


def test_what_was_verified_is_remembered_for_these_very_strings():
    before = proof._signer.cache_info()
    fresh = signed(replace(SAID, reason="seen twice"))
    assert proved(fresh, reason="seen twice")
    assert proved(fresh, reason="seen twice")
    after = proof._signer.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 1)
    assert not proved(replace(fresh, signature=EVIDENCE.signature), reason="seen twice")
    assert not proved(fresh, reason="seen twice", line=TOKEN.line)
    assert proof._signer.cache_info().misses - before.misses == 3


def test_what_is_too_long_to_be_a_signature_is_not_remembered():
    before = proof._signer.cache_info()
    assert not proved(replace(EVIDENCE, signature="x" * (sshsig.MOST_CHARS + 1)))
    assert proof._signer.cache_info() == before


# Freezes and votes to thaw

FREEZE = FreezeStatement(SAID.gateway, "an alarm", AT)
THAW = replace(FREEZE, thaw="7-3fa1")


def about_freezes(said):
    return signed(said, namespace=freeze_statement.NAMESPACE)


def is_freeze(said=FREEZE, evidence=None, **changes):
    facts = {"wallet": None, "source": None, "reason": "an alarm", "at": AT} | changes
    return proof.freeze_proved(evidence or about_freezes(said), **facts)


def is_thaw(said=THAW, evidence=None, **changes):
    facts = {"line": None, "freeze": "7-3fa1", "reason": "an alarm", "at": AT} | changes
    return proof.thaw_proved(evidence or about_freezes(said), **facts)


def test_a_freeze_is_proved_by_what_was_signed():
    wallet = replace(FREEZE, scope="wallet", name="w1")
    source = replace(FREEZE, scope="source", name="0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c")
    assert is_freeze()
    assert is_freeze(wallet, wallet="w1")
    assert is_freeze(source, source=source.name)
    assert not is_freeze(wallet)
    assert not is_freeze(wallet, source="w1")
    assert not is_freeze(wallet, wallet="w2")
    assert not is_freeze(wallet="w1")
    assert not is_freeze(THAW)
    assert not is_freeze(reason="a drill")
    assert not is_freeze(at=AT + FRESH_MS + 1)
    assert not is_freeze(evidence=signed(FREEZE))
    assert not is_freeze(evidence=EVIDENCE)


def test_a_vote_to_thaw_is_proved_by_what_was_signed():
    assert is_thaw()
    assert is_thaw(line=LINE)
    assert not is_thaw(line=TOKEN.line)
    assert not is_thaw(freeze="7-3fa2")
    assert not is_thaw(FREEZE)
    assert not is_thaw(reason="a drill")
    assert not is_thaw(at=AT - FRESH_MS - 1)
    assert not is_thaw(evidence=signed(THAW))
