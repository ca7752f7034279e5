"""The rules that decide what needs whose approval, as data."""

from approvals.policy.explain import explain
from approvals.policy.judge import judge
from approvals.policy.load import load
from approvals.policy.mistakes import Mistake, PolicyError
from approvals.policy.model import Policy
from approvals.policy.spoken import spoken, spoken_override

__all__ = [
    "Mistake",
    "Policy",
    "PolicyError",
    "explain",
    "judge",
    "load",
    "spoken",
    "spoken_override",
]
