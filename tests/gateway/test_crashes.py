"""Each row of docs/crashes.md: a gateway ends at that very step, another one goes on."""

import asyncio
import contextlib
import re
from collections import Counter
from pathlib import Path

import pytest

from approvals.aftermath.store import AfterStore
from approvals.asking import Asking
from approvals.audit import Audit
from approvals.events import Answered, Asked, Finalized, FreezeChanged, Overridden, Voted
from approvals.freezes.store import FreezeStore
from approvals.ledger import Ledger
from approvals.model import Choice, Outcome
from approvals.outbox import Outbox
from approvals.service import Service
from approvals.store import Store
from approvals.untold import lists_of
from approvals.window import Window
from gateway.config.file import load
from gateway.doors.callback import Callback
from gateway.evidence.verify import Wanted, report_of
from notifiers.console import Console
from notifiers.teller import Teller
from notifiers.tellers import Tellers
from tests.support.events import event, tells
from tests.support.requests import sample
from tests.support.slack_server import local_slack
from tests.support.waiting import PATIENCE_S, until
from tests.support.world import APPROVE_SMALL, REJECT_BIG, RULES, people

PATIENT = Window(retry_times=20, sleep_ms=200, timeout_ms=3_000)


class Step:
    """A place in the code where the process stands still until it is killed."""

    def __init__(self, monkeypatch):
        self._monkeypatch = monkeypatch
        self.reached = asyncio.Event()
        self._undo = []

    def before(self, owner, name, applies=lambda *_args, **_kwargs: True):
        """Stand still before this method runs, where `applies` says so."""
        real = getattr(owner, name)

        async def stands_still(*args, **kwargs):
            if applies(*args, **kwargs):
                self.reached.set()
                await asyncio.Event().wait()
            return await real(*args, **kwargs)

        self._monkeypatch.setattr(owner, name, stands_still)

    def after(self, owner, name):
        """Stand still after this method ran."""
        real = getattr(owner, name)

        async def stands_still(*args, **kwargs):
            await real(*args, **kwargs)
            self.reached.set()
            await asyncio.Event().wait()

        self._monkeypatch.setattr(owner, name, stands_still)

    def lift(self):
        self._monkeypatch.undo()


@pytest.fixture
def step(monkeypatch):
    return Step(monkeypatch)


@pytest.fixture
def crash(world, step):
    """Run until the step is reached, kill the gateway there, start another on the same port."""
    world.window = PATIENT

    @contextlib.asynccontextmanager
    async def crashing(reach=None, what=None):
        first = world.running()
        house = await first.__aenter__()
        world.port = house.running.public.port
        asking = asyncio.create_task(house.asks(what))
        acting = asyncio.create_task(reach(house)) if reach else None
        async with asyncio.timeout(PATIENCE_S):
            await step.reached.wait()
        await house.kill()
        step.lift()
        if acting is not None:
            acting.cancel()
            await asyncio.gather(acting, return_exceptions=True)
        async with world.running() as again:
            yield again, asking

    return crashing


def writes(kind):
    """Audit.write calls that carry such an event."""
    return lambda _audit, *events: any(isinstance(event, kind) for event in events)


def swaps_to(outcome):
    """Ledger.swap calls that make a record final so."""
    return lambda _ledger, _old, new, _lists, **_: (
        new.final is not None and new.final.outcome is outcome
    )


def voting(person, choice=Choice.APPROVE):
    async def act(house):
        await house.votes(person, choice)

    return act


async def concludes(house, asking, action, votes=None):
    if votes:
        await house.votes(votes)
    conclusion = await asking
    assert (conclusion.action, conclusion.by) == (action, "server")
    events = [line["event"] for line in house.audit()]
    assert "asked" in events
    assert events[-1] in {"answered", "answer_taken", "finalized", "voted"}
    return conclusion


async def test_before_the_record_is_created(step, crash):
    step.before(Store, "create")
    async with crash() as (house, asking):
        await concludes(house, asking, "APPROVE", votes="ana")


