"""Settings and fixtures every test shares."""

import gc
import os
import signal
from collections.abc import Iterator
from functools import cache
from importlib import metadata

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import settings

pytest_plugins = [
    "tests.support.redis_server",
    "tests.support.proxy",
    "tests.support.sentinels",
    "tests.support.world",
    "tests.support.patient",
]

# A shell's background job ignores Ctrl-C, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: a shared machine's pauses are not our bugs. The blob replays a failure elsewhere.
# The same examples each run, so that a failure is news of the change at hand;
# `make explore` draws new ones.
settings.register_profile("ci", deadline=None, max_examples=100, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# Thousands of tests are objects by the hundred thousand, and none of them is garbage: looking for
# it among them, over and over, took a tenth of the time.
gc.set_threshold(20_000, 20, 100)


def pytest_collection_finish() -> None:
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _looked_up_once() -> Iterator[None]:
    """What libraries do anew each time, and what made half the cost of starting a gateway here.

    Whoever reads a private key proves its two primes; whoever connects to Redis looks for the
    version of its client in the files that are installed.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((serialization, "load_pem_private_key"), (metadata, "version")):
            patch.setattr(module, name, cache(getattr(module, name)))
        yield
