"""Checks 9 to 15 of what is no transaction: texts, typed data, and bare hashes.

A hash that is recomputed makes a message authentic, not understood: only typed data of kinds that
are known by their whole type can pass. What cannot be recomputed is as good as a bare hash.
"""

from approvals.inspect.messages.dissect import dissect_message
from approvals.inspect.messages.look import look_at_message

__all__ = ["dissect_message", "look_at_message"]
