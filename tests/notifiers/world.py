"""One gateway's approvals with everything that tells people and hears them, on a local Slack."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from approvals.aftermath.store import AfterStore
from approvals.audit import Audit
from approvals.ballots import Ballot
from approvals.bell import Bell
from approvals.events import Event
from approvals.freezes import statement as freeze_statement
from approvals.freezes.model import Freeze, FreezeRecord
from approvals.freezes.statement import FreezeStatement
from approvals.freezes.store import FreezeStore
from approvals.hearing import Hearing
from approvals.memory import Memory
from approvals.model import Approval, Choice, SshSignature
from approvals.outbox import Outbox
from approvals.parts import Parts
from approvals.policy.load import load
from approvals.redis.link import Link
from approvals.request import Request
from approvals.service import Service
from approvals.statement import NAMESPACE, Statement
from approvals.store import Store
from approvals.untold import Untold
from approvals.voting import Counted
from approvals.window import Window
from gateway.clock import SYSTEM
from gateway.tasks import end
from keys import ssh, sshsig
from keys.seals import SealKey
from notifiers.slack.clicks import Clicks
from notifiers.slack.client import SlackClient
from notifiers.slack.hearing import Heard
from notifiers.slack.pace import Pace
from notifiers.slack.posts import SlackPosts
from notifiers.slack.summary import Summary
from notifiers.slack.thread import NAME as SLACK
from notifiers.story import names_of
from notifiers.teller import Teller
from notifiers.tellers import Tellers
from tests.support.audits import notary
from tests.support.requests import Sample, sample
from tests.support.slack_server import CHANNEL, WORKSPACE, LocalSlack, Message
from tests.support.waiting import PATIENCE_S


def _ssh_key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def _ssh_line(number: int) -> str:
    public = _ssh_key(number).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


SIGNERS = {"ana": 1, "bo": 2, "dee": 4, "eli": 5}


POLICY = f"""
default = "ask"

[people.ana]
slack = "U0ANA"
ssh_key = "{_ssh_line(1)}"
[people.bo]
slack = "U0BO"
ssh_key = "{_ssh_line(2)}"
[people.chen]
slack = "U0CHEN"
initiates_as = ["treasury-api-key"]
[people.dee]
slack = "U0DEE"
ssh_key = "{_ssh_line(4)}"
[people.eli]
slack = "U0ELI"
ssh_key = "{_ssh_line(5)}"

[groups]
treasury = ["ana", "bo", "chen"]
on_call = ["dee", "eli"]

[lists]
cold_1 = ["ETH:0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"]

[ask]
approvals = [{{ group = "treasury", count = 1 }}]
within = "10m"

[override]
group = "on_call"
approve = 2
reject = 2

[[rule]]
id = "usdt"
why = "Tether leaves"
effect = "ask"
when.token = "ETH_USDT"
approvals = [{{ group = "treasury", count = 2 }}]

[[rule]]
id = "ether"
why = "Somebody must say why Ether leaves"
effect = "ask"
when.token = "ETH"
approvals = [{{ group = "treasury", count = 1 }}]
reason = "both"

[[rule]]
id = "messages"
why = "A message can be anything"
effect = "ask"
when.kind = "message"
strength = "ssh"
"""


@dataclass
class Notes:
    """A journal that keeps what it hears."""

    events: list[Event] = field(default_factory=list)

    def note(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Clock:
    """The machine's clock, or one that stands, moved forward by `ahead` milliseconds."""

    ahead: int = 0
    stands_at: int | None = None

    def now_ms(self) -> int:
        return (SYSTEM.now_ms() if self.stands_at is None else self.stands_at) + self.ahead


async def _trusting(_: object) -> None:
    """The server is ours."""


