"""Two clients write at random, answers get lost, the server dies: a plain model knows the rest."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from approvals.freezes.model import FIRST
from approvals.freezes.store import FREEZE_MEMBER, FreezeStore
from approvals.model import Approval, Cause, Choice, Outcome
from approvals.model import Final as FinalFact
from approvals.outbox import Outbox
from approvals.redis.link import Link, StoreDown
from approvals.request import Request
from approvals.store import Store
from approvals.swapping import FreezeMoved, Lists, Moved, Swapped
from approvals.untold import CLAIM_MS
from keys.seals import SealKey
from tests.support.effort import tried
from tests.support.records import NOW, POLICY, approval, vote
from tests.support.redis_server import RedisServer

T = TypeVar("T")

KEY: Final = SealKey(b"k" * 32)
REQUESTS: Final = {name: Request("node-1", name, 2, "{}", "{}") for name in ("r1", "r2")}
MEMBERS: Final = {f"node-1/{name}": request for name, request in REQUESTS.items()}
KINDS: Final = (*Choice, *Choice, *Outcome, NOW + 1_000)
"""What is written: a vote, a final fact, a nearer deadline."""
PLACES: Final = ("slack", "pager")
CLIENTS: Final = st.integers(0, 1)
WHERE: Final = st.sampled_from(PLACES)
WHICH: Final = st.sampled_from(sorted(MEMBERS))
MOMENTS: Final = st.integers(0, 5).map(lambda n: NOW + n * CLAIM_MS // 2)
RUNS: Final = st.sampled_from(["once"] * 3 + ["twice", "unheard", "not at all"])
"""How a command comes through: the client library may repeat it, its answer may be lost."""


async def no_check(client: Any) -> None:
    del client


class Wire(Link):
    """A link whose next script comes through as `runs` says."""

    runs = "once"

    async def run(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        runs, self.runs = self.runs, "once"
        if runs == "not at all":
            raise StoreDown("it never arrived")
        answer = await super().run(script, keys, arguments)
        if runs == "twice":
            answer = await super().run(script, keys, arguments)
        if runs == "unheard":
            raise StoreDown("the answer is lost")
        return answer


@dataclass
class Place:
    """What must stand in the lists of one place."""

    untold: dict[str, int] = field(default_factory=dict)
    unshown: dict[str, int] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)


@dataclass
class Expected:
    """What must be stored, in plain dictionaries."""

    records: dict[str, Approval] = field(default_factory=dict)
    finals: dict[str, FinalFact] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    untold: dict[str, int] = field(default_factory=lambda: {FREEZE_MEMBER: 0})
    unshown: dict[str, int] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=lambda: {name: Place() for name in PLACES})
    bell: list[str] = field(default_factory=list)
    kept_bytes: set[str] = field(default_factory=set)

    def write(self, record: Approval, lists: Lists) -> None:
        """What the script does, all of it at once."""
        member = record.member
        if lists.tell_at is not None and member not in self.records:
            self.unshown[member] = lists.tell_at
        self.records[member] = record
        self.open.pop(member, None)
        if lists.open_until is not None:
            self.open[member] = lists.open_until
        if lists.tell_at is not None:
            self.untold[member] = lists.tell_at
        if lists.ring:
            self.bell.append(member)

    def hand_out(self, now: int) -> None:
        """What is due is every place's own from then on."""
        for member in [member for member, at in self.untold.items() if at <= now]:
            at, since = self.untold.pop(member), self.unshown.pop(member, None)
            for place in self.places.values():
                place.untold[member] = min(at, place.untold.get(member, at))
                if since is not None:
                    place.unshown.setdefault(member, since)


