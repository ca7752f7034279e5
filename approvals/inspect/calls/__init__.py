"""What a call of a contract does: shared by EVM transactions, Safe messages and Tron."""

from approvals.inspect.calls.look import look_at_call
from approvals.inspect.calls.model import Call, Called

__all__ = ["Call", "Called", "look_at_call"]