class World:
    def __init__(self, url: str, folder: Path, slack: LocalSlack, policy: str = POLICY) -> None:
        self.slack = slack
        self.clock = Clock()
        self.notes = Notes()
        self.seal_key = seal_key = SealKey(b"k" * 32)
        self._link = Link(url, check=_trusting)
        self.store = Store(self._link, seal_key, keep_days=1)
        self.outbox = Outbox(self._link, seal_key, (SLACK,))
        self.audit = Audit(folder / "audit", process="p1", clock=self.clock.now_ms, notary=notary())
        self.service = Service(
            Parts(
                store=self.store,
                after=AfterStore(self._link, seal_key, keep_days=9),
                freezes=FreezeStore(self._link, seal_key),
                outbox=self.outbox,
                bell=Bell(self._link, self.store.revisions),
                audit=self.audit,
                memory=Memory(),
                policy=load(policy),
                windows={"node-1": Window(retry_times=60, sleep_ms=1_000, timeout_ms=60_000)},
                journals=(self.notes,),
                now_ms=self.clock.now_ms,
                process="p1",
            )
        )
        self.pace: Pace | None = None
        self._asking: list[asyncio.Task[Approval]] = []
        self.client = SlackClient(slack.settings, timeout_s=2)
        self.restart()

    def restart(self) -> None:
        """Forget everything that is not stored, as a new process would."""
        pace = self.pace or Pace(self.clock.now_ms, every_ms=1, burst=100)
        self.posts = SlackPosts(self.client, CHANNEL, self.outbox, pace)
        self.summary = Summary(self.client, CHANNEL, self.service, self.outbox, pace)
        self.paced = pace
        self.tellers = Tellers(
            self.service,
            self.outbox,
            self.posts,
            names=lambda: names_of(self.service.policy),
            journal=self.notes,
            now_ms=self.clock.now_ms,
            burst=self.summary.tell,
        )
        self.clicks = Clicks(
            self.service,
            self.outbox,
            self.client,
            self.tellers,
            workspace=WORKSPACE,
            seal_key=self.seal_key,
            names=lambda: names_of(self.service.policy),
            journal=self.notes,
            now_ms=self.clock.now_ms,
        )

    def ask(self, request: Request | Sample | None = None) -> asyncio.Task[Approval]:
        """A node asks and stays on the line."""
        wanted = request or sample("keysign_erc20_usdt")
        asked = wanted.request if isinstance(wanted, Sample) else wanted
        hearing = Hearing(f"token-{len(self._asking)}", self.clock.now_ms())
        task = asyncio.create_task(self.service.answer(asked, hearing))
        self._asking.append(task)
        return task

    async def asked(self, request: Request | Sample | None = None) -> Approval:
        """The record of a request, once it is stored."""
        wanted = request or sample("keysign_erc20_usdt")
        asked = wanted.request if isinstance(wanted, Sample) else wanted
        _ = self.ask(asked)
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await self.service.read(f"{asked.node}/{asked.request_id}")):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return found

    async def asked_and_answered(self, request: Sample) -> asyncio.Task[Approval]:
        """A node asks and hears the answer at once."""
        task = self.ask(request)
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait({task})
        return task

    def signature(self, person: str, namespace: str, text: str) -> SshSignature:
        """What somebody signed at a terminal."""
        key = _ssh_key(SIGNERS[person])
        return SshSignature(
            ssh.fingerprint(ssh.public_key(key)), sshsig.sign(key, namespace, text.encode()), text
        )

    async def override(
        self, approval: Approval, person: str, choice: Choice = Choice.APPROVE, reason: str = "why"
    ) -> None:
        """A vote that was signed as an override, as the desk hands it in."""
        said = Statement(
            "SHA256:" + "A" * 43,
            approval.node,
            approval.request_id,
            approval.digest,
            choice,
            reason,
            self.clock.now_ms(),
            override=True,
        )
        evidence = self.signature(person, NAMESPACE, said.text())
        ballot = Ballot(person, choice, approval.digest, reason, evidence, override=True)
        done = await self.service.vote(approval.member, ballot)
        assert isinstance(done, Counted), done

    async def thaw(self, freeze: str, person: str) -> None:
        """A signed vote to end a freeze."""
        reason = f"{person} looked"
        said = FreezeStatement("SHA256:" + "A" * 43, reason, self.clock.now_ms(), thaw=freeze)
        evidence = self.signature(person, freeze_statement.NAMESPACE, said.text())
        done = await self.service.freezing.thaw(
            freeze=freeze,
            person=person,
            reason=reason,
            evidence=evidence,
            electorate=self.service.policy.electorate,
        )
        assert isinstance(done, FreezeRecord), done

    async def freeze(self, person: str = "dee", **scope: str) -> Freeze:
        """A freeze from a terminal."""
        done = await self.service.freezing.freeze(
            wallet=scope.get("wallet"),
            source=scope.get("source"),
            person=person,
            reason="keys <!channel> leaked",
            evidence=self.signature(person, freeze_statement.NAMESPACE, f"freeze {scope}"),
            electorate=self.service.policy.electorate,
        )
        assert isinstance(done, Freeze), done
        return done

    async def press(self, message: Message, button: str, user: str, **changes: Any) -> Heard:
        """A click that needs no transport; what follows the acknowledgement has happened."""
        heard = await self.clicks.hear(self.slack.payload(message, button, user, **changes))
        if heard.after is not None:
            await heard.after()
        return heard

    @property
    def teller(self) -> Teller:
        """Slack's."""
        return self.tellers.each[0]

    @property
    def untold(self) -> Untold:
        """What Slack must still show."""
        return self.outbox.at(SLACK)

    async def told(self) -> None:
        """Everything that is due is told."""
        await all_told(self.tellers)

    async def stored(self, approval: Approval) -> Approval:
        found = await self.service.read(approval.member)
        assert found is not None
        return found

    async def close(self) -> None:
        await end(self._asking)
        await self.clicks.close()
        await self._link.close()
        self.audit.close()


async def all_told(tellers: Tellers) -> None:
    """Every place has told what is due there, each in a task of its own, as in a gateway."""

    async def told(teller: Teller) -> None:
        while await teller.tell_due():
            pass

    await asyncio.gather(*map(told, tellers.each))


@contextlib.asynccontextmanager
async def world_on(
    url: str, folder: Path, slack: LocalSlack, policy: str = POLICY
) -> AsyncIterator[World]:
    world = World(url, folder, slack, policy)
    try:
        yield world
    finally:
        await world.close()
