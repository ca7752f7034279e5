"""The people of the policy as Slack knows them."""

import asyncio
from typing import Any, Final

from approvals.electorate import Person
from approvals.policy.model import Policy
from gateway.doctor.check import Change, Check, ok, warn, wrong
from notifiers.slack.client import SlackClient
from notifiers.slack.trouble import SlackRefused, SlackTrouble
from notifiers.words.readable import visible

MOST: Final = 100
"""As many as Slack answers for in a minute, at least."""

_AT_ONCE: Final = 4


async def check_people(
    client: SlackClient, workspace: str, policy: Policy | None, *, may: bool
) -> list[Check]:
    """Whether each is there, active, a person, and of this workspace."""
    if policy is None or not may:
        return []
    mapped = [person for person in policy.electorate.people.values() if person.slack is not None]
    turns = asyncio.Semaphore(_AT_ONCE)

    async def check(person: Person) -> Check:
        async with turns:
            return await _check_person(client, workspace, person)

    checks = list(await asyncio.gather(*(check(person) for person in mapped[:MOST])))
    if len(mapped) > MOST:
        left = f"Only the first {MOST} of {len(mapped)} people with a Slack id were looked up."
        checks.append(warn("slack.people", left))
    return checks


async def _check_person(client: SlackClient, workspace: str, person: Person) -> Check:
    user, name = person.slack or "", "slack.people"
    who = f"{person.name} ({user})"
    change = Change('slack = "U…"', f"policy.toml, [people.{person.name}]")
    try:
        said, _ = await client.ask("users.info", user=user)
    except SlackRefused as refused:
        word = visible(refused.error, 60)
        if word in {"user_not_found", "user_not_visible"}:
            return wrong(name, f"Slack knows nobody who is {who} here.", change)
        return warn(name, f"Slack does not say who is {who} ({word}).")
    except SlackTrouble as trouble:
        return warn(name, f"Slack does not say who is {who} ({visible(trouble.error, 60)}).")
    found = said.get("user")
    seen: dict[str, Any] = found if isinstance(found, dict) else {}
    if seen.get("deleted") is True:
        return wrong(name, f"The Slack account of {who} is deactivated: no click comes.", change)
    if seen.get("is_bot") is True:
        return wrong(name, f"{who} is a bot: it is people who are asked.", change)
    if not _is_of(seen, workspace):
        return wrong(
            name, f"{who} belongs to another workspace: the click would not count.", change
        )
    called = visible(str(seen.get("real_name") or seen.get("name") or "?"), 60)
    return ok(name, f"{person.name} clicks as {user}, whom Slack calls {called}.")


def _is_of(seen: dict[str, Any], workspace: str) -> bool:
    """By the account's own workspace, or by those of an Enterprise Grid that it is in."""
    grid = seen.get("enterprise_user")
    of_grid = grid if isinstance(grid, dict) else {}
    teams = of_grid.get("teams")
    own = [seen.get("team_id"), of_grid.get("enterprise_id")]
    return workspace in [*own, *(teams if isinstance(teams, list) else [])]
