"""What the doctor asks Slack: the real client, against a Slack that answers as Slack does."""

import asyncio
from dataclasses import replace

import pytest

from approvals.policy.load import load
from gateway.doctor.check import Change
from gateway.doctor.examining import Wanted, examine
from gateway.doctor.slack import check_slack
from keys.secret import Secret
from tests.support.patient import Found
from tests.support.slack_server import APP_TOKEN, BOT_TOKEN, CHANNEL, Fails, local_slack

POLICY = load(
    """
[people.ana]
slack = "U024ANA"
[people.bo]
slack = "U024BO"
[groups]
all = ["ana", "bo"]
[ask]
approvals = [{ group = "all", count = 1 }]
"""
)


@pytest.fixture
async def slack():
    async with local_slack() as slack:
        slack.directory.add("U024ANA", "Ana Alvarez")
        slack.directory.add("U024BO", "Bo")
        yield slack


async def examined(patient, slack, policy=POLICY, **changes):
    settings = replace(patient.settings, slack=replace(slack.settings, **changes))
    return Found(await check_slack(settings, policy))


async def test_a_slack_that_is_well_is_said_part_by_part(patient, slack):
    found = await examined(patient, slack)
    assert found.of("warning", "wrong") == []
    assert [check.sentence for check in found.checks] == [
        "The bot token is good, for workspace T0ACME (Acme).",
        "The bot has the scopes it needs.",
        "Our clock agrees with that of Slack, within 3 s.",
        "The bot is in channel #approvals.",
        "Socket Mode: Slack gives us a ticket.",
        "ana clicks as U024ANA, whom Slack calls Ana Alvarez.",
        "bo clicks as U024BO, whom Slack calls Bo.",
    ]


async def test_nothing_is_posted_and_no_connection_is_opened(patient, slack):
    await examined(patient, slack)
    assert sorted(set(slack.calls)) == [
        "apps.connections.open", "auth.test", "conversations.info", "users.info"
    ]  # fmt: skip
    assert slack.sockets == slack.tickets_tried == 0


async def test_a_revoked_token_is_wrong_with_where_to_get_another(patient, slack):
    found = await examined(patient, slack, bot_token=Secret("xoxb-old"))
    check = found.named("slack.token", "wrong")
    assert check.sentence == "Slack does not take the bot token (invalid_auth)."
    assert check.changes[0].where == "api.slack.com/apps, OAuth & Permissions"


async def test_tokens_in_each_others_place_are_seen_without_a_call(patient, slack):
    swapped = {"bot_token": Secret(APP_TOKEN), "app_token": Secret(BOT_TOKEN)}
    found = await examined(patient, slack, **swapped)
    assert [check.sentence for check in found.checks] == [
        "bot_token does not begin with xoxb-: it is another kind of token.",
        "app_token does not begin with xapp-: it is another kind of token.",
    ]
    assert slack.calls == []


async def test_a_token_of_another_workspace_is_wrong_with_the_line(patient, slack):
    check = (await examined(patient, slack, workspace="T0OTHER")).named("slack.workspace", "wrong")
    assert check.changes == (Change('workspace = "T0ACME"', "countersign.toml, [slack]"),)


async def test_a_bot_that_may_not_post_is_wrong(patient, slack):
    slack.directory.scopes -= {"chat:write"}
    check = (await examined(patient, slack)).named("slack.scopes", "wrong")
    assert check.sentence == "The bot may not post: it lacks chat:write."
    assert check.changes[0].line == "chat:write"


async def test_scopes_that_only_the_doctor_needs_are_warned_of_and_not_tried(patient, slack):
    slack.directory.scopes = frozenset({"chat:write"})
    found = await examined(patient, slack)
    assert found.of("wrong") == []
    warned = [check.changes[0].line for check in found.checks if check.level == "warning"]
    assert warned == ["channels:read groups:read", "users:read"]
    assert not {"conversations.info", "users.info"} & set(slack.calls)


async def test_a_channel_that_the_bot_is_not_in_is_wrong(patient, slack):
    slack.directory.is_member = False
    check = (await examined(patient, slack)).named("slack.channel", "wrong")
    assert check.sentence == "The bot is not in channel #approvals: it cannot post there."
    invite = Change("/invite @Countersign", f"Slack, in the channel {CHANNEL}")
    assert check.changes == (invite,)
    slack.directory.is_private = True
    check = (await examined(patient, slack)).named("slack.channel", "wrong")
    assert check.sentence == (
        f"Slack does not show us channel {CHANNEL} (channel_not_found): is that its id, and is the"
        " bot in it?"
    )


async def test_a_private_channel_without_the_scope_is_no_verdict(patient, slack):
    slack.directory.is_private = True
    slack.directory.scopes -= {"groups:read"}
    check = (await examined(patient, slack)).named("slack.channel", "warning")
    assert check.changes[0].line == "groups:read"


@pytest.mark.parametrize(
    ("what", "level", "says"),
    [
        ({"is_archived": True}, "wrong", "is archived"),
        ({"is_ext_shared": True}, "warning", "is shared with another organization"),
    ],
    ids=["archived", "shared"],
)
async def test_a_channel_that_is_not_for_this_is_said(patient, slack, what, level, says):
    slack.directory.channel = what
    assert says in (await examined(patient, slack)).named("slack.channel", level).sentence


