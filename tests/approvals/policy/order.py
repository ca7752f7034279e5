"""When one verdict is looser than another: the order that forgetting a fact must respect."""

from approvals.model import Cause, Need, Verdict
from approvals.policy import Policy

_RANK = {"approve": 0, "ask": 1, "reject": 2}


def looser(after: Verdict, before: Verdict, policy: Policy) -> str | None:
    """Why `after` lets through more than `before`; None if it does not.

    Approve < ask < reject. An ask is looser where it wants fewer people of a group, takes people
    who were not asked, gives more time, or takes weaker votes. One exception is the contract's
    own: where a reject rule could tell before and cannot now, an ask that names the rule and
    wants at least the seats of `[ask]` is in order. An approval never is.
    """
    if before.effect == "reject" and after.effect == "ask":
        return _not_the_exception(after, before, policy)
    if _RANK[after.effect] < _RANK[before.effect]:
        return f"{before.effect} became {after.effect}"
    if after.effect == before.effect == "ask":
        if after.within_ms > before.within_ms:
            return "more time"
        if (before.strength, after.strength) == ("ssh", "any"):
            return "weaker votes"
        return _fewer(after.needs, before.needs)
    return None


def _not_the_exception(after: Verdict, before: Verdict, policy: Policy) -> str | None:
    decided = {rule.id for rule in before.rules if (rule.effect, rule.answer) == ("reject", "yes")}
    if before.cause is not Cause.RULE or not decided:
        return "a reject that no rule made became an ask"
    named = {rule.id for rule in after.rules if (rule.effect, rule.answer) == ("reject", "unknown")}
    if not decided <= named:
        return "a reject rule fell silent"
    assert policy.ask is not None
    if after.within_ms > policy.ask.within_ms:
        return "more time than [ask] gives"
    if (policy.ask.strength, after.strength) == ("ssh", "any"):
        return "weaker votes than [ask] takes"
    seats = {need.group: need.count for need in after.needs}
    for need in policy.ask.seats:
        if seats.get(need.group, 0) < need.count:
            return f"fewer of {need.group} than [ask] wants"
    return None


def _fewer(after: tuple[Need, ...], before: tuple[Need, ...]) -> str | None:
    now = {need.group: need for need in after}
    for need in before:
        left = now.get(need.group)
        if left is None or left.count < need.count:
            return f"fewer of {need.group}"
        if not set(left.people) <= set(need.people):
            return f"others of {need.group}"
    return None
