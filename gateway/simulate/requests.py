"""What a simulated node asks: CallbackRequests from files, and the samples of the package."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from typing import Any, Final

from gateway.clock import SYSTEM
from gateway.oncall.terminal import Failure
from gateway.simulate.fresh import freshen

_FOLDER: Final = resources.files("gateway") / "samples"
_MANIFEST: Final = "manifest.json"
"""What each sample is, and what it was checked with; no request itself."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A CallbackRequest under a name for people. `fresh`: each time with ids never seen before."""

    name: str
    package: bytes
    fresh: bool

    def asked(self) -> bytes:
        """The package as it is asked this time."""
        return freshen(self.package, SYSTEM.now_ms()) if self.fresh else self.package


def sample_names() -> tuple[str, ...]:
    """All samples of the package, in order."""
    files = (each.name for each in _FOLDER.iterdir() if each.name.endswith(".json"))
    return tuple(sorted(name.removesuffix(".json") for name in files if name != _MANIFEST))


def sample(name: str) -> bytes:
    """The package of a sample.

    Raises:
        Failure: there is none of this name.
    """
    names = sample_names()
    if name not in names:
        near = get_close_matches(name, names, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise Failure(f"No sample is called {name}.{meant} `simulate --list-samples` shows all.")
    return (_FOLDER / f"{name}.json").read_bytes()


def wishes(
    given: tuple[tuple[str, bytes], ...], samples: tuple[str, ...], *, fresh: bool | None
) -> tuple[Wish, ...]:
    """What was named on the command line: packages from files with their names, then samples.

    `fresh` None: samples are, since everybody has the same ones and a gateway decides each id
    once; files are asked as they stand, so that a request can be asked again.

    Raises:
        Failure: a sample does not exist.
    """
    read = [(name, package, bool(fresh)) for name, package in given]
    named = (name.removesuffix(".json") for name in samples)  # as their files are called
    shipped = [(name, sample(name), fresh is not False) for name in named]
    return tuple(Wish(*each) for each in (*read, *shipped))


def turns(wished: tuple[Wish, ...], count: int) -> Iterator[Wish]:
    """`count` wishes, each in its turn."""
    return (wished[number % len(wished)] for number in range(count))


def request_id_of(package: bytes) -> str:
    """The request_id of a CallbackRequest, for people."""
    document: Any = json.loads(package)
    return str(document.get("request_id") or "ping")
