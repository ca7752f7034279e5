"""A form is the vote, or the freeze: only ours counts, for whom and what we opened it."""

import asyncio
import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from approvals.events import BallotRefused
from approvals.model import Approval, Choice, SlackClick
from approvals.redis.link import StoreDown
from keys.seals import SealKey
from notifiers.slack.forms import LASTS_MS, Binding, Forms
from notifiers.slack.limits import Json
from notifiers.slack.sentences import UNSURE, UNSURE_FREEZE
from notifiers.slack.tokens import Act
from tests.notifiers.test_telling import vote
from tests.notifiers.world import World
from tests.support.requests import Sample, sample
from tests.support.slack_server import CHANNEL, WORKSPACE, Fails, Via
from tests.support.waiting import until

ETHER = sample("keysign_eth_transfer_eip1559")
BUTTONS = {Act.APPROVE: "Approve", Act.REJECT: "Reject", Act.FREEZE: "Freeze"}
WHO = {Act.APPROVE: "U0ANA", Act.REJECT: "U0ANA", Act.FREEZE: "U0DEE"}


@pytest.fixture
def about() -> Sample:
    return ETHER


async def record(world: World) -> Approval:
    found = await world.service.read(f"node-1/{ETHER.request_id}")
    assert found is not None
    return found


async def opened(world: World, act: Act, user: str | None = None) -> Json:
    """The form that this person's click opens."""
    before = len(world.slack.views)
    await world.press(world.slack.message, BUTTONS[act], user or WHO[act])
    views = [*world.slack.views.values()]
    assert len(views) == before + 1
    return views[-1]


async def submitted(
    world: World, view: Json, user: str, reason: str = "why", /, **more: Any
) -> Any:
    """What Slack is answered; None closes the form."""
    world.slack.deliver = _straight(world)  # type: ignore[method-assign]
    return await world.slack.submit_view(view, user, reason, **more)


def _straight(world: World) -> Any:
    async def deliver(payload: Any, _via: Via) -> Any:
        heard = await world.clicks.hear(payload)
        if heard.after is not None:
            await heard.after()
        return heard.answer

    return deliver


def why(answer: Any) -> str:
    assert answer is not None
    assert answer["response_action"] == "errors"
    return str(answer["errors"]["reason"])


async def nothing_happened(world: World) -> None:
    assert not (await record(world)).votes
    assert not (await world.service.freezing.look()).freezes


async def test_where_a_reason_is_wanted_approve_asks_for_it_and_the_form_is_the_vote(
    heard: World, via: Via
) -> None:
    assert "confirm" not in heard.slack.message.buttons["Approve"]
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    await until(lambda: heard.slack.views)
    assert not (await record(heard)).votes
    (view,) = heard.slack.views.values()
    shown = str(view["blocks"])
    for fact in (
        "1.25 ETH",
        "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c (cold_1)",
        "VERIFIED: decoded from the bytes whose hash",
        (await record(heard)).digest,
    ):
        assert fact in shown
    answer = await heard.slack.submit_view(view, "U0ANA", "I called them", via=via)
    assert (answer.status, answer.payload) == (200, None)
    (vote,) = (await record(heard)).votes
    assert (vote.person, vote.choice, vote.reason) == ("ana", Choice.APPROVE, "I called them")
    evidence = vote.evidence
    assert isinstance(evidence, SlackClick)
    assert (evidence.user, evidence.ts) == ("U0ANA", heard.slack.message.ts)
    await heard.told()
    assert "Reason of ana: I called them" in heard.slack.message.all_text


@pytest.mark.parametrize("act", [Act.APPROVE, Act.REJECT])
@pytest.mark.parametrize("reason", ["", " \n\t ", "\u200b\u202e\u3164"])
async def test_a_reason_that_says_nothing_keeps_the_form_open(
    near: World, act: Act, reason: str
) -> None:
    view = await opened(near, act)
    assert "wants a reason" in why(await submitted(near, view, "U0ANA", reason))
    await nothing_happened(near)
    assert await submitted(near, view, "U0ANA", "a real one") is None
    assert len((await record(near)).votes) == 1


