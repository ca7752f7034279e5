"""A whole gateway in this process: its files, its store, a node that signs, people with keys."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from approvals import statement as statements
from approvals.audit.form import OWN
from approvals.freezes import statement as freeze_statement
from approvals.model import Approval, Choice
from approvals.window import Window
from gateway.clock import SYSTEM
from gateway.config.file import load, load_for_operator
from gateway.config.settings import Address
from gateway.observe.observer import Observer
from gateway.oncall.client import DeskClient
from gateway.serve import Running, serve
from gateway.simulate.node import NodeSettings, ask
from keys import ssh, sshsig
from keys.rsa import fingerprint, generate_private_key, public_pem, write_private_key
from notifiers.settings import SlackSettings
from tests.support.requests import Sample, sample
from tests.support.waiting import PATIENCE_S

PEOPLE = ("ana", "bo", "chen", "dee", "eli")
NODE_KEYS = ("node-1", "node-2", "stranger")

CONFIG = """
[gateway]
listen = "127.0.0.1:{port}"
operator_listen = "127.0.0.1:0"
data_dir = "data"
policy = "policy.toml"

[keys]
private_key = "{keys}/server.pem"
seal_key = "seal.key"
"""

SLACK = """
[slack]
workspace = "{slack.workspace}"
channel = "{slack.channel}"
bot_token = {{ env = "SLACK_BOT_TOKEN" }}
{ways_in}
api_url = "{slack.api_url}"
"""

NODE = """
[[tss_node]]
name = "{name}"
callback_public_key = "{keys}/{name}.pub"
retry_times = {retry_times}
sleep_seconds = {sleep}
request_timeout = {timeout}
"""

RULES = """
[ask]
approvals = [{ group = "treasury", count = 1 }]
within = "30m"
"""

APPROVE_SMALL = """
[[rule]]
id = "small"
why = "Small transfers need nobody"
effect = "approve"
when.type = "key_sign"
when.kind = "transfer"
when.token = "ETH_USDT"
when.amount_at_most = "5000 USDT"
"""

REJECT_BIG = """
[[rule]]
id = "big"
why = "Nobody moves this much at once"
effect = "reject"
when.amount_over = "1000 USDT"
"""


@cache
def rsa_key(name: str) -> Any:
    """One RSA-2048 key per name and process: making them is what takes time."""
    del name
    return generate_private_key(2048)


@cache
def ssh_key(name: str) -> Any:
    """A person's Ed25519 key."""
    del name
    return ssh.generate_private_key()


def people() -> str:
    """The people and groups that every policy here begins with."""
    lines = ['default = "ask"', ""]
    for name in PEOPLE:
        line = ssh.public_key(ssh_key(name)).line
        lines += [f"[people.{name}]", f'slack = "U0{name.upper()}"', f'ssh_key = "{line}"', ""]
    lines += ["[groups]", 'treasury = ["ana", "bo", "chen"]', 'on_call = ["dee", "eli"]', ""]
    return "\n".join(lines)


@dataclass
class MovableClock:
    """The machine's clock, moved by `ahead_ms`."""

    ahead_ms: int = 0

    def now_ms(self) -> int:
        return SYSTEM.now_ms() + self.ahead_ms


