"""Settings and fixtures every test shares."""

from hypothesis import settings

pytest_plugins = ["tests.support.redis_server", "tests.support.proxy", "tests.support.world"]

# No deadline: a shared machine's pauses are not our bugs. The blob replays a failure elsewhere.
settings.register_profile("ci", deadline=None, max_examples=100, print_blob=True)
settings.load_profile("ci")
