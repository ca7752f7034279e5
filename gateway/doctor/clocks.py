"""Clocks that differ: deadlines, tokens and signatures rest on ours."""

from typing import Final

from gateway.doctor.check import Change, Check, ok, warn, wrong
from keys.envelope import LEEWAY_S

NOTABLE_S: Final = 2.0
"""As far as another gateway's clock may be off without an alarm."""


def check_clock(name: str, whose: str, ahead_s: float, *, within_s: float) -> Check:
    """`ahead_s`: how far the other clock is ahead of ours, which is known to `within_s`."""
    off = abs(ahead_s)
    if off <= NOTABLE_S + within_s:
        return ok(
            name, f"Our clock agrees with that of {whose}, within {NOTABLE_S + within_s:.0f} s."
        )
    sentence = f"Our clock is {off:.0f} s {'behind' if ahead_s > 0 else 'ahead of'} that of {whose}"
    change = Change("timedatectl set-ntp true")
    if off > LEEWAY_S:
        return wrong(name, f"{sentence}: tokens and signatures may not be taken.", change)
    return warn(name, f"{sentence}: deadlines are off by as much.", change)