async def test_before_the_evidence_of_a_new_record(step, crash):
    step.before(Audit, "write", writes(Asked))
    async with crash() as (house, asking):
        assert house.audit() == []
        await concludes(house, asking, "APPROVE", votes="ana")


async def test_before_people_are_told(step, crash, capsys):
    step.before(Teller, "_told")
    async with crash() as (house, asking):
        await claims_run_out(house)
        await until(lambda: "2,500 USDT" in capsys.readouterr().out)
        await concludes(house, asking, "APPROVE", votes="ana")


async def claims_run_out(house, place="console"):
    """What the dead gateway had claimed is due again: 30 seconds, at once."""
    redis = house.service._ledger.store._link.client
    untold, _, claims = lists_of(place)
    await redis.delete(claims)
    for member in await redis.zrange(untold, 0, -1):
        await redis.zadd(untold, {member: 0})


async def test_before_a_posts_ts_is_stored(step, crash, world):
    async with local_slack() as slack:
        with pytest.MonkeyPatch.context() as environment:
            world.with_slack(slack.settings, environment, "http")
            step.before(
                Outbox, "write_told", lambda _outbox, _member, told: told.posts[-1].ts is not None
            )
            async with crash() as (house, asking):
                slack.interactions_url = f"{house.running.public.url}/slack/interactions"
                await slack.click(slack.message, "Approve", "U0ANA", via="http")
                assert (await asking).action == "APPROVE"
                (ts,) = slack.messages
                await until(lambda: not slack.messages[ts].deciding)


async def test_before_a_vote_is_stored(step, crash):
    step.before(Ledger, "swap", lambda _ledger, _old, new, _lists, **_: bool(new.votes))
    async with crash(voting("ana")) as (house, asking):
        (approval,) = await house.pending()
        assert approval.votes == ()
        await concludes(house, asking, "APPROVE", votes="ana")


def is_whole(house):
    """Whether `audit verify` finds nothing, while the gateway runs."""
    settings = load(house.world.folder / "countersign.toml")
    return report_of(settings, Wanted((), (), (), as_json=False)).findings == []


async def test_before_a_vote_is_audited(step, crash):
    step.before(Audit, "write", writes(Voted))
    async with crash(voting("ana")) as (house, asking):
        await concludes(house, asking, "APPROVE")
        (answered,) = [line for line in house.audit() if line["event"] == "answered"]
        assert [vote["person"] for vote in answered["approval"]["votes"]] == ["ana"]


async def test_before_a_refusal_is_told(step, crash, capsys):
    step.before(Audit, "write", writes(Voted))
    async with crash(voting("bo", Choice.REJECT)) as (house, asking):
        conclusion = await concludes(house, asking, "REJECT")
        assert conclusion.error.startswith("person: ")
        await claims_run_out(house)
        await until(lambda: "Rejected" in capsys.readouterr().out)


async def test_before_an_approval_is_final(step, crash):
    step.before(Ledger, "swap", swaps_to(Outcome.APPROVE))
    async with crash(voting("ana")) as (house, asking):
        await concludes(house, asking, "APPROVE")


async def test_before_a_finals_evidence(step, crash):
    step.before(Audit, "write", writes(Finalized))
    async with crash(voting("ana")) as (house, asking):
        await concludes(house, asking, "APPROVE")
        assert [line["event"] for line in house.audit()].count("answered") == 1


async def test_before_the_answer_is_signed(step, crash):
    step.before(Callback, "_signed")
    async with crash(voting("ana")) as (house, asking):
        await concludes(house, asking, "APPROVE")
        lines = [line for line in house.audit() if line["event"] == "answered"]
        finals = {str(line["approval"]["final"]) for line in lines}
        assert (len(lines), len(finals)) == (2, 1)


async def test_before_the_outcome_is_told(step, crash, capsys):
    step.before(Console, "tell", lambda _console, story, **_: story.approval.final is not None)
    async with crash(voting("ana")) as (house, asking):
        assert (await asking).action == "APPROVE"
        await claims_run_out(house)
        await until(lambda: "Approved" in capsys.readouterr().out)


