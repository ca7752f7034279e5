"""A verdict as one line for people."""

from approvals.model import Verdict


def spoken(verdict: Verdict) -> str:
    """`approve, by sweep`; `ask 1 of treasury, within 30 min`; `reject, rule: refused by …`."""
    if verdict.effect == "ask":
        seats = ", ".join(f"{need.count} of {need.group}" for need in verdict.needs)
        ssh = ", by signed votes from the command line" if verdict.strength == "ssh" else ""
        return f"ask {seats}, within {_time(verdict.within_ms)}{ssh}"
    if verdict.effect == "reject":
        return f"reject, {verdict.cause}: {verdict.sentence}"
    return f"approve, by {', '.join(rule.id for rule in verdict.rules)}"


def _time(milliseconds: int) -> str:
    """`30 min`, `1 h 30 min`: exact to the second."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