async def test_a_freeze_from_a_form_stops_everything_and_the_channel_is_told(
    heard: World, via: Via
) -> None:
    await heard.slack.click(heard.slack.message, "Freeze", "U0DEE", via=via)
    await until(lambda: heard.slack.views)
    (view,) = heard.slack.views.values()
    assert "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE" in str(view["blocks"])
    answer = await heard.slack.submit_view(
        view, "U0DEE", "leaked <!channel>", via=via, scope="everything"
    )
    assert (answer.status, answer.payload) == (200, None)
    (freeze,) = (await heard.service.freezing.look()).freezes
    assert (freeze.person, freeze.reason) == ("dee", "leaked <!channel>")
    assert freeze.of_everything
    assert isinstance(freeze.evidence, SlackClick)
    assert freeze.evidence.workspace == WORKSPACE
    await heard.told()
    (said,) = heard.slack.said
    assert f"countersign thaw {freeze.id} --reason" in said.text
    assert "By dee" in said.text
    assert "leaked &lt;!channel&gt;" in said.text


@pytest.mark.parametrize("scope", ["wallet", "source"])
async def test_a_freeze_of_the_wallet_or_the_source_names_it_whole(near: World, scope: str) -> None:
    request = await near.service.request_of(await record(near))
    assert request is not None
    findings = near.service.findings_of(request)
    assert findings.source is not None
    view = await opened(near, Act.FREEZE)
    assert await submitted(near, view, "U0DEE", scope=scope) is None
    (freeze,) = (await near.service.freezing.look()).freezes
    wanted = {"wallet": findings.claims.wallet_id, "source": findings.source.text}[scope]
    assert getattr(freeze, scope) == wanted
    assert wanted is not None
    assert wanted in str(view["blocks"])


async def test_what_a_freeze_rejects_says_whose_it_was(near: World) -> None:
    await submitted(near, await opened(near, Act.FREEZE), "U0DEE", "leaked", scope="everything")
    (freeze,) = (await near.service.freezing.look()).freezes
    await near.service._look_at_all_if_due()
    await near.told()
    line = f"Rejected: signing is frozen (freeze {freeze.id} by dee: leaked)"
    assert line in near.slack.message.all_text
    assert not near.slack.message.deciding


@pytest.mark.parametrize(
    ("user", "words"),
    [("U0ANA", "Only those on call may freeze: dee and eli."), ("U0STRANGER", "Only those on")],
)
async def test_whoever_is_not_on_call_never_sees_the_form_of_a_freeze(
    near: World, user: str, words: str
) -> None:
    await near.press(near.slack.message, "Freeze", user)
    (whisper,) = near.slack.whispers
    assert (whisper.channel, whisper.user) == (CHANNEL, user)
    assert words in whisper.text
    assert not near.slack.views
    assert near.notes.of(BallotRefused)[-1].cause == "not_on_call"
    await nothing_happened(near)


async def test_a_freeze_without_a_scope_or_a_reason_is_none(near: World) -> None:
    view = await opened(near, Act.FREEZE)
    assert "Say what to freeze" in why(await submitted(near, view, "U0DEE", "why"))
    assert "Say what to freeze" in why(await submitted(near, view, "U0DEE", "why", scope="all"))
    assert "wants a reason" in why(await submitted(near, view, "U0DEE", " ", scope="everything"))
    await nothing_happened(near)


async def test_a_freeze_that_is_handed_in_twice_is_one_freeze(near: World) -> None:
    view = await opened(near, Act.FREEZE)
    both = [submitted(near, view, "U0DEE", scope="everything") for _ in range(2)]
    assert await asyncio.gather(*both) == [None, None]
    assert len((await near.service.freezing.look()).freezes) == 1
    assert await submitted(near, view, "U0DEE", scope="wallet") is None, "that is another one"
    assert len((await near.service.freezing.look()).freezes) == 2


async def test_a_freeze_that_is_handed_in_again_after_the_thaw_freezes_nothing(near: World) -> None:
    view, unused = await opened(near, Act.FREEZE), await opened(near, Act.FREEZE)
    assert await submitted(near, view, "U0DEE", scope="everything") is None
    (freeze,) = (await near.service.freezing.look()).freezes
    for person in ("dee", "eli"):
        await near.thaw(freeze.id, person)
    for form in (view, unused):
        said = why(await submitted(near, form, "U0DEE", scope="everything"))
        assert "A freeze was ended after this form was opened, so nothing was frozen" in said
        assert "countersign freeze --reason" in said
    assert near.notes.of(BallotRefused)[-1].cause == "thawed_since"
    await nothing_happened(near)
    later = await opened(near, Act.FREEZE)
    assert await submitted(near, later, "U0DEE", scope="everything") is None
    assert len((await near.service.freezing.look()).freezes) == 1


