"""The installed distribution is the one this tree describes."""

import tomllib
from importlib.metadata import version
from pathlib import Path

from click.testing import CliRunner

from gateway.cli.main import main

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


def declared_version() -> str:
    return str(tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["version"])


def test_the_installed_version_is_the_declared_one() -> None:
    assert version("countersign") == declared_version()


def test_the_command_tells_its_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert result.output == f"countersign {declared_version()}\n"