class Stores(RuleBasedStateMachine):
    """Each client holds what it read last, however old that is by now."""

    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        self.server.flush()
        self.loop = asyncio.new_event_loop()
        self.links = [Wire(self.server.url, check=no_check) for _ in range(2)]
        self.stores = [Store(link, KEY, keep_days=30) for link in self.links]
        self.outboxes = [Outbox(link, KEY, PLACES) for link in self.links]
        self.freezes = FreezeStore(self.links[0], KEY)
        frozen = self.run(self.freezes.write(None, FIRST))
        assert frozen is not None
        self.frozen = frozen
        self.under = [frozen.stamp] * 2
        self.held: list[dict[str, Approval]] = [{}, {}]
        self.expected = Expected()
        for member in MEMBERS:
            self.create(0, member, NOW, NOW, "once")
            self.read(1, member)

    def teardown(self) -> None:
        for link in self.links:
            self.run(link.close())
        self.loop.close()

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(step)

    @rule(client=CLIENTS, member=WHICH, until=MOMENTS, tell=MOMENTS, runs=RUNS)
    def create(self, client, member, until, tell, runs):
        """Where an old record is final, its time is over."""
        self.expire(member)
        request, lists = MEMBERS[member], Lists(open_until=until, tell_at=tell)
        new = approval(request_id=request.request_id, digest=request.digest)
        self.links[client].runs = runs
        before = self.expected.records.get(member)
        writing = self.stores[client].create(new, lists, request=request, content=request.content)
        done = self._done(writing)
        if runs == "not at all" or (runs == "unheard" and before is not None):
            assert done is None
        elif before is not None:
            assert done == Moved(before)
        else:
            assert isinstance(done, Swapped)
            assert done.approval == new
            self.expected.kept_bytes.add(request.digest)
            self._wrote(client, done.approval, lists)

    def read(self, client, member):
        found = self.run(self.stores[client].read(member))
        assert (found is None) == (member not in self.expected.records)
        if found is not None:
            self.held[client][member] = found

    @rule(client=CLIENTS, member=WHICH, what=st.sampled_from(KINDS), fresh=st.booleans(), runs=RUNS)
    def change(self, client, member, what, fresh, runs):
        """On top of what the client holds, which it reads anew where `fresh`."""
        if fresh:
            self.read(client, member)
        held = self.held[client].get(member)
        if held is None or held.final is not None:
            return
        match what:
            case Choice():
                made = vote(f"person {len(held.votes)}", what)
                new, lists = replace(held, votes=(*held.votes, made)), Lists(NOW, NOW + 1)
            case Outcome():
                cause = Cause.TIMEOUT if what is Outcome.REJECT else None
                final = FinalFact(what, cause, "so it is", NOW, held.revision, POLICY)
                new, lists = replace(held, final=final), Lists(None, NOW + 2)
            case _:
                new, lists = replace(held, deadline=what), Lists(what, None, ring=False)
        self._swap(client, held, new, lists, runs)

    @rule(client=CLIENTS)
    def freeze(self, client):
        """Another record of what is frozen: one client knows it at once, the other does not."""
        changed = replace(self.frozen, epoch=self.frozen.epoch + 1, stamp="")
        written = self.run(self.freezes.write(self.frozen, changed))
        assert written is not None
        self.frozen = written
        self.expected.untold[FREEZE_MEMBER] = 0
        self.under[client] = written.stamp

    @rule(client=CLIENTS, where=WHERE, now=MOMENTS, limit=st.integers(1, 2))
    def claim(self, client, where, now, limit):
        """Nobody gets what another has claimed, whatever was written since."""
        claimed = self.run(self.outboxes[client].at(where).claim(now, limit))
        self.expected.hand_out(now)
        place = self.expected.places[where]
        untold = place.untold
        due = [
            member
            for member, _ in _by_score(untold)
            if untold[member] <= now and not now < place.claims.get(member, 0) <= now + 2 * CLAIM_MS
        ]
        special = [member for member in due if member == FREEZE_MEMBER]
        new = [m for m in due if m in self.expected.open and m in place.unshown]
        new.sort(key=lambda member: self.expected.open[member])
        rest = [member for member in due if member not in new and member not in special]
        assert list(claimed) == [*special, *(*new, *rest)[:limit]]
        untold.update(dict.fromkeys(claimed, now + CLAIM_MS))
        place.claims.update(dict.fromkeys(claimed, now + CLAIM_MS))

    @rule(client=CLIENTS, where=WHERE, member=WHICH, again=st.none() | MOMENTS, told=st.booleans())
    def settle(self, client, where, member, again, told):
        """As a teller that showed what this client holds."""
        held, stored = self.held[client].get(member), self.expected.records.get(member)
        if held is None:
            return
        outbox, place = self.outboxes[client].at(where), self.expected.places[where]
        self.run(outbox.settle(member, held.revision, again_at=again, told=told))
        if told:
            place.unshown.pop(member, None)
        claimed, due = place.claims.pop(member, 0), place.untold.get(member)
        if stored is not None and stored.revision != held.revision:
            place.untold[member] = 0
        elif due is not None and due < claimed:
            pass  # it was handed out again meanwhile
        elif again is None:
            place.untold.pop(member, None)
        else:
            place.untold[member] = again

    @rule(client=CLIENTS, member=WHICH, until=MOMENTS)
    def postpone(self, client, member, until):
        self.run(self.stores[client].postpone(member, until))
        if member in self.expected.open:
            self.expected.open[member] = until

    def expire(self, member):
        """The time of a finished record is over; an open one has no end."""
        stored = self.expected.records.get(member)
        if stored is not None:
            with self.server.client() as redis:
                left = redis.ttl(f"{{countersign}}:approval:{member}")
                assert (left == -1) == (stored.final is None)
                if stored.final is not None:
                    redis.pexpire(f"{{countersign}}:approval:{member}", 0)
                    del self.expected.records[member], self.expected.finals[member]

    @rule(die=st.integers(0, 7))
    def restart(self, die):
        """Nothing that was acknowledged is gone, and both clients find their way back."""
        if die < 7:
            return
        self.server.kill()
        self.server.start()
        for link in self.links:
            with suppress(StoreDown):
                self.run(link.ping())

    @invariant()
    def what_is_stored_is_what_must_be(self):
        expected = self.expected
        with self.server.client() as redis:
            assert redis.zrange("{countersign}:open", 0, -1, withscores=True) == _by_score(
                expected.open
            )
            assert redis.zrange("{countersign}:untold", 0, -1, withscores=True) == _by_score(
                expected.untold
            )
            assert redis.zrange("{countersign}:unshown", 0, -1, withscores=True) == _by_score(
                expected.unshown
            )
            for name, place in expected.places.items():
                for what in ("untold", "unshown", "claims"):
                    listed = redis.zrange(f"{{countersign}}:{what}:{name}", 0, -1, withscores=True)
                    assert listed == _by_score(getattr(place, what)), what
            rings = [fields["m"] for _, fields in redis.xrange("{countersign}:bell")]
            assert [ring for ring in rings if ring != "freeze"] == expected.bell
            for request in REQUESTS.values():
                kept = redis.exists(f"{{countersign}}:bytes:{request.digest}")
                assert kept == (request.digest in expected.kept_bytes)
        stored = self.run(self.stores[0].read_many(sorted(MEMBERS)))
        assert stored == expected.records
        for member, record in stored.items():
            assert isinstance(record, Approval)
            assert record.stamp == expected.records[member].stamp

    def _swap(self, client, held, new, lists, runs):
        """One write on top of what the client holds, and what must come of it."""
        before = self.expected.records.get(held.member)
        self.links[client].runs = runs
        done = self._done(self.stores[client].swap(held, new, lists, under=self.under[client]))
        fits = before is not None and before.stamp == held.stamp
        says_yes = new.final is not None and new.final.outcome is Outcome.APPROVE
        stale = says_yes and self.under[client] != self.frozen.stamp
        if runs == "not at all" or (runs == "unheard" and (stale or not fits)):
            assert done is None
        elif before is None:
            assert done is GONE
        elif not fits:
            assert done == Moved(before)
        elif stale:
            assert done == FreezeMoved()
        else:
            assert isinstance(done, Swapped)
            assert done.approval.revision == held.revision + 1
            assert done.approval.votes == new.votes
            self._wrote(client, done.approval, lists)

    def _done(self, writing):
        """What the store says of a write; GONE where there was nothing to replace, None if down."""
        try:
            return self.run(writing) or GONE
        except StoreDown:
            return None

    def _wrote(self, client, record, lists):
        assert record.member not in self.expected.finals
        if record.final is not None:
            assert record.final.revision == record.revision
            self.expected.finals[record.member] = record.final
        self.expected.write(record, lists)
        self.held[client][record.member] = record


GONE: Final = object()


def _by_score(scores: dict[str, int]) -> list[tuple[str, float]]:
    return sorted(((member, float(at)) for member, at in scores.items()), key=lambda x: x[::-1])


def test_two_clients_and_a_plain_model_agree_whatever_happens(own_redis):
    class Here(Stores):
        server = own_redis

    run_state_machine_as_test(Here, settings=tried(0.1))
