"""A verdict as one line for people."""

from typing import Final

from approvals.model import Escalation, Override, Verdict

_REASONS: Final = {
    "approve": "they approve",
    "reject": "they reject",
    "both": "they approve or reject",
}


def spoken(verdict: Verdict) -> str:
    """`approve, by sweep`; `ask 1 of treasury, within 30 min`; `reject, rule: refused by …`."""
    if verdict.effect == "ask":
        seats = ", ".join(f"{need.count} of {need.group}" for need in verdict.needs)
        ssh = ", by signed votes from the command line" if verdict.strength == "ssh" else ""
        why = "" if verdict.reason == "none" else f", saying why {_REASONS[verdict.reason]}"
        return f"ask {seats}, within {_time(verdict.within_ms)}{ssh}{why}"
    if verdict.effect == "reject":
        return f"reject, {verdict.cause}: {verdict.sentence}"
    return f"approve, by {', '.join(rule.id for rule in verdict.rules)}"


def spoken_override(override: Override) -> str:
    """`2 of on_call (dee, eli) approve in place of those who are asked, 1 rejects`."""
    people = ", ".join(override.people)
    approve = "approves" if override.approve == 1 else "approve"
    reject = "rejects" if override.reject == 1 else "reject"
    return (
        f"{override.approve} of {override.group} ({people}) {approve} in place of those who are"
        f" asked, {override.reject} {reject}"
    )


def spoken_escalation(escalation: Escalation) -> str:
    """`on_call (dee, eli) after 5 min`."""
    people = ", ".join(escalation.people)
    return f"{escalation.group} ({people}) after {_time(escalation.after_ms)}"


def _time(milliseconds: int) -> str:
    """`30 min`, `1 h 30 min`: exact to the second."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
