"""Settings every test shares."""

from hypothesis import settings

# No deadline: a shared machine's pauses are not our bugs. The blob replays a failure elsewhere.
settings.register_profile("ci", deadline=None, max_examples=100, print_blob=True)
settings.load_profile("ci")
