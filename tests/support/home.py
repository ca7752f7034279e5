"""A gateway process with throwaway keys, and a node that asks it from a thread."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.child import running_gateway
from gateway.clock import SYSTEM
from gateway.config.file import load_for_operator
from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from gateway.setup.init import APPROVER_KEY, Plan, init
from gateway.simulate.attempts import Conclusion
from gateway.simulate.fresh import freshen
from gateway.simulate.node import NodeSettings, ask
from gateway.simulate.twin import node_settings
from keys import rsa, ssh, ssh_files
from tests.support.ports import free_ports
from tests.support.requests import FOLDER
from tests.support.world import rsa_key

WINDOW = {"retry_times": "20", "sleep_seconds": "1", "request_timeout": "10"}


@dataclass
class Home:
    """A folder that `init` made, whose approver is `ana`."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "countersign.toml"

    @property
    def settings(self) -> Settings:
        return load_for_operator(self.config)

    @property
    def key(self) -> Path:
        return self.folder / APPROVER_KEY

    @property
    def node(self) -> NodeSettings:
        return node_settings(self.settings, self.settings.nodes[0], None)

    @property
    def desk(self) -> DeskClient:
        return DeskClient.of(self.settings)

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        with running_gateway(self.config, self.settings.listen, self.folder / "gateway.log"):
            yield

    @contextlib.contextmanager
    def asked(self, name: str = "keysign_erc20_usdt") -> Iterator["Asked"]:
        """A node asks, until the block ends; the approval is in the store when it begins."""
        package = freshen((FOLDER / f"{name}.json").read_bytes(), SYSTEM.now_ms())
        asked = Asked(json.loads(package)["request_id"], self.node, package)
        try:
            while not self.desk.find(asked.request_id):
                assert not asked.done, asked.conclusion
                time.sleep(0.01)
            yield asked
        finally:
            asked.stop()


class Asked:
    """A node that asks in a thread; `conclusion` waits for what it went by."""

    def __init__(self, request_id: str, node: NodeSettings, package: bytes) -> None:
        self.request_id = request_id
        self._node = node
        self._package = package
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        self._ready.wait()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        self._ready.set()
        self._conclusion = await ask(self._node, self._package, stop=self._told)

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    @property
    def conclusion(self) -> Conclusion:
        self._thread.join(30)
        return self._conclusion

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._told.set)
        self._thread.join(30)


def made(folder: Path, **settings: str) -> Home:
    """A home with ports of its own; its gateway is not running yet."""
    listen, operator_listen = (f"127.0.0.1:{port}" for port in free_ports(2))
    addresses = {"listen": listen, "operator_listen": operator_listen}
    plan = Plan(folder, "ana", None, with_test_node=True, settings=addresses | WINDOW | settings)
    keys = (rsa_key(f"home-{number}") for number in range(3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", lambda _bits: next(keys))
        init(plan)
    return Home(folder)


def on_call(home: Home) -> Home:
    """The same, whose policy knows dee and eli: they are on call and have a key each, by name."""
    people = ""
    for name in ("dee", "eli"):
        key = ssh.generate_private_key()
        ssh_files.write_private_key(home.folder / name, key)
        people += f'[people.{name}]\nssh_key = "{ssh.public_key(key).line}"\n'
    path = home.settings.policy
    text = path.read_text()
    path.write_text(text.replace("[groups]", f'{people}[groups]\non_call = ["dee", "eli"]', 1))
    return home