async def test_no_ticket_for_socket_mode_is_wrong(patient, slack):
    found = await examined(patient, slack, app_token=Secret("xapp-old"))
    assert found.of("wrong") == ["slack.socket"]
    assert "(invalid_auth)" in found.named("slack.socket", "wrong").sentence


async def test_without_socket_mode_no_ticket_is_asked_for(patient, slack):
    found = await examined(patient, slack, app_token=None)
    assert found.of("warning", "wrong") == []
    assert "apps.connections.open" not in slack.calls


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"deleted": True}, "The Slack account of bo (U024BO) is deactivated: no click comes."),
        ({"is_bot": True}, "bo (U024BO) is a bot: it is people who are asked."),
        (
            {"team_id": "T0OTHER"},
            "bo (U024BO) belongs to another workspace: the click would not count.",
        ),
        (None, "Slack knows nobody who is bo (U024BO) here."),
    ],
    ids=["deactivated", "bot", "stranger", "nobody"],
)
async def test_a_person_whose_click_would_not_count_is_wrong(patient, slack, changes, says):
    if changes is None:
        del slack.directory.people["U024BO"]
    else:
        slack.directory.add("U024BO", "Bo", **changes)
    check = (await examined(patient, slack)).named("slack.people", "wrong")
    assert check.sentence == says
    assert check.changes == (Change('slack = "U…"', "policy.toml, [people.bo]"),)


async def test_somebody_of_an_enterprise_grid_belongs_to_its_workspaces(patient, slack):
    grid = {"enterprise_id": "E0ACME", "teams": ["T0ACME", "T0OTHER"]}
    slack.directory.add("U024BO", "Bo", team_id="E0ACME", enterprise_user=grid)
    assert (await examined(patient, slack)).of("wrong") == []


async def test_a_clock_that_is_off_is_said_by_how_much(patient, slack):
    slack.ahead_s = 20
    check = (await examined(patient, slack)).named("slack.clock", "warning")
    assert check.sentence.startswith("Our clock is 20 s behind that of Slack")
    slack.ahead_s = -120
    check = (await examined(patient, slack)).named("slack.clock", "wrong")
    assert check.sentence.startswith("Our clock is 120 s ahead of that of Slack")


async def test_a_slack_that_answers_strangely_is_no_crash(patient, slack):
    slack.directory.channel = {"name": "\x1b[2J\u202e", "is_member": "yes"}
    slack.directory.people["U024ANA"] = {"team_id": ["T0ACME"], "real_name": 7}
    slack.directory.people["U024BO"] = None
    found = await examined(patient, slack)
    assert found.of("wrong") == ["slack.channel", "slack.people", "slack.people"]
    assert not any("\x1b" in check.sentence for check in found.checks)


async def test_a_slack_that_is_away_is_wrong_and_one_that_is_busy_a_warning(patient, slack):
    slack.fail("users.info", Fails(status=429, retry_after=60))
    check = (await examined(patient, slack)).named("slack.people", "warning")
    assert check.sentence == "Slack does not say who is ana (U024ANA) (ratelimited)."
    slack.fail("auth.test", Fails(status=429, retry_after=60))
    check = (await examined(patient, slack)).named("slack.reach", "warning")
    assert check.sentence == (
        "Slack takes no more calls for now (ratelimited): run the doctor again in a minute."
    )


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (None, "127.0.0.1:9 cannot be reached (ClientConnectorError): are the network"),
        (Fails(status=503), "Slack answers with an error (http_503): see https://slack-status.com"),
        (Fails(status=404), " is not Slack (http_404): is a proxy in between?"),
        (Fails(error="internal_error"), "Slack answers with an error (internal_error)"),
        (Fails(hangs=True), " does not answer within 3 s: is it behind a firewall?"),
    ],
    ids=["refused", "unavailable", "another", "internal", "silent"],
)
async def test_a_slack_that_is_away_is_wrong_with_what_to_look_at(patient, slack, failure, says):
    changes = {} if failure else {"api_url": "http://127.0.0.1:9/api/"}
    slack.fail("auth.test", *[failure] * 2 if failure else [])
    found = await examined(patient, slack, **changes)
    assert found.of("warning", "wrong") == ["slack.reach"]
    assert says in found.named("slack.reach", "wrong").sentence


async def test_both_tokens_are_tried_where_both_are_wrong(patient, slack):
    wrong = {"bot_token": Secret("xoxb-old"), "app_token": Secret("xapp-old")}
    assert (await examined(patient, slack, **wrong)).of("wrong") == ["slack.socket", "slack.token"]


async def test_in_a_workspace_that_is_named_wrongly_people_are_not_blamed(patient, slack):
    found = await examined(patient, slack, workspace="T0OTHER")
    assert found.of("wrong") == ["slack.workspace"]


async def test_a_configuration_with_slack_passes_as_a_whole(patient, slack, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
    for line in ("[slack]", "workspace", "channel", "bot_token", "app_token"):
        patient.change("countersign.toml", f"\n# {line}", f"\n{line}")
    with patient.config.open("a") as config:
        config.write(f'api_url = "{slack.settings.api_url}"\n')
    patient.change("policy.toml", '# slack = "U024BE7LH"', 'slack = "U024ANA"')
    sections = await asyncio.to_thread(examine, Wanted(patient.config))
    found = Found([check for section in sections for check in section.checks])
    assert found.of("wrong") == []
    assert found.named("slack.people", "ok").sentence.startswith("ana clicks as U024ANA")
