"""The rules that decide what needs whose approval, as data."""

from approvals.policy.explain import explain, render_explanation
from approvals.policy.judge import judge
from approvals.policy.load import load
from approvals.policy.mistakes import Mistake, PolicyError
from approvals.policy.model import Policy

__all__ = [
    "Mistake",
    "Policy",
    "PolicyError",
    "explain",
    "judge",
    "load",
    "render_explanation",
]