async def test_a_vote_that_is_handed_in_twice_is_one_vote(near: World) -> None:
    view = await opened(near, Act.REJECT)
    assert await submitted(near, view, "U0ANA") is None
    assert "Already decided. Rejected by ana" in why(await submitted(near, view, "U0ANA"))
    assert len((await record(near)).votes) == 1


async def test_freezing_from_a_message_whose_buttons_are_stale_still_works(near: World) -> None:
    view = await opened(near, Act.FREEZE)
    await vote(near, await record(near), "ana", Choice.REJECT, "no")
    assert near.slack.message.deciding, "nobody has told yet"
    later = await opened(near, Act.FREEZE)
    assert await submitted(near, view, "U0DEE", scope="everything") is None
    assert await submitted(near, later, "U0DEE", scope="wallet") is None


@pytest.mark.parametrize("act", list(BUTTONS))
async def test_a_form_that_another_person_hands_in_counts_for_nothing(
    near: World, act: Act
) -> None:
    view = await opened(near, act)
    for user in {"U0ANA", "U0BO", "U0DEE", "U0ELI", ""} - {WHO[act]}:
        said = why(await submitted(near, view, user, scope="everything"))
        assert "opened for somebody else" in said
    await nothing_happened(near)


@pytest.mark.parametrize("act", list(BUTTONS))
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"team": {"id": "T0OTHER"}}, "outside our workspace"),
        ({"user": {"id": "U0ANA", "team_id": "T0PARTNER"}}, "outside our workspace"),
    ],
)
async def test_a_form_from_another_workspace_counts_for_nothing(
    near: World, act: Act, changes: dict[str, Any], words: str
) -> None:
    view = await opened(near, act)
    assert words in why(await submitted(near, view, WHO[act], scope="everything", **changes))
    await nothing_happened(near)


def _older(world: World, view: Json) -> str:
    """Ours, but of a gateway that wrote one thing less."""
    body = base64.urlsafe_b64decode(view["private_metadata"].partition(".")[0])
    less = json.dumps(json.loads(body)[1:]).encode()
    return f"{base64.urlsafe_b64encode(less).decode()}.{world.seal_key.seal('form', '', less)}"


FORGERIES: dict[str, Any] = {
    "nothing": lambda _world, _view: "",
    "no seal": lambda _world, view: view["private_metadata"].partition(".")[0],
    "another key": lambda world, view: Forms(SealKey(b"x" * 32)).write(binding(world, view)),
    "a button's token": lambda world, _view: world.slack.message.buttons["Approve"]["value"],
    "long": lambda _world, _view: "x" * 5_000,
    "not ASCII": lambda _world, view: view["private_metadata"] + "é",
    "another version": _older,
    "one letter": lambda _world, view: _swapped(view["private_metadata"]),
}


def binding(world: World, view: Json) -> Binding:
    found = Forms(world.seal_key).read(view["private_metadata"])
    assert found is not None
    return found


def _swapped(text: str) -> str:
    middle = len(text) // 3
    return text[:middle] + ("B" if text[middle] == "A" else "A") + text[middle + 1 :]


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("act", list(BUTTONS))
async def test_a_form_that_we_did_not_seal_counts_for_nothing(
    near: World, act: Act, forgery: str
) -> None:
    view = await opened(near, act)
    forged = {**view, "private_metadata": FORGERIES[forgery](near, view)}
    said = why(await submitted(near, forged, WHO[act], scope="everything"))
    assert "not one that we opened" in said
    assert ("To freeze, run: countersign freeze" in said) == (act is Act.FREEZE)
    await nothing_happened(near)
    assert near.notes.of(BallotRefused)[-1].cause == "forged_form"


