"""Records to start a test from; each test changes one thing."""

from dataclasses import replace
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from approvals.electorate import Electorate, Person
from approvals.model import (
    Approval,
    Attempts,
    Choice,
    Need,
    SlackClick,
    SshSignature,
    Verdict,
    Vote,
)
from approvals.statement import NAMESPACE, Statement
from keys import ssh, sshsig

NOW = 1_790_000_000_000
NODE = "node-1"
DIGEST = "ab" * 32
POLICY = "cd" * 32

REQUEST_ID = "20261001120003341000000000000003:1"
GATEWAY = "SHA256:" + "A" * 43


@cache
def ssh_key(name: str) -> Ed25519PrivateKey:
    """A person's key, the same each time."""
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


PEOPLE = {
    name: Person(
        name=name,
        slack=f"U0{name.upper()}",
        ssh_key=ssh.fingerprint(ssh.public_key(ssh_key(name))),
        ssh_line=ssh.public_key(ssh_key(name)).line,
        initiates_as=(),
    )
    for name in ("ana", "bo", "chen", "dee", "eli")
}
GROUPS = {"treasury": ("ana", "bo", "chen"), "on_call": ("dee", "eli")}
ELECTORATE = Electorate(policy=POLICY, people=PEOPLE, groups=GROUPS)


def need(group: str = "treasury", count: int = 1, people: tuple[str, ...] | None = None) -> Need:
    """A need of a group's own people."""
    return Need(group, count, GROUPS[group] if people is None else people)


def ask(*needs: Need, **changes) -> Verdict:
    """An ask of these needs, of one from treasury if none are given."""
    verdict = Verdict(effect="ask", needs=needs or (need(),), within_ms=1_800_000)
    return replace(verdict, **changes)


def approval(verdict: Verdict | None = None, **changes) -> Approval:
    """A pending approval asked at NOW with ten minutes to decide."""
    record = Approval(
        node=NODE,
        request_id=REQUEST_ID,
        type=2,
        digest=DIGEST,
        policy=POLICY,
        asked_at=NOW,
        deadline=NOW + 600_000,
        answer_until=NOW + 1_200_000,
        verdict=verdict or ask(),
        attempts=Attempts(number=0, began=NOW, ended=None, holder="p1", tokens=("t0",)),
    )
    return replace(record, **changes)


def click(person: str) -> SlackClick:
    """A click by this person in the approvals channel."""
    return SlackClick("T0ACME", f"U0{person.upper()}", "C0APPROVALS", "1.2", "nonce")


def signature(person: str, **changes) -> SshSignature:
    """The evidence of a vote at a terminal, to approve if nothing else is said."""
    said = Statement(GATEWAY, NODE, REQUEST_ID, DIGEST, Choice.APPROVE, "I looked", NOW + 1_000)
    text = replace(said, **changes).text()
    armored = sshsig.sign(ssh_key(person), NAMESPACE, text.encode())
    return SshSignature(PEOPLE[person].ssh_key or "", armored, text)


def signed(person: str, choice: Choice = Choice.APPROVE, **changes) -> Vote:
    """A vote at a terminal; `changes` are those of vote and statement alike."""
    evidence = signature(person, choice=choice, **changes)
    return vote(person, choice, **{"reason": "I looked", **changes}, evidence=evidence)


def vote(person: str, choice: Choice = Choice.APPROVE, **changes) -> Vote:
    """A vote a second after asking."""
    made = Vote(person, choice, DIGEST, NOW + 1_000, "", click(person))
    return replace(made, **changes)
