"""Settings and fixtures every test shares."""

import os
import signal

from hypothesis import settings

pytest_plugins = [
    "tests.support.redis_server",
    "tests.support.proxy",
    "tests.support.sentinels",
    "tests.support.patient",
    "tests.support.world",
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
