"""Slack: the tokens, what they may do, the channel, the clock."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from approvals.policy.model import Policy
from gateway.config.settings import Settings
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.doctor.clocks import check_clock
from gateway.doctor.slack_people import check_people
from keys.secret import Secret
from notifiers.settings import SlackSettings
from notifiers.slack.client import SlackClient
from notifiers.slack.limits import Json
from notifiers.slack.trouble import RATE_LIMITED, TRANSIENT, SlackAway, SlackTrouble
from notifiers.words.readable import visible

NEEDED: Final = "chat:write"
"""What the gateway posts with; the other scopes are for the doctor alone."""

PEOPLE_SCOPE: Final = "users:read"
CHANNEL_SCOPES: Final = ("channels:read", "groups:read")
"""Of public channels, and of private ones."""

_WITHIN_S: Final = 3
_NO_ANSWER_OF_SLACK: Final = ("http_", "not_slack")
_SERVER_ERRORS: Final = "http_5"
_SCOPES_AT: Final = "api.slack.com/apps, OAuth & Permissions, Bot Token Scopes; then reinstall"
_TOKENS: Final = {
    "bot_token": Change("export SLACK_BOT_TOKEN=xoxb-…", "api.slack.com/apps, OAuth & Permissions"),
    "app_token": Change(
        "export SLACK_APP_TOKEN=xapp-…",
        "api.slack.com/apps, Basic Information, App-Level Tokens: connections:write;"
        " Socket Mode: on",
    ),
}
_NOT_READ: Final = Secret(None)


async def check_slack(settings: Settings, policy: Policy | None) -> list[Check]:
    """Ask Slack, if there is one; nothing is posted and no connection is opened."""
    slack = settings.slack
    if slack is None:
        sentence = "No Slack: approvals are told on the console, and decided from the terminal."
        return [ok("slack.off", sentence)]
    if _NOT_READ in {slack.bot_token, slack.app_token}:
        return [wrong("slack.token", "Slack is not asked: a token cannot be read.")]
    other_kind = _check_kinds(slack)
    if other_kind:
        return other_kind
    client = SlackClient(slack, timeout_s=_WITHIN_S)
    began = time.time()
    try:
        said, headers = await client.ask("auth.test")
    except SlackTrouble as trouble:
        return [_no_token(trouble, slack), *await _check_socket_too(slack, trouble)]
    middle, took = (began + time.time()) / 2, time.time() - began
    checks = [_check_workspace(slack, said), *_check_scopes(headers)]
    checks += _check_date(headers, middle, took)
    scopes = _scopes(headers)
    more = await asyncio.gather(
        _check_channel(client, slack, scopes),
        _check_socket(slack),
        check_people(
            client, _home(slack, said), policy, may=scopes is None or PEOPLE_SCOPE in scopes
        ),
    )
    return [*checks, *(check for checks_ in more for check in checks_)]


def _check_kinds(slack: SlackSettings) -> list[Check]:
    """Tokens say by their beginning what they are."""
    checks: list[Check] = []
    for key, token, begins in (
        ("bot_token", slack.bot_token, "xoxb-"),
        ("app_token", slack.app_token, "xapp-"),
    ):
        if token is not None and not token.reveal().startswith(begins):
            sentence = f"{key} does not begin with {begins}: it is another kind of token."
            checks.append(wrong("slack.token", sentence, _TOKENS[key]))
    return checks


def _no_token(trouble: SlackTrouble, slack: SlackSettings) -> Check:
    word = visible(trouble.error, 60)
    if not isinstance(trouble, SlackAway):
        sentence = f"Slack does not take the bot token ({word})."
        return wrong("slack.token", sentence, _TOKENS["bot_token"])
    if trouble.retry_after is not None or word in RATE_LIMITED:
        sentence = f"Slack takes no more calls for now ({word}): run the doctor again in a minute."
        return warn("slack.reach", sentence)
    host = visible(urlsplit(slack.api_url).netloc, 60)
    if word.startswith(_SERVER_ERRORS) or word in TRANSIENT:
        sentence = f"Slack answers with an error ({word}): see https://slack-status.com."
    elif word.startswith(_NO_ANSWER_OF_SLACK):
        sentence = f"What answers at {host} is not Slack ({word}): is a proxy in between?"
    elif "Certificate" in word:
        sentence = f"The certificate of {host} is not to be trusted: is a proxy in between?"
    elif word == TimeoutError.__name__:
        sentence = f"{host} does not answer within {_WITHIN_S} s: is it behind a firewall?"
    else:
        sentence = f"{host} cannot be reached ({word}): are the network and its DNS up?"
    return wrong("slack.reach", sentence)


async def _check_socket_too(slack: SlackSettings, trouble: SlackTrouble) -> list[Check]:
    """Where Slack is there, the other token is tried as well, so that both are mended at once."""
    return [] if isinstance(trouble, SlackAway) else await _check_socket(slack)


def _workspaces(said: Json) -> frozenset[str]:
    return frozenset(str(said[key]) for key in ("team_id", "enterprise_id") if said.get(key))


def _home(slack: SlackSettings, said: Json) -> str:
    """Where people must be: by the token, where the configuration is said to be wrong already."""
    of = _workspaces(said)
    return slack.workspace if slack.workspace in of else str(said.get("team_id"))


def _check_workspace(slack: SlackSettings, said: Json) -> Check:
    team = visible(str(said.get("team", "")), 60)
    if slack.workspace in _workspaces(said):
        called = f" ({team})" if team else ""
        sentence = f"The bot token is good, for workspace {slack.workspace}{called}."
        return ok("slack.workspace", sentence)
    found = visible(str(said.get("team_id")), 30)
    return wrong(
        "slack.workspace",
        f"The bot token is of workspace {found}, and workspace = {slack.workspace}: no click"
        " would count.",
        Change(f'workspace = "{found}"', "countersign.toml, [slack]"),
    )


def _scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    """What the token may do; None where Slack does not say."""
    said = headers.get("x-oauth-scopes")
    return None if said is None else frozenset(word.strip() for word in said.split(","))


def _check_scopes(headers: Mapping[str, str]) -> list[Check]:
    scopes = _scopes(headers)
    if scopes is None:
        return []
    checks: list[Check] = []
    if NEEDED not in scopes:
        sentence = f"The bot may not post: it lacks {NEEDED}."
        checks.append(wrong("slack.scopes", sentence, Change(NEEDED, _SCOPES_AT)))
    if scopes.isdisjoint(CHANNEL_SCOPES):
        sentence = (
            "The doctor cannot look at the channel: it takes groups:read where it is private."
        )
        checks.append(warn("slack.scopes", sentence, Change(" ".join(CHANNEL_SCOPES), _SCOPES_AT)))
    if PEOPLE_SCOPE not in scopes:
        sentence = f"The doctor cannot look up people: it takes {PEOPLE_SCOPE}."
        checks.append(warn("slack.scopes", sentence, Change(PEOPLE_SCOPE, _SCOPES_AT)))
    return checks or [ok("slack.scopes", "The bot has the scopes it needs.")]


def _check_date(headers: Mapping[str, str], middle: float, took: float) -> list[Check]:
    """Slack's own clock, in whole seconds."""
    try:
        theirs = parsedate_to_datetime(headers.get("date", "")).timestamp() + 0.5
    except (ValueError, OverflowError):
        return []
    return [check_clock("slack.clock", "Slack", theirs - middle, within_s=0.5 + took / 2)]


