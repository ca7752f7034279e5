"""Records to start a test from; each test changes one thing."""

from dataclasses import replace

from approvals.model import (
    Approval,
    Attempts,
    Choice,
    Electorate,
    Need,
    Person,
    SlackClick,
    SshSignature,
    Verdict,
    Vote,
)

NOW = 1_790_000_000_000
NODE = "node-1"
DIGEST = "ab" * 32
POLICY = "cd" * 32

PEOPLE = {
    name: Person(
        name=name,
        slack=f"U0{name.upper()}",
        ssh_key=f"SHA256:{name}",
        ssh_line=f"ssh-ed25519 AAAA {name}",
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
        request_id="20261001120003341000000000000003:1",
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


def signature(person: str) -> SshSignature:
    """A terminal vote's evidence."""
    return SshSignature(f"SHA256:{person}", "-----BEGIN SSH SIGNATURE-----", "statement")


def vote(person: str, choice: Choice = Choice.APPROVE, **changes) -> Vote:
    """A vote a second after asking."""
    made = Vote(person, choice, DIGEST, NOW + 1_000, "", click(person))
    return replace(made, **changes)
