"""The city: gateways as real processes, one Redis, wires between them, and a local Slack."""

import asyncio
import contextlib
import math
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

import aiohttp

from approvals.window import Window
from gateway import valkey
from gateway.config.settings import Address
from gateway.desk.cookie import Cookie
from keys.rsa import public_pem, write_private_key
from notifiers.settings import SlackSettings
from tests.chaos.gateway_process import REFUSED, Spec, launch
from tests.chaos.history import Fell, History, PolicyBegan, PolicyEnded, now
from tests.chaos.levers import Levers
from tests.chaos.rules import POLICIES, USUAL
from tests.chaos.slack import CitySlack
from tests.chaos.storage import Storage
from tests.support.proxy import Proxy
from tests.support.sentinels import Fleet, running_fleet
from tests.support.world import CONFIG, NODE, SLACK, rsa_key

_WINDOWS: Final = {"node-1": Window(3, 300, 1_500), "node-2": Window(4, 800, 1_750)}
_WITHIN_S: Final = 7
"""Two nodes. The first leaves people less time than the rules do; the second leaves them more, and
sleeps when the rules' time is up."""

START_WITHIN_S: Final = 30.0
_SECRETS: Final = ("bot_token", "app_token", "signing_secret")


@dataclass
class Gateway:
    """One gateway: its folder, its process while it runs, the wires to it and from it to Redis."""

    name: str
    folder: Path
    listen: Address
    operators: Address
    wire: Proxy
    redis_wire: Proxy | None
    levers: Levers
    spec: Spec
    history: History
    within_s: int
    process: ForkServerProcess | None = None

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        """Where nodes and Slack reach it."""
        return f"http://{self.wire.host}:{self.wire.port}"

    @property
    def desk_url(self) -> str:
        return f"http://{self.operators}"

    @property
    def cookie(self) -> str:
        """The value of an Authorization header; OSError before the first start."""
        return Cookie.read(self.data_dir).header

    def use(self, policy: str) -> None:
        """Write the policy that the next start, or a reload, reads."""
        self.history.note(PolicyBegan(now(), self.name, policy))
        (self.folder / "policy.toml").write_text(POLICIES[policy].text(self.within_s))

    async def start(self, policy: str) -> None:
        """Start it with this policy; return when it answers. One that ends is started again."""
        self.use(policy)
        self.process = launch(self.spec)
        async with asyncio.timeout(START_WITHIN_S), aiohttp.ClientSession() as session:
            while not await self._answers(session):
                if not self.process.is_alive():
                    if self.process.exitcode != REFUSED:
                        self.history.note(Fell(now(), self.name, self.last_words))
                    self.process = launch(self.spec)
                await asyncio.sleep(0.02)

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"http://{self.listen}/ping"):
                return True
        except aiohttp.ClientError:
            return False

    async def kill(self) -> None:
        """As a power cut ends it."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """In order."""
        await self._end(signal.SIGTERM)

    def send(self, number: int) -> None:
        """A signal that does not end it."""
        if self.process is not None and self.process.pid is not None:
            os.kill(self.process.pid, number)

    async def _end(self, number: int) -> None:
        process, self.process = self.process, None
        if process is None or process.pid is None:
            return
        self._note_fall(process)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
            os.kill(process.pid, signal.SIGCONT)
        await asyncio.to_thread(process.join, 15)
        if process.is_alive():
            self.history.note(Fell(now(), self.name, "it did not end within 15 s"))
            process.kill()
            await asyncio.to_thread(process.join, 15)
        self.history.note(PolicyEnded(now(), self.name))

    def look(self) -> None:
        """Note a process that ended by itself."""
        if self.process is not None:
            self._note_fall(self.process)

    def _note_fall(self, process: ForkServerProcess) -> None:
        if not process.is_alive():
            self.history.note(Fell(now(), self.name, self.last_words))

    @property
    def last_words(self) -> str:
        return self.spec.log.read_text(errors="replace")[-2_000:] if self.spec.log.exists() else ""


@dataclass
class City:
    """Everything that runs, and what is seen of it."""

    folder: Path
    gateways: list[Gateway]
    storage: Storage | None
    fleet: Fleet | None
    slack: CitySlack
    history: History
    windows: Mapping[str, Window]
    policy: str = USUAL.name

    @property
    def redis_url(self) -> str | None:
        """Where to look at what is stored: at a server of its own, ours or the only gateway's."""
        if self.fleet is not None:
            return None
        if self.storage is not None:
            return self.storage.server.url
        return f"unix://{self.gateways[0].data_dir / 'redis' / valkey.SOCKET}"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a city is built. `fsync` is its Redis's `appendfsync`; None: one embedded server each.
    `sentinels`: a master and a replica, which three sentinels watch.

    `pace` stretches the nodes' windows and the rules' time.
    """

    gateways: int
    fsync: str | None
    may_forget: bool = False
    guard: str | None = None
    sentinels: bool = False
    pace: float = 1.0

    @property
    def windows(self) -> dict[str, Window]:
        """The nodes' settings by name."""
        return {
            name: Window(
                window.retry_times,
                round(window.sleep_ms * self.pace),
                round(window.timeout_ms * self.pace),
            )
            for name, window in _WINDOWS.items()
        }


