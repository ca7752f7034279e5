"""The policy: whether it loads, what it warns of, and whether those it asks can vote."""

from typing import Final

from approvals.electorate import Person
from approvals.freezes.model import THAW_VOTES
from approvals.policy.mistakes import PolicyError
from approvals.policy.model import Policy
from approvals.policy.terms import Terms
from approvals.wording import counted
from gateway.config.settings import Settings
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.doctor.files import check_unwritable
from gateway.policy_file import PolicyUnreadable, load_policy

_MOST: Final = 50


def check_policy(settings: Settings) -> tuple[Policy | None, list[Check]]:
    """The policy, if it loads, and what is to be said of it."""
    checks = check_unwritable(settings.policy)
    try:
        policy = load_policy(settings.policy)
    except PolicyUnreadable as error:
        return None, [*checks, wrong("policy.loads", f"{error}.")]
    except PolicyError as error:
        mistakes = [wrong("policy.loads", mistake.sentence) for mistake in error.mistakes]
        return None, [*checks, *mistakes]
    people = policy.electorate.people
    holds = (
        f"{settings.policy}: {counted(len(policy.rules), 'rule')},"
        f" {counted(len(people), 'person', 'people')}, otherwise {policy.default}"
        f" (digest {policy.digest[:16]})."
    )
    checks.append(ok("policy.loads", holds))
    checks += [warn("policy.warning", warning) for warning in policy.warnings]
    checks += _check_voters(policy, slack=settings.slack is not None)
    return policy, [*checks, *_check_on_call(policy)]


def _check_voters(policy: Policy, *, slack: bool) -> list[Check]:
    """Who is asked and cannot vote in the way that is asked for."""
    asked: dict[tuple[str, str], str] = {}
    for place, terms in _asks(policy):
        for need in terms.seats:
            for name in need.people:
                lacks = _lacks(policy.electorate.people.get(name), terms, slack=slack)
                if lacks:
                    asked.setdefault((name, lacks), place)
    checks = [_cannot(name, lacks, place) for (name, lacks), place in asked.items()]
    if not checks:
        return [ok("policy.voters", "Everybody who is asked can vote as it is asked for.")]
    left = len(checks) - _MOST
    more = [warn("policy.voters", f"And {left} more cannot.")] if left > 0 else []
    return [*checks[:_MOST], *more]


def _lacks(person: Person | None, terms: Terms, *, slack: bool) -> str:
    """`ssh_key` or `slack`, where a seat takes it and the person has none."""
    if person is None:
        return ""
    if terms.strength == "ssh" or not slack:
        return "ssh_key" if person.ssh_key is None else ""
    return "slack" if person.slack is None else ""


def _cannot(name: str, lacks: str, place: str) -> Check:
    where = f"policy.toml, [people.{name}]"
    if lacks == "slack":
        sentence = f"{name} is asked by {place} and has no Slack id: only the terminal is left."
        return warn("policy.voters", sentence, Change('slack = "U…"', where))
    sentence = f"{name} is asked by {place} and has no ssh_key, without which no vote is taken."
    return warn("policy.voters", sentence, Change('ssh_key = "ssh-ed25519 …"', where))


def _asks(policy: Policy) -> list[tuple[str, Terms]]:
    asks = [] if policy.ask is None else [("[ask]", policy.ask)]
    return asks + [(f'rule "{rule.id}"', rule.terms) for rule in policy.rules if rule.terms]


def _check_on_call(policy: Policy) -> list[Check]:
    people = policy.electorate.keyed_on_call
    if len(people) >= THAW_VOTES:
        names = ", ".join(people[:_MOST])
        return [ok("policy.on_call", f"{names} may freeze; {THAW_VOTES} of them thaw.")]
    may = f"Only {people[0]} may freeze, and nobody could thaw" if people else "Nobody may freeze"
    return [
        warn(
            "policy.on_call",
            f"{may}: put {THAW_VOTES} people with an ssh_key into on_call.",
            Change('on_call = ["ana", "bo"]', "policy.toml, [groups]"),
        )
    ]
