"""Another policy comes into force in a running gateway: audited, told, used, or not at all."""

import asyncio
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from approvals.audit import AuditDown
from approvals.findings import Reason, Refused
from approvals.inspect import inspect
from approvals.model import Choice
from approvals.policy import load
from approvals.window import Window
from gateway.oncall.terminal import Failure
from keys import ssh
from notifiers.words.news import policy_news
from tests.support.requests import sample
from tests.support.slack_server import Fails, local_slack
from tests.support.waiting import PATIENCE_S, until
from tests.support.world import APPROVE_SMALL, PEOPLE, REJECT_BIG, RULES, people, ssh_key

LONG = Window(retry_times=60, sleep_ms=500, timeout_ms=10_000)


@pytest.fixture
def world(world):
    world.window = LONG
    return world


@pytest.fixture
async def slack():
    async with local_slack() as slack:
        yield slack


def write(house, text):
    (house.world.folder / "policy.toml").write_text(text)
    return text


async def reload(house):
    return await asyncio.to_thread(house.desk.reload_policy)


def digest(text):
    return load(text).digest


def in_force(house):
    return house.service.policy.digest


def events(house, name):
    return [line for line in house.audit() if line["event"] == name]


async def alarmed(house, what):
    await until(lambda: any(line.get("what") == what for line in house.lines))


async def test_a_reload_puts_the_file_in_force_for_everything(world):
    async with world.running() as house:
        old = in_force(house)
        text = write(house, people() + RULES + APPROVE_SMALL)
        said = await reload(house)
        assert (said["outcome"], said["old"], said["digest"]) == ("changed", old, digest(text))
        assert said["digest"][:16] in said["sentence"]
        assert in_force(house) == digest(text)
        conclusion = await house.asks()
        assert (conclusion.action, conclusion.attempts) == ("APPROVE", 1)
        (changed,) = events(house, "policy_changed")
        assert (changed["old"], changed["new"], changed["via"]) == (old, digest(text), "operator")
        assert (changed["rules"], changed["people"], changed["default"]) == (1, len(PEOPLE), "ask")
        (line,) = [line for line in house.lines if line["event"] == "policy_changed"]
        assert line["new"] == digest(text)[:16]
        numbers = house.observer.metrics.render().decode()
        assert f'countersign_policy{{digest="{digest(text)[:16]}"}} 1.0' in numbers
        assert old[:16] not in numbers
        assert 'policy_changes_total{outcome="changed",via="operator"} 1.0' in numbers


async def test_a_file_that_did_not_change_changes_nothing(world):
    async with world.running() as house:
        said = await reload(house)
        assert said["outcome"] == "unchanged"
        assert "in force already" in said["sentence"]
        assert events(house, "policy_changed") == []


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [('default = "approve"\ncolour = 1\n', 3), ("not toml", 1), (None, 0)],
    ids=["mistakes", "no TOML", "no file"],
)
async def test_a_bad_file_keeps_the_old_policy_and_names_every_mistake(world, text, mistakes):
    async with world.running() as house:
        old = in_force(house)
        path = house.world.folder / "policy.toml"
        path.unlink() if text is None else path.write_text(text)
        said = await reload(house)
        assert said["outcome"] == "refused"
        assert len(said["mistakes"]) == mistakes
        assert all(str(path) in mistake for mistake in said["mistakes"])
        assert old[:16] in said["sentence"]
        assert in_force(house) == old
        assert events(house, "policy_changed") == []
        asking = asyncio.create_task(house.asks())
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


async def test_a_hangup_reloads_and_says_every_mistake_in_the_log(world):
    async with world.running() as house:
        old = in_force(house)
        write(house, 'default = "approve"\ncolour = 1\n')
        house.hangups.set()
        await alarmed(house, "policy_refused")
        said = [line["event"] for line in house.lines]
        assert any("colour" in sentence for sentence in said)
        assert any("default" in sentence for sentence in said)
        numbers = house.observer.metrics.render().decode()
        assert 'alarms_total{what="policy_refused"} 1.0' in numbers
        assert in_force(house) == old
        text = write(house, people() + RULES + REJECT_BIG)
        house.hangups.set()
        await until(lambda: in_force(house) == digest(text))
        assert events(house, "policy_changed")[0]["via"] == "signal"


