"""How hard hypothesis tries, and how hard the code under test may work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import settings


def tried(times: float) -> settings:
    """So many times the profile's examples: less where one is dear, more where mistakes hide.

    Relative, so that `make explore` always tries ten times as hard as `make test`.
    """
    return settings(max_examples=round(settings().max_examples * times))


@contextmanager
def working_under(seconds: float) -> Iterator[None]:
    """A guard against work that grows out of bounds, in processor time of this thread.

    Ten times what it takes, or more: how fast things are is for `make bench` to say.
    """
    began = time.thread_time()
    yield
    assert time.thread_time() - began < seconds
