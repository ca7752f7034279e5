"""What the configuration says, as frozen data."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from approvals.settings import RedisSettings
from approvals.window import Window
from notifiers.settings import NotifySettings, SlackSettings


class ConfigError(Exception):
    """The configuration cannot be used. `mistakes` holds one plain sentence for each."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Node:
    """A TSS Node we answer: its callback public keys, its `callback:` settings.

    `private_key` is the key that its answers are signed with; None: that of `[keys]`.
    `event_keys` are those of its event notifications, which are refused where there are none.
    """

    name: str
    keys: tuple[Path, ...]
    window: Window
    private_key: Path | None
    event_keys: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that countersign.toml says; paths are complete."""

    path: Path
    listen: Address
    operator_listen: Address
    data_dir: Path
    policy: Path
    nodes: tuple[Node, ...]
    private_key: Path
    seal_key: Path
    redis: RedisSettings
    slack: SlackSettings | None
    notify: tuple[NotifySettings, ...] = ()
