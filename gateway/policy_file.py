"""The policy on disk: one way to read it, whoever asks."""

import os
from pathlib import Path
from stat import S_ISREG
from typing import Final

from approvals.chains.contracts import MAX_ABI_BYTES
from approvals.inspect import inspect
from approvals.policy.expectations import unmet, unreadable
from approvals.policy.judge import judge
from approvals.policy.load import load
from approvals.policy.mistakes import Mistake, PolicyError
from approvals.policy.model import Policy, Test
from gateway.doors.wire import NotACallbackRequest, Ping, parse
from gateway.oncall.terminal import Failure

LARGEST_REQUEST: Final = 10 * 1024 * 1024
"""Bytes of a request that a test may give: what a gateway takes from a node."""

LARGEST_POLICY: Final = 10 * 1024 * 1024
"""Bytes of a policy: room for a hundred thousand addresses."""

_SOME_NODE: Final = "some-node"


class PolicyUnreadable(OSError):  # noqa: N818 - named like AuditUnreadable
    """There is no text to read a policy from. The message is a plain sentence without its dot."""


def load_policy(path: Path) -> Policy:
    """Compile the policy file, with the files beside it that it names, and run its tests.

    Raises:
        PolicyUnreadable: it cannot be read, is no UTF-8 text, or is larger than any policy.
        PolicyError: every mistake in it, or every test that fails.
    """

    def beside(name: str) -> bytes:
        return read_bounded(path.parent / name, MAX_ABI_BYTES)

    policy = load(_text(path), source=str(path), read=beside)
    failed = [mistake for test in policy.tests if (mistake := _run(test, policy, path.parent))]
    if failed:
        raise PolicyError(failed)
    return policy


def policy_for_command(path: Path) -> Policy:
    """The same for a command; whatever is wrong is one Failure, caused by its PolicyError."""
    try:
        return load_policy(path)
    except PolicyUnreadable as error:
        raise Failure(f"{error}.") from None
    except PolicyError as error:
        raise Failure(str(error)) from error


def _text(path: Path) -> str:
    try:
        data = read_bounded(path, LARGEST_POLICY)
    except OSError as error:
        raise PolicyUnreadable(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_POLICY:
        raise PolicyUnreadable(f"{path} is larger than {LARGEST_POLICY} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise PolicyUnreadable(f"{path} is not UTF-8 text: save it as UTF-8") from None


def read_bounded(path: Path, most: int) -> bytes:
    """What stands in a file, or its first `most` + 1 bytes. A pipe or a device may have no end.

    Raises:
        OSError: it cannot be read, or is no file.
    """

    def without_waiting(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NONBLOCK)

    with open(path, "rb", opener=without_waiting) as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(None, "it is not a regular file")
        return file.read(most + 1)


def _run(test: Test, policy: Policy, folder: Path) -> Mistake | None:
    """What is wrong with a test, or with what the rules make of its request."""
    try:
        package = read_bounded(folder / test.given, LARGEST_REQUEST)
        if len(package) > LARGEST_REQUEST:
            return unreadable(test, "which is larger than any request", policy.source)
        request = parse(package, test.node or _SOME_NODE)
    except OSError as error:
        return unreadable(test, f"which cannot be read: {error.strerror}", policy.source)
    except NotACallbackRequest as error:
        return unreadable(test, f"which is no CallbackRequest: {error}", policy.source)
    if isinstance(request, Ping):
        return unreadable(test, "which is a ping", policy.source)
    return unmet(test, judge(inspect(request, policy.tables), policy), policy.source)