async def test_before_a_deadline_is_final(step, crash, world):
    world.rules = RULES.replace("30m", "1s")
    step.before(Ledger, "swap", swaps_to(Outcome.REJECT))
    async with crash() as (house, asking):
        conclusion = await concludes(house, asking, "REJECT")
        assert conclusion.error.startswith("timeout: ")


async def test_before_a_refusal_at_birth_is_spoken(step, crash):
    step.before(Audit, "write", writes(Answered))
    async with crash(what=sample("bad_hash_mismatch")) as (house, asking):
        conclusion = await concludes(house, asking, "REJECT")
        assert conclusion.error.startswith("contradiction: ")


async def test_before_a_conflict_is_recorded(step, crash):
    other = sample("keysign_erc20_usdt").with_transaction("description", "changed")
    step.before(Store, "create", lambda _store, approval, _lists, **_rest: approval.conflict)

    async def conflicting(house):
        await house.pending()
        await house.asks(other)

    async with crash(conflicting) as (house, asking):
        assert (await house.asks(other)).error.startswith("conflict: ")
        await concludes(house, asking, "APPROVE", votes="ana")


async def reloading(house):
    """Another policy, which rejects what is open, also for the next start."""
    await house.pending()
    house.world.rules = RULES + REJECT_BIG
    (house.world.folder / "policy.toml").write_text(people() + house.world.rules)
    await asyncio.to_thread(house.desk.reload_policy)


async def rejects_as_the_audit_says(house, asking):
    """The policy that the audit has last is in force, and what is open is refused by it."""
    conclusion = await concludes(house, asking, "REJECT")
    assert conclusion.error == "rule: refused by rule big"
    (changed,) = [line for line in house.audit() if line["event"] == "policy_changed"]
    (finalized,) = [line for line in house.audit() if line["event"] == "finalized"]
    assert changed["new"] == house.service.policy.digest
    assert changed["new"] == finalized["approval"]["final"]["policy"]


async def test_before_a_policy_is_told(step, crash, capsys):
    step.before(Tellers, "announce")
    async with crash(reloading) as (house, asking):
        assert "Policy change" not in capsys.readouterr().out
        await rejects_as_the_audit_says(house, asking)


async def test_before_a_policy_is_used(step, crash, capsys):
    step.after(Tellers, "announce")
    async with crash(reloading) as (house, asking):
        assert "Policy change" in capsys.readouterr().out
        await rejects_as_the_audit_says(house, asking)


async def test_before_open_approvals_are_looked_at(step, crash):
    step.before(Service, "_settle")
    async with crash(reloading) as (house, asking):
        await rejects_as_the_audit_says(house, asking)


def changes(what):
    """Audit.write calls that say that what is frozen changed so."""
    return lambda _audit, *events: any(
        isinstance(event, FreezeChanged) and event.what == what for event in events
    )


def freezing(*thaw):
    """Freeze everything that is open, and vote to end that."""

    async def act(house):
        await house.pending()
        freeze = await house.freezes("dee")
        for person in thaw:
            await house.thaws(person, freeze)

    return act


async def standing(house):
    return (await asyncio.to_thread(house.desk.freezes))["freezes"]


async def test_before_a_freeze_is_audited(step, crash):
    step.before(Audit, "write", changes("frozen"))
    async with crash(freezing()) as (house, asking):
        assert (await asking).error.startswith("frozen: ")
        assert [line["what"] for line in house.frozen()] == ["begun", "learned"]
        assert is_whole(house)
        assert [freeze["person"] for freeze in await standing(house)] == ["dee"]