@dataclass
class World:
    """One gateway's folder, and what a test changes before it starts."""

    folder: Path
    redis_url: str | None
    window: Window = field(default_factory=lambda: Window(2, 1_000, 2_000))
    rules: str = RULES
    nodes: tuple[str, ...] = ("node-1",)
    policy: str = ""
    more_config: str = ""
    port: int = 0
    with_events: bool = False
    clock: MovableClock = field(default_factory=MovableClock)

    def write(self) -> Path:
        """Write every file; the path of countersign.toml."""
        keys = self.folder / "keys"
        keys.mkdir(exist_ok=True)
        for name in self.nodes if self.with_events else ():
            public = rsa_key(f"{name}-events").public_key()
            (keys / f"{name}-events.pub").write_bytes(public_pem(public))
        if not (keys / "server.pem").exists():
            write_private_key(keys / "server.pem", rsa_key("server"))
            for name in NODE_KEYS:
                (keys / f"{name}.pub").write_bytes(public_pem(rsa_key(name).public_key()))
            seal = self.folder / "seal.key"
            seal.touch(mode=0o600)
            seal.write_text("5e" * 32 + "\n")
        config = CONFIG.format(keys="keys", port=self.port)
        for name in self.nodes:
            config += NODE.format(
                name=name,
                keys="keys",
                retry_times=self.window.retry_times,
                sleep=self.window.sleep_ms / 1000,
                timeout=self.window.timeout_ms / 1000,
            )
            if self.with_events:
                config += f'event_public_key = "keys/{name}-events.pub"\n'
        if self.redis_url is not None:
            config += f'\n[redis]\nurl = "{self.redis_url}"\nmay_forget = true\n'
        path = self.folder / "countersign.toml"
        path.write_text(config + self.more_config)
        (self.folder / "policy.toml").write_text((self.policy or people()) + self.rules)
        return path

    def with_slack(self, slack: SlackSettings, monkeypatch: pytest.MonkeyPatch, *via: str) -> None:
        """Tell people in this Slack, and hear them over `socket`, `http` or both."""
        ways_in = []
        if "socket" in via:
            ways_in.append('app_token = { env = "SLACK_APP_TOKEN" }')
        if "http" in via:
            ways_in.append('signing_secret = { env = "SLACK_SIGNING_SECRET" }')
        self.more_config += SLACK.format(slack=slack, ways_in="\n".join(ways_in))
        for name in ("bot_token", "app_token", "signing_secret"):
            monkeypatch.setenv(f"SLACK_{name.upper()}", getattr(slack, name).reveal())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["House"]:
        """Start the gateway, stop it in order."""
        settings = load(self.write())
        stop, hangups = asyncio.Event(), asyncio.Event()
        started = asyncio.get_running_loop().create_future()
        lines: list[dict[str, Any]] = []

        def capture(_logger: Any, _method: str, fields: Any) -> Any:
            lines.append(dict(fields))
            raise structlog.DropEvent

        log = structlog.wrap_logger(structlog.PrintLogger(), processors=[capture])
        observer = Observer(log, lambda: 0)
        task = asyncio.create_task(
            serve(
                settings,
                stop=stop,
                hangups=hangups,
                observer=observer,
                on_ready=started.set_result,
                clock=self.clock,
            )
        )
        await asyncio.wait([task, started], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        house = House(self, started.result(), observer, lines, stop, hangups, task)
        try:
            yield house
        finally:
            await house.end()


@dataclass
class House:
    """A running gateway and the ways to it."""

    world: World
    running: Running
    observer: Observer
    lines: list[dict[str, Any]]
    stop: asyncio.Event
    hangups: asyncio.Event
    task: "asyncio.Task[None]"

    @property
    def url(self) -> str:
        return f"{self.running.public.url}/v2/check"

    @property
    def service(self) -> Any:
        return self.running.assembly.service

    async def kill(self) -> None:
        """End as a crash does: nobody is told, nothing more is stored."""
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def end(self) -> None:
        """Stop in order, and see any failure of the gateway itself."""
        self.stop.set()
        if not self.task.cancelled():
            await self.task

    def node(self, name: str = "node-1", key: str | None = None, **changes: Any) -> NodeSettings:
        """A node that signs with its own key."""
        server = rsa_key("server").public_key()
        settings = NodeSettings(self.url, rsa_key(key or name), server, self.world.window)
        return replace(settings, **changes)

    async def asks(
        self,
        what: Sample | bytes | None = None,
        *,
        on_event: Callable[[Any], Any] = id,
        **changes: Any,
    ) -> Any:
        """Ask as a node does, with all its retries; the ERC-20 sample if nothing is named."""
        package = (what or sample("keysign_erc20_usdt")) if not isinstance(what, bytes) else what
        package = package if isinstance(package, bytes) else package.package
        return await ask(self.node(**changes), package, on_event=on_event)

    async def pending(self, count: int = 1) -> tuple[Approval, ...]:
        """The open approvals, once there are so many."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found: tuple[Approval, ...] = await self.service.open_approvals()
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.01)

    async def votes(
        self,
        person: str,
        choice: Choice = Choice.APPROVE,
        approval: Approval | None = None,
        *,
        override: bool = False,
    ) -> dict[str, Any]:
        """A signed vote from the terminal, over the desk."""
        approval = approval or (await self.pending())[0]
        signed = statements.Statement(
            gateway=fingerprint(rsa_key("server").public_key()),
            node=approval.node,
            request_id=approval.request_id,
            digest=approval.digest,
            choice=choice,
            reason="seen",
            at=self.service._ledger.now(),
            override=override,
        ).text()
        armored = sshsig.sign(ssh_key(person), statements.NAMESPACE, signed.encode())
        return await asyncio.to_thread(self.desk.vote, signed, armored)

    async def freezes(self, person: str, scope: Any = "everything", name: str = "") -> str:
        """A signed freeze over the desk; its id."""
        told = await self.signs(person, scope=scope, name=name)
        return str(told["freeze"])

    async def thaws(self, person: str, freeze: str) -> dict[str, Any]:
        """A signed vote to thaw, over the desk."""
        return await self.signs(person, thaw=freeze)

    async def signs(
        self, person: str, *, namespace: str = freeze_statement.NAMESPACE, **changes: Any
    ) -> dict[str, Any]:
        """A statement about freezes, over the desk: a freeze of everything, if nothing is said."""
        said = freeze_statement.FreezeStatement(
            gateway=fingerprint(rsa_key("server").public_key()),
            reason="an alarm",
            at=self.service._ledger.now(),
        )
        text = replace(said, **changes).text()
        armored = sshsig.sign(ssh_key(person), namespace, text.encode())
        return await asyncio.to_thread(self.desk.change_freezes, text, armored)

    @property
    def desk(self) -> DeskClient:
        operator = self.running.operator
        settings = load_for_operator(self.world.folder / "countersign.toml")
        settings = replace(settings, operator_listen=Address(operator.host, operator.port))
        return DeskClient.of(settings)

    async def get(self, path: str, base: str | None = None) -> tuple[int, str]:
        """An unauthenticated GET."""
        url = (base or self.running.public.url) + path
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.text()

    def audit(self) -> list[dict[str, Any]]:
        """What happened, as the audit has it, oldest first; not what it says about itself."""
        return [line for line in self._audited() if line["event"] not in {*OWN, "freeze_changed"}]

    def frozen(self) -> list[dict[str, Any]]:
        """Its lines about what is frozen, oldest first."""
        return [line for line in self._audited() if line["event"] == "freeze_changed"]

    def _audited(self) -> list[dict[str, Any]]:
        lines = []
        for path in sorted((self.world.folder / "data" / "audit").glob("*.jsonl")):
            lines += [json.loads(line) for line in path.read_text().splitlines()]
        return lines


@pytest.fixture
def world(tmp_path: Path, redis_url: str) -> World:
    """A gateway over this test's own store, asking one of treasury, with a window of 7 seconds."""
    return World(tmp_path, redis_url)