async def test_two_reloads_at_once_leave_the_newest_file_in_force(world):
    async with world.running() as house:
        first, second = people() + RULES + APPROVE_SMALL, people() + RULES + REJECT_BIG
        write(house, first)
        one = asyncio.create_task(reload(house))
        await asyncio.sleep(0)
        write(house, second)
        two = asyncio.create_task(reload(house))
        await asyncio.gather(one, two)
        assert in_force(house) == digest(second)
        chain = [(line["old"], line["new"]) for line in events(house, "policy_changed")]
        assert all(later[0] == earlier[1] for earlier, later in pairwise(chain))


# The order: audit, channel, use


async def test_without_the_audit_nothing_changes_and_nobody_is_told(world, slack, monkeypatch):
    world.with_slack(slack.settings, monkeypatch, "http")
    async with world.running() as house:
        old = in_force(house)
        audit = house.service._ledger.parts.audit
        real = audit._queued

        async def down(_lines):
            raise AuditDown("no space left on device")

        monkeypatch.setattr(audit, "_queued", down)
        text = write(house, people() + RULES + APPROVE_SMALL)
        said = await reload(house)
        assert said["outcome"] == "refused"
        assert "no space left on device" in said["sentence"]
        assert "a restart would load the file" in said["sentence"]
        assert in_force(house) == old
        assert slack.messages == {}
        monkeypatch.setattr(audit, "_queued", real)
        assert (await reload(house))["outcome"] == "changed"
        assert in_force(house) == digest(text)


@pytest.mark.parametrize(
    "failure",
    [Fails(status=500), Fails(error="channel_not_found"), Fails(hangs=True)],
    ids=["away", "refuses", "hangs"],
)
async def test_without_the_channel_nothing_changes_and_the_audit_says_so(
    world, slack, monkeypatch, failure
):
    monkeypatch.setattr("notifiers.tellers.ANNOUNCE_S", 0.5)
    world.with_slack(slack.settings, monkeypatch, "http")
    async with world.running() as house:
        old = in_force(house)
        write(house, people() + RULES + APPROVE_SMALL)
        slack.fail("chat.postMessage", failure)
        began = time.monotonic()
        said = await reload(house)
        assert time.monotonic() - began < 6  # Slack's own timeout is longer than people wait
        assert said["outcome"] == "refused"
        assert "people could not be told" in said["sentence"]
        assert in_force(house) == old
        (changed,), (kept,) = events(house, "policy_changed"), events(house, "policy_kept")
        assert (kept["old"], kept["new"]) == (old, changed["new"])
        asking = asyncio.create_task(house.asks())
        await house.pending()  # the new policy would have approved it
        await house.votes("bo", Choice.REJECT)
        assert (await asking).action == "REJECT"


async def test_it_is_audited_then_told_then_used(world, slack, monkeypatch):
    world.with_slack(slack.settings, monkeypatch, "http")
    async with world.running() as house:
        old, order = in_force(house), []
        real_post, real_use = slack._post, house.service._ledger.in_force.use

        def post(args):
            order.append(("told", len(events(house, "policy_changed")), in_force(house) == old))
            return real_post(args)

        def use(policy):
            order.append(("used", len(slack.messages), policy.digest))
            real_use(policy)

        monkeypatch.setattr(slack, "_post", post)
        monkeypatch.setattr(house.service._ledger.in_force, "use", use)
        text = write(house, people() + RULES + APPROVE_SMALL)
        await reload(house)
        assert order == [("told", 1, True), ("used", 1, digest(text))]
        assert slack.message.blocks == []
        for part in (old[:16], digest(text)[:16], "1 rule", "5 people", "otherwise ask"):
            assert part in slack.message.text
        assert "countersign policy reload" in slack.message.text


# What becomes of what is open