async def test_before_a_vote_to_thaw_is_stored(step, crash):
    step.before(FreezeStore, "write", lambda _store, _old, new: bool(new.thaws))
    async with crash(freezing("dee")) as (house, asking):
        assert (await asking).error.startswith("frozen: ")
        assert [line["what"] for line in house.frozen()] == ["begun", "frozen", "thawing"]
        (freeze,) = await standing(house)
        assert freeze["thaws"] == []
        for person in ("dee", "eli"):
            await house.thaws(person, freeze["id"])
        assert await standing(house) == []


async def test_before_a_thaw_is_audited(step, crash):
    step.before(Audit, "write", changes("thawed"))
    async with crash(freezing("dee", "eli")) as (house, asking):
        assert (await asking).error.startswith("frozen: ")
        assert await standing(house) == []
        lines = house.frozen()
        assert [line["what"] for line in lines[-2:]] == ["thawing", "learned"]
        assert lines[-2]["vote"]["person"] == "eli"
        assert is_whole(house)


async def test_before_an_override_is_audited(step, crash, world):
    world.rules = RULES + '\n[override]\ngroup = "on_call"\napprove = 1\nreject = 1\n'
    step.before(Audit, "write", writes(Overridden))

    async def overriding(house):
        await house.votes("dee", override=True)

    async with crash(overriding) as (house, asking):
        await concludes(house, asking, "APPROVE")
        (answered,) = [line for line in house.audit() if line["event"] == "answered"]
        assert [vote["override"] for vote in answered["approval"]["votes"]] == [True]


async def test_before_a_sentences_ts_is_stored(step, crash, world):
    async with local_slack() as slack:
        with pytest.MonkeyPatch.context() as environment:
            world.with_slack(slack.settings, environment, "http")
            step.before(
                Outbox,
                "write_told",
                lambda _outbox, _member, told: any(post.about and post.ts for post in told.posts),
            )
            async with crash(freezing()) as (house, asking):
                assert (await asking).error.startswith("frozen: ")
                await claims_run_out(house, "slack")
                # It is said again. So may be what the freeze rejected before that was shown, once.
                await until(lambda: 2 in _times(slack).values())
                assert sorted(_times(slack).values())[-2:] in ([2], [1, 2])


def _times(slack):
    """How often each sentence was said."""
    return Counter(said.text for said in slack.said)


async def test_before_an_event_is_kept(step, crash, world):
    world.with_events, world.rules = True, RULES + APPROVE_SMALL
    step.before(AfterStore, "write")

    async def telling(house):
        await until(lambda: "answered" in {line["event"] for line in house.audit()})
        await tells(house, event())

    async with crash(telling) as (house, asking):
        assert (await asking).action == "APPROVE"
        (approval,) = await house.service.find(sample("keysign_erc20_usdt").request_id)
        assert not (await house.service.after_of(approval)).reported
        assert await tells(house, event()) == (200, "")
        assert (await house.service.after_of(approval)).reported


async def test_before_an_alarm_is_said(step, crash, world, capsys):
    world.with_events = True
    step.before(Console, "announce", lambda _console, text: text.startswith("ALARM"))

    async def telling(house):
        await house.votes("bo", Choice.REJECT)
        await until(lambda: "answered" in {line["event"] for line in house.audit()})
        assert await tells(house, event()) == (200, "")

    async with crash(telling) as (house, asking):
        assert (await asking).action == "REJECT"
        assert "ALARM" not in capsys.readouterr().out
        await claims_run_out(house)
        await until(lambda: "ALARM signed_rejected" in capsys.readouterr().out)


async def test_rules_answer_the_same_after_a_crash(step, crash, world):
    world.rules = RULES + APPROVE_SMALL
    step.before(Asking, "_put_on_record")
    async with crash() as (house, asking):
        await concludes(house, asking, "APPROVE")


def test_every_row_of_the_table_is_a_test():
    table = (Path(__file__).parents[2] / "docs" / "crashes.md").read_text()
    rows = re.findall(r"`(before_[a-z_]+)` \|$", table, re.MULTILINE)
    assert len(rows) >= 12
    assert len(rows) == len(set(rows))
    assert not [row for row in rows if f"test_{row}" not in globals()]
