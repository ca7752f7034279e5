"""No click is silently ignored: why it did nothing is said in private, by whatever way works."""

from pathlib import Path

import pytest

from approvals.events import Alarm
from notifiers.slack.sentences import _WHY, unsound, unsure
from notifiers.slack.tokens import Act
from notifiers.slack.trouble import SlackRefused
from tests.notifiers.world import POLICY, World, world_on
from tests.support.slack_server import CHANNEL, Fails, LocalSlack, Via
from tests.support.waiting import until


@pytest.mark.parametrize("button", ["Approve", "Reject", "Freeze", "Details"])
async def test_where_the_channel_takes_no_aside_the_clicks_own_answer_does(
    heard: World, via: Via, button: str
) -> None:
    heard.slack.fail("chat.postEphemeral", Fails(error="user_not_in_channel"))
    heard.slack.fail("views.open", Fails(error="expired_trigger_id"))
    await heard.slack.click(heard.slack.message, button, "U0STRANGER", via=via)
    await until(lambda: heard.slack.whispers)
    (whisper,) = heard.slack.whispers
    assert (whisper.channel, whisper.user) == (CHANNEL, "U0STRANGER")
    assert "response_url ok" in heard.slack.events
    words = {"Freeze": "Only those on call may freeze", "Details": "run: countersign show"}
    assert words.get(button, "enter your Slack id U0STRANGER") in whisper.text
    assert "not_whispered" not in [alarm.what for alarm in heard.notes.of(Alarm)]


async def test_where_nothing_works_there_is_an_alarm_with_both_reasons(near: World) -> None:
    near.slack.fail("chat.postEphemeral", Fails(error="user_not_in_channel"))
    near.slack.fail("response_url", Fails(status=500))
    await near.press(near.slack.message, "Approve", "U0STRANGER")
    (alarm,) = near.notes.of(Alarm)
    assert (alarm.what, alarm.detail) == ("not_whispered", "user_not_in_channel, then http_500")
    assert not near.slack.whispers


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/actions/1",
        "https://127.0.0.1/actions/1",
        "file:///etc/passwd",
        "http://evil@{host}.evil.example/actions/1",
        "http://[",
    ],
)
async def test_an_answer_goes_to_slack_and_nowhere_else(near: World, url: str) -> None:
    host = near.slack.base.removeprefix("http://")
    near.slack.fail("chat.postEphemeral", Fails(error="user_not_in_channel"))
    changes = {"response_url": url.format(host=host)}
    await near.press(near.slack.message, "Approve", "U0STRANGER", **changes)
    (alarm,) = near.notes.of(Alarm)
    assert alarm.detail == "user_not_in_channel, then no_response_url"
    with pytest.raises(SlackRefused):
        await near.client.answer(url, "x")


@pytest.mark.parametrize("act", [*Act, None])
def test_every_sentence_says_what_it_means_and_what_to_do(act: Act | None) -> None:
    means = {Act.FREEZE: "Nothing was frozen.", Act.DETAILS: "Nothing is shown."}
    for cause in _WHY:
        said = unsound(cause, act)
        assert means.get(act, "Nothing was stored.") in said if act else "Nothing was stored."
        assert len(said.split(". ")) >= 3, said
        assert ("To freeze, run: countersign freeze" in said) == (act is Act.FREEZE)
    assert unsure(act)


async def test_where_nobody_is_on_call_no_message_offers_to_freeze(
    redis_url: str, tmp_path: Path, slack: LocalSlack
) -> None:
    before, _, rest = POLICY.replace('on_call = ["dee", "eli"]\n', "").partition("[override]")
    policy = before + rest[rest.index("[[rule]]") :]
    async with world_on(redis_url, tmp_path, slack, policy) as world:
        await world.asked()
        await world.told()
        assert [*slack.message.buttons] == ["Approve", "Reject", "Details"]