async def test_a_reject_of_the_new_policy_rejects_what_is_open(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.pending()
        write(house, people() + RULES + REJECT_BIG)
        await reload(house)
        conclusion = await asking
        assert (conclusion.action, conclusion.attempts) == ("REJECT", 1)
        assert conclusion.error == "rule: refused by rule big"
        (finalized,) = events(house, "finalized")
        assert finalized["approval"]["final"]["policy"] == in_force(house)
        assert finalized["approval"]["policy"] != in_force(house)


async def ended(house, approval):
    """The record, once it is final."""
    async with asyncio.timeout(PATIENCE_S):
        while (stored := await house.service.read(approval.member)).final is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return stored


async def approved_and_not_fetched(house):
    """A request whose quorum is met while no attempt is there to hear it."""
    asking = asyncio.create_task(house.asks())
    (approval,) = await house.pending()
    asking.cancel()
    await asyncio.wait({asking})
    await until(lambda: not house.running.assembly.parked)
    told = await house.votes("ana", approval=approval)
    assert "waiting for the node" in told["status"]
    return approval


async def test_a_reject_of_the_new_policy_rejects_a_yes_that_nobody_fetched(world):
    async with world.running() as house:
        approval = await approved_and_not_fetched(house)
        write(house, people() + RULES + REJECT_BIG)
        await reload(house)
        stored = await ended(house, approval)
        assert stored.final.outcome == "REJECT"
        assert (await house.asks()).error == "rule: refused by rule big"


async def test_a_restart_with_a_policy_that_rejects_rejects_a_yes_too(world):
    async with world.running() as house:
        approval = await approved_and_not_fetched(house)
    world.rules = RULES + REJECT_BIG
    async with world.running() as house:
        stored = await ended(house, approval)
        assert stored.final.outcome == "REJECT"


async def test_who_makes_a_yes_final_asks_todays_rules_though_nobody_looked_before(
    world, monkeypatch
):
    async with world.running() as house:
        await approved_and_not_fetched(house)
    world.rules = RULES + REJECT_BIG
    monkeypatch.setattr("approvals.news.News.take", lambda _self: False)
    async with world.running() as house:
        assert (await house.asks()).error == "rule: refused by rule big"


async def test_a_yes_to_what_an_older_version_could_not_refuse_does_not_become_final(
    world, monkeypatch
):
    """The policy is the same, the checks are not: an upgrade found a contradiction."""
    async with world.running() as house:
        await approved_and_not_fetched(house)
    contradiction = Refused("contradiction", (Reason(9, "It is something else."),))
    monkeypatch.setattr(
        "approvals.in_force.inspect",
        lambda request, tables: replace(inspect(request, tables), integrity=contradiction),
    )
    async with world.running() as house:
        assert (await house.asks()).error == "contradiction: It is something else."


async def test_a_vote_announces_no_approval_that_todays_rules_refuse(world, monkeypatch):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (approval,) = await house.pending()
        asking.cancel()
        await asyncio.wait({asking})
    world.rules = RULES + REJECT_BIG
    monkeypatch.setattr("approvals.news.News.take", lambda _self: False)
    async with world.running() as house:
        with pytest.raises(Failure, match="Already decided"):
            await house.votes("ana", approval=approval)
        (entry,) = await asyncio.to_thread(house.desk.find, approval.request_id)
        assert (entry["state"], entry["approval"]["votes"]) == ("closing", [])
        assert "Approved" not in entry["status"]


async def test_what_the_new_policy_would_approve_still_asks_the_people_it_asked(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (before,) = await house.pending()
        write(house, people() + RULES.replace('"treasury"', '"on_call"') + APPROVE_SMALL)
        await reload(house)
        await asyncio.sleep(0.3)
        (after,) = await house.pending()
        assert after.verdict == before.verdict
        with pytest.raises(Failure, match="not an approver"):
            await house.votes("dee", approval=after)
        await house.votes("ana", approval=after)
        assert (await asking).action == "APPROVE"


async def test_somebody_who_left_does_not_count_any_more(world):
    world.rules = RULES.replace("count = 1", "count = 2")
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.pending()
        await house.votes("ana")
        without = people().replace('treasury = ["ana", "bo", "chen"]', 'treasury = ["bo", "chen"]')
        write(house, without + world.rules)
        assert (await reload(house))["outcome"] == "changed"
        await house.votes("bo")
        (approval,) = await house.pending()
        assert approval.final is None
        with pytest.raises(Failure, match="not an approver"):
            await house.votes("ana")
        await house.votes("chen")
        assert (await asking).action == "APPROVE"


async def test_seats_that_nobody_left_can_fill_are_a_refusal_at_once(world):
    world.rules = RULES.replace("count = 1", "count = 3")
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.pending()
        without = people().replace('treasury = ["ana", "bo", "chen"]', 'treasury = ["bo", "chen"]')
        write(house, without + RULES)
        await reload(house)
        assert (await asking).error.startswith("people: ")


async def test_a_vote_by_a_key_that_was_replaced_does_not_count_any_more(world):
    world.rules = RULES.replace("count = 1", "count = 2")
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.pending()
        await house.votes("ana")
        old_key = ssh.public_key(ssh_key("ana")).line
        new_key = ssh.public_key(ssh_key("anas new one")).line
        write(house, people().replace(old_key, new_key) + world.rules)
        await reload(house)
        with pytest.raises(Failure, match="No person of the policy in force"):
            await house.votes("ana")
        await house.votes("bo")
        (approval,) = await house.pending()
        assert approval.final is None
        await house.votes("chen")
        assert (await asking).action == "APPROVE"


async def test_new_tables_change_what_is_seen_of_what_is_open(world):
    token = sample("keysign_erc20_usdt").extra["transaction"]["token_id"]
    assert token == "ETH_USDT"
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (approval,) = await house.pending()
        request = await house.service.request_of(approval)
        before = house.service.findings_of(request)
        named = '[chains.ETH]\neip155 = 1\nname = "Mainnet"\nsymbol = "ETH"\ndecimals = 18\n'
        write(house, people() + RULES + named)
        said = await reload(house)
        assert said["outcome"] == "changed", said
        assert house.service.findings_of(request) is not before
        assert house.service.policy.tables.chain("ETH").name == "Mainnet"
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


async def test_bytes_that_cannot_be_read_leave_it_to_people_and_alarm(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (approval,) = await house.pending()
        asking.cancel()
        await asyncio.wait({asking})
        redis = house.service._ledger.store._link.client
        name = f"{{countersign}}:bytes:{approval.digest}"
        kept = await redis.get(name)
        for broken, what in ((b"{}", "damaged"), (None, "bytes_missing")):
            await (redis.delete(name) if broken is None else redis.set(name, broken))
            write(house, people() + RULES + REJECT_BIG + f"# {what}\n")
            await reload(house)
            await alarmed(house, what)
            assert (await house.service.read(approval.member)).final is None
            listed = (await asyncio.to_thread(house.desk.open_approvals))["approvals"]
            assert [entry["state"] for entry in listed] == ["open"]
        await redis.set(name, kept)
        assert (await house.asks()).error == "rule: refused by rule big"


async def test_without_slack_the_console_says_it(world, capsys):
    async with world.running() as house:
        text = write(house, people() + RULES + APPROVE_SMALL)
        await reload(house)
        assert f"Policy change: {load(people() + RULES).digest[:16]} -> {digest(text)[:16]}." in (
            capsys.readouterr().out
        )


async def test_the_old_policy_goes_on_whatever_breaks_while_reloading(world, monkeypatch):
    async with world.running() as house:
        old = in_force(house)
        write(house, people() + RULES + APPROVE_SMALL)

        def broken(_text):
            raise RuntimeError("a bug")

        monkeypatch.setattr("gateway.reloading.policy_news", broken)
        house.hangups.set()
        await until(lambda: any(line["event"] == "bug" for line in house.lines))
        assert in_force(house) == old
        assert [line["why"] for line in events(house, "policy_kept")] == ["RuntimeError"]
        monkeypatch.undo()
        house.hangups.set()
        await until(lambda: in_force(house) != old)


async def test_files_that_a_policy_names_change_it_though_its_text_stays(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (approval,) = await house.pending()
        old = house.service.policy
        token = replace(old.tables.tokens["ETH_USDT"].asset, symbol="TETHER")
        tokens = {
            **old.tables.tokens,
            "ETH_USDT": replace(old.tables.token("ETH_USDT"), asset=token),
        }
        other = replace(old, tables=replace(old.tables, tokens=tokens))
        told = []

        async def loaded():
            return other

        async def announce(change):
            told.append(policy_news(change))

        change = await house.service.change_policy(loaded, "operator", announce)
        assert (change.old, change.new) == (old.digest, old.digest)
        assert "stays, files that it names changed" in told[0]
        assert await house.service.change_policy(loaded, "operator", announce) is None
        (entry,) = (await asyncio.to_thread(house.desk.open_approvals))["approvals"]
        assert "TETHER" in entry["headline"]
        await house.votes("ana", approval=approval)
        assert (await asking).action == "APPROVE"