async def test_a_form_handed_in_as_another_one_counts_for_nothing(near: World) -> None:
    view = await opened(near, Act.REJECT)
    for name in ("countersign.approve", "countersign.freeze"):
        other = {**view, "callback_id": name}
        said = why(await submitted(near, other, "U0ANA", scope="everything"))
        assert "not one that we opened" in said
    await nothing_happened(near)


@pytest.mark.parametrize("act", list(BUTTONS))
async def test_a_form_that_was_made_to_say_other_things_counts_for_nothing(
    near: World, act: Act
) -> None:
    view = await opened(near, act)
    first, *rest = view["blocks"]
    other = {**first, "text": {**first["text"], "text": "Send 1 USDT"}}
    for blocks in ([other, *rest], rest, [*view["blocks"], other]):
        changed = {**view, "blocks": blocks}
        said = why(await submitted(near, changed, WHO[act], scope="everything"))
        assert "does not show what we asked" in said
    await nothing_happened(near)


@pytest.mark.parametrize("act", list(BUTTONS))
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at": -LASTS_MS - 60_000}, "too old"),
        ({"ts": "1790848800.999999"}, "not the message posted"),
        ({"shown": "0" * 64}, "does not show what we rendered"),
        ({"nonce": "made-up"}, "not one that we opened"),
        ({"member": "node-1/gone"}, "not one that we opened"),
    ],
)
async def test_a_form_of_a_click_that_would_not_count_now_counts_for_nothing(
    near: World, act: Act, changes: dict[str, Any], words: str
) -> None:
    view = await opened(near, act)
    bound = binding(near, view)
    if "at" in changes:
        bound = replace(bound, at=bound.at + changes["at"])
    elif changes.keys() & {"nonce", "member"}:
        bound = replace(bound, token=replace(bound.token, **changes))
    else:
        bound = replace(bound, **changes)
    forged = {**view, "private_metadata": Forms(near.seal_key).write(bound)}
    assert words in why(await submitted(near, forged, WHO[act], scope="everything"))
    await nothing_happened(near)


async def test_a_form_of_what_was_decided_or_frozen_meanwhile_says_so(near: World) -> None:
    views = [await opened(near, act, "U0BO") for act in (Act.APPROVE, Act.REJECT)]
    await near.freeze("eli")
    await near.service._look_at_all_if_due()
    for view in views:
        said = why(await submitted(near, view, "U0BO"))
        assert said.startswith("Already decided. Rejected: signing is frozen (freeze ")
        assert "by eli: keys <!channel> leaked" in said
    assert not (await record(near)).votes


async def test_a_form_past_the_deadline_is_too_late(near: World) -> None:
    view = await opened(near, Act.APPROVE)
    near.clock.ahead = 700_000
    assert "deadline of this request has passed" in why(await submitted(near, view, "U0ANA"))


@pytest.mark.parametrize("act", list(BUTTONS))
async def test_a_form_whose_store_is_away_stays_open_and_owns_up(
    near: World, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await opened(near, act)

    async def down(*_: object, **__: object) -> None:
        raise StoreDown("away")

    monkeypatch.setattr(near.service, "vote", down)
    monkeypatch.setattr(near.service.freezing, "freeze", down)
    said = why(await submitted(near, view, WHO[act], scope="everything"))
    assert said == (UNSURE_FREEZE if act is Act.FREEZE else UNSURE)


@pytest.mark.parametrize("act", list(BUTTONS))
async def test_a_form_that_does_not_open_leaves_the_command(near: World, act: Act) -> None:
    near.slack.fail("views.open", Fails(error="expired_trigger_id"))
    await near.press(near.slack.message, BUTTONS[act], WHO[act])
    (whisper,) = near.slack.whispers
    assert f"The form did not open. Run: countersign {act}" in whisper.text


async def test_a_freeze_from_a_message_that_was_tampered_with_leaves_the_command(
    near: World,
) -> None:
    payload = near.slack.payload(near.slack.message, "Freeze", "U0DEE")
    payload["message"]["blocks"].pop()
    heard = await near.clicks.hear(payload)
    assert heard.after is not None
    await heard.after()
    (whisper,) = near.slack.whispers
    assert "does not show what we rendered" in whisper.text
    assert whisper.text.endswith("To freeze, run: countersign freeze --reason …")
