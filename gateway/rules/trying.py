"""`policy check` and `policy explain`."""

from typing import Any

import click

from approvals.freezes.model import THAW_VOTES
from approvals.plain import plain
from approvals.policy.mistakes import PolicyError
from approvals.policy.model import Policy
from approvals.policy.spoken import spoken_override
from approvals.request import Request
from approvals.wording import counted
from gateway.config.settings import Settings
from gateway.doors.wire import NotACallbackRequest, Ping, parse
from gateway.oncall.terminal import Failure, print_json
from gateway.oncall.tree import print_trees
from gateway.policy_file import policy_for_command
from gateway.rules.explaining import as_json as explained_as_json
from gateway.rules.explaining import explanation_of
from gateway.rules.explaining_page import as_trees


def check(settings: Settings, *, as_json: bool) -> None:
    """Every mistake, or what the policy holds and what to think about."""
    if as_json:
        _check_for_machines(settings)
        return
    policy = policy_for_command(settings.policy)
    for warning in policy.warnings:
        click.echo(f"warning: {warning}")
    people = policy.electorate.people
    click.echo(
        f"{settings.policy} is fine: {counted(len(policy.rules), 'rule')},"
        f" {counted(len(people), 'person', 'people')}{_tests(policy)}, otherwise {policy.default}"
        f" (digest {policy.digest[:16]})"
    )
    if policy.electorate.override is not None:
        click.echo(f"override: {spoken_override(policy.electorate.override)}")
    click.echo(f"freeze: {_freezers(policy)}")


def _freezers(policy: Policy) -> str:
    """Who may stop approvals, and whether they could let them go on again."""
    people = policy.electorate.keyed_on_call
    if not people:
        return "nobody may: that takes people in a group on_call who have an ssh_key"
    names = ", ".join(people)
    if len(people) < THAW_VOTES:
        return f"{names} may; nobody could thaw: that takes {THAW_VOTES} people who may freeze"
    return f"{names} may, each alone; {THAW_VOTES} of them thaw"


def _tests(policy: Policy) -> str:
    """All of them passed, or there were no policy."""
    return f", {counted(len(policy.tests), 'test')} passed" if policy.tests else ""


def _check_for_machines(settings: Settings) -> None:
    """The same in one JSON document, with the same exit status."""
    said: dict[str, Any] = {
        "ok": False,
        "file": str(settings.policy),
        "digest": None,
        "default": None,
        "rules": [],
        "people": [],
        "tests": 0,
        "override": None,
        "on_call": [],
        "warnings": [],
        "mistakes": [],
    }
    try:
        policy = policy_for_command(settings.policy)
    except Failure as failure:
        mistakes = failure.__cause__
        if isinstance(mistakes, PolicyError):
            said["mistakes"] = plain(mistakes.mistakes)
        print_json(said | {"error": failure.message})
        raise
    rules = [
        {"id": rule.id, "effect": rule.effect, "line": rule.line, "why": rule.why}
        for rule in policy.rules
    ]
    found = {
        "ok": True,
        "digest": policy.digest,
        "default": policy.default,
        "rules": rules,
        "people": list(policy.electorate.people),
        "tests": len(policy.tests),
        "override": plain(policy.electorate.override),
        "on_call": list(policy.electorate.keyed_on_call),
        "warnings": list(policy.warnings),
    }
    print_json(said | found)


def explain(settings: Settings, package: bytes, node: str | None, *, as_json: bool) -> None:
    """A request from its bytes to the verdict, each step with its reasons."""
    policy = policy_for_command(settings.policy)
    told = explanation_of(_request(settings, package, node), policy)
    if as_json:
        print_json(explained_as_json(told))
    else:
        print_trees(as_trees(told))


def _request(settings: Settings, package: bytes, node: str | None) -> Request:
    names = [known.name for known in settings.nodes]
    if node is not None and node not in names:
        raise Failure(f"No [[tss_node]] is called {node}. Configured: {', '.join(names)}.")
    try:
        request = parse(package, node or names[0])
    except NotACallbackRequest as error:
        raise Failure(f"This is no CallbackRequest: {error}.") from None
    if isinstance(request, Ping):
        raise Failure("This is a ping: no rule is asked about it.")
    return request