@contextlib.asynccontextmanager
async def standing(folder: Path, plan: Plan, history: History) -> AsyncIterator[City]:
    """Build the city, and take it down again."""
    async with contextlib.AsyncExitStack() as stack:
        slack = await stack.enter_async_context(CitySlack.open(history))
        storage = fleet = None
        if plan.sentinels:
            fleet = stack.enter_context(running_fleet())
        elif plan.fsync is not None:
            storage = stack.enter_context(Storage.running(plan.fsync))
        gateways = []
        for number in range(plan.gateways):
            gateway = await _built(
                folder / f"g{number}", plan, storage or fleet, slack.settings, history
            )
            await stack.enter_async_context(gateway.wire)
            if gateway.redis_wire is not None:
                stack.push_async_exit(gateway.redis_wire)
            gateways.append(gateway)
        city = City(folder, gateways, storage, fleet, slack, history, plan.windows)
        stack.push_async_callback(_taken_down, gateways)
        async with asyncio.TaskGroup() as group:  # none goes on where another could not start
            for gateway in gateways:
                group.create_task(gateway.start(city.policy))
        yield city


async def _taken_down(gateways: list[Gateway]) -> None:
    await asyncio.gather(*(gateway.stop() for gateway in gateways))


def _lasting_address() -> Address:
    """A port below those that outgoing connections take: it is still free after a kill."""
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return Address("127.0.0.1", port)


async def _built(
    folder: Path,
    plan: Plan,
    storage: Storage | Fleet | None,
    slack: SlackSettings,
    history: History,
) -> Gateway:
    listen, operators = _lasting_address(), _lasting_address()
    redis_wire, url = None, None
    if isinstance(storage, Fleet):
        url = storage.url
    elif storage is not None:
        redis_wire = Proxy(str(storage.server.socket))
        await redis_wire.listen()
        url = redis_wire.url
    _write_keys(folder)
    (folder / "countersign.toml").write_text(_config(listen, operators, url, slack, plan))
    spec = Spec(
        folder / "countersign.toml",
        folder / "levers",
        folder / "log",
        plan.guard,
        {f"SLACK_{name.upper()}": getattr(slack, name).reveal() for name in _SECRETS},
    )
    return Gateway(
        folder.name,
        folder,
        listen,
        operators,
        Proxy((listen.host, listen.port)),
        redis_wire,
        Levers(spec.levers),
        spec,
        history,
        math.ceil(_WITHIN_S * plan.pace),
    )


def _write_keys(folder: Path) -> None:
    keys = folder / "keys"
    keys.mkdir(parents=True)
    write_private_key(keys / "server.pem", rsa_key("server"))
    for name in _WINDOWS:
        (keys / f"{name}.pub").write_bytes(public_pem(rsa_key(name).public_key()))
    seal = folder / "seal.key"
    seal.touch(mode=0o600)
    seal.write_text("5e" * 32 + "\n")


def _config(
    listen: Address, operators: Address, redis: str | None, slack: SlackSettings, plan: Plan
) -> str:
    text = CONFIG.format(keys="keys", port=listen.port).replace("127.0.0.1:0", str(operators))
    for name, window in plan.windows.items():
        text += NODE.format(
            name=name,
            keys="keys",
            retry_times=window.retry_times,
            sleep=window.sleep_ms / 1000,
            timeout=window.timeout_ms / 1000,
        )
    if redis is not None:
        text += f'\n[redis]\nurl = "{redis}"\nmay_forget = {str(plan.may_forget).lower()}\n'
    ways_in = 'app_token = { env = "SLACK_APP_TOKEN" }'
    ways_in += '\nsigning_secret = { env = "SLACK_SIGNING_SECRET" }'
    return text + SLACK.format(slack=slack, ways_in=ways_in)
