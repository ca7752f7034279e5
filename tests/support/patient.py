"""A folder as `init` leaves it, to be hurt in one place and looked over by the doctor."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.config.file import load_for_operator
from gateway.config.settings import Settings
from gateway.doctor.check import Check, Level
from gateway.doctor.examining import Wanted, examine
from keys import rsa
from tests.support.home import made

ADVISED = {"retry_times": "60", "sleep_seconds": "2", "request_timeout": "55"}


@dataclass
class Patient:
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "countersign.toml"

    @property
    def settings(self) -> Settings:
        return load_for_operator(self.config)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace text that must be there."""
        path = self.folder / name
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new))

    def examined(
        self, node_config: Path | None = None, node: str | None = None, *, limit_s: float = 20.0
    ) -> "Found":
        sections = examine(Wanted(self.config, node_config, node), limit_s=limit_s)
        return Found([check for section in sections for check in section.checks])


@dataclass
class Found:
    checks: list[Check]

    def of(self, *levels: Level) -> list[str]:
        """The names of the checks of these levels, sorted."""
        return sorted(check.name for check in self.checks if check.level in levels)

    def named(self, name: str, level: Level) -> Check:
        """The only one."""
        (check,) = [each for each in self.checks if (each.name, each.level) == (name, level)]
        return check


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a key takes a while."""
    folder = tmp_path_factory.mktemp("healthy") / "home"
    home = made(folder, **ADVISED)
    other = rsa.generate_private_key(2048)
    rsa.write_private_key(folder.parent / "other-pri.pem", other)
    (folder.parent / "other-pub.pem").write_bytes(rsa.public_pem(other.public_key()))
    return home.folder


@pytest.fixture
def patient(healthy: Path, tmp_path: Path) -> Patient:
    """A copy for one test; `other-pub.pem` beside it is nobody's key."""
    shutil.copytree(healthy.parent, tmp_path / "ward")
    return Patient(tmp_path / "ward" / "home")