async def _check_channel(
    client: SlackClient, slack: SlackSettings, scopes: frozenset[str] | None
) -> list[Check]:
    """Whether the channel is there, and we in it. A private one may begin with C as well."""
    name = "slack.channel"
    if scopes is not None and scopes.isdisjoint(CHANNEL_SCOPES):
        return []
    invite = Change("/invite @Countersign", f"Slack, in the channel {slack.channel}")
    try:
        said, _ = await client.ask("conversations.info", channel=slack.channel)
    except SlackTrouble as trouble:
        word = visible(trouble.error, 60)
        if scopes is not None and CHANNEL_SCOPES[1] not in scopes:
            sentence = (
                f"Slack does not show us the channel ({word}): a private one takes groups:read."
            )
            return [warn(name, sentence, Change(CHANNEL_SCOPES[1], _SCOPES_AT))]
        sentence = (
            f"Slack does not show us channel {slack.channel} ({word}): is that its id, and is the"
            " bot in it?"
        )
        return [wrong(name, sentence, invite)]
    channel = said.get("channel")
    seen = channel if isinstance(channel, dict) else {}
    called = f"#{visible(str(seen.get('name', slack.channel)), 60)}"
    if seen.get("is_archived") is True:
        other = Change('channel = "C…"', "countersign.toml, [slack]")
        return [wrong(name, f"Channel {called} is archived: nobody can be told there.", other)]
    if seen.get("is_member") is not True:
        return [wrong(name, f"The bot is not in channel {called}: it cannot post there.", invite)]
    if seen.get("is_ext_shared") is True:
        sentence = f"Channel {called} is shared with another organization, which reads along."
        return [warn(name, sentence)]
    return [ok(name, f"The bot is in channel {called}.")]


async def _check_socket(slack: SlackSettings) -> list[Check]:
    """Whether Slack would let us connect: a ticket is asked for, and not used."""
    if slack.app_token is None:
        sentence = "Clicks come by HTTP; whether the signing secret is right, the first click says."
        return [ok("slack.socket", sentence)]
    client = SlackClient(replace(slack, bot_token=slack.app_token), timeout_s=_WITHIN_S)
    try:
        await client.ask("apps.connections.open")
    except SlackTrouble as trouble:
        word = visible(trouble.error, 60)
        return [
            wrong(
                "slack.socket",
                f"Slack gives no ticket for Socket Mode ({word}): clicks would not arrive.",
                _TOKENS["app_token"],
            )
        ]
    return [ok("slack.socket", "Socket Mode: Slack gives us a ticket.")]
