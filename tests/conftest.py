"""Settings and fixtures every test shares."""

import os

from hypothesis import settings

pytest_plugins = [
    "tests.support.redis_server",
    "tests.support.proxy",
    "tests.support.sentinels",
    "tests.support.world",
]

# No deadline: a shared machine's pauses are not our bugs. The blob replays a failure elsewhere.
# The same examples each run, so that a failure is news of the change at hand;
# `make explore` draws new ones.
settings.register_profile("ci", deadline=None, max_examples=100, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
