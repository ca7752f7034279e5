"""The desk's side of freezes: what stands, and signed statements that freeze or thaw."""

from typing import Any, Final, assert_never

from starlette.requests import Request as HttpRequest

from approvals.freezes import statement as freeze_statement
from approvals.freezes.model import THAW_VOTES, Freeze, FreezeRecord, ThawVote, thawing
from approvals.freezes.outcomes import NotFrozen, NotThawed
from approvals.freezes.statement import FreezeStatement
from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import SshSignature
from approvals.service import Service
from gateway.clock import Clock
from gateway.desk.door import Refused
from gateway.desk.witness import Kind, Witness
from notifiers.words.freeze_lines import (
    details_of,
    headline_of,
    thaw_wanted,
    told_frozen,
    told_thawed,
    told_voted,
)
from notifiers.words.freezes import scope_of
from notifiers.words.ink import Ink
from notifiers.words.status import day_and_clock

_INK: Final = Ink(time=day_and_clock)


class FreezeDesk:
    """Freezes at once; thaws when two people have signed that they want to.

    `gateway` is the fingerprint of the key of `[keys]`, which every statement must name. Nothing
    here needs the policy file or Slack: the policy in force says who is on call.
    """

    def __init__(self, service: Service, *, gateway: str, clock: Clock) -> None:
        self._service = service
        self._gateway = gateway
        self._clock = clock
        self._witness = Witness(service, clock)
        self._kind = Kind(
            read=freeze_statement.read,
            namespace=freeze_statement.NAMESPACE,
            gateway_of=lambda _said: gateway,
            member_of=lambda _said: FREEZE_MEMBER,
            unread=FREEZE_MEMBER,
        )

    async def standing(self, _http: HttpRequest) -> Any:
        """What is frozen now."""
        return self._document(await self._service.freezing.look())

    async def change(self, http: HttpRequest) -> Any:
        """A signed freeze, or a vote to thaw, checked at the door.

        The service knows whether that person is on call, and the freeze to thaw is there.
        """
        heard = await self._witness.hear(http, self._kind)
        act = self._freeze if heard.statement.thaw is None else self._thaw
        return await act(heard.statement, heard.person, heard.evidence)

    async def _freeze(self, said: FreezeStatement, person: str, evidence: SshSignature) -> Any:
        freezing = self._service.freezing
        done = await freezing.freeze(
            wallet=said.name if said.scope == "wallet" else None,
            source=said.name if said.scope == "source" else None,
            person=person,
            reason=said.reason,
            evidence=evidence,
            electorate=self._service.policy.electorate,
        )
        match done:
            case Freeze():
                told = told_frozen(done)
                return self._document(freezing.record) | _did("frozen", done, told)
            case NotFrozen():  # a terminal knows of every thaw: only who asks can be the reason
                raise await self._not_on_call(person)
            case _ as never:
                assert_never(never)

    async def _thaw(self, said: FreezeStatement, person: str, evidence: SshSignature) -> Any:
        freezing = self._service.freezing
        before = await freezing.look()
        freeze = next((each for each in before.freezes if each.id == said.thaw), None)
        if freeze is None:
            raise await self._no_such_freeze(person, said)
        done = await freezing.thaw(
            freeze=freeze.id,
            person=person,
            reason=said.reason,
            evidence=evidence,
            electorate=self._service.policy.electorate,
        )
        match done:
            case FreezeRecord():
                return self._thawed(freeze, done)
            case NotThawed.NOT_ON_CALL:
                raise await self._not_on_call(person)
            case NotThawed.NO_SUCH_FREEZE:
                raise await self._no_such_freeze(person, said)
            case NotThawed.ALREADY_VOTED:
                votes, _ = self._thawing(before, freeze.id)
                wanted = thaw_wanted(freeze.id, len(votes))
                sentence = f"You have voted to thaw it already. {wanted}"
                raise await self._refused(409, person, done, sentence)
            case _ as never:
                assert_never(never)

    def _thawed(self, freeze: Freeze, after: FreezeRecord) -> Any:
        """What a vote that was stored amounts to."""
        if all(each.id != freeze.id for each in after.freezes):
            told = told_thawed(freeze, after.freezes)
            return self._document(after) | _did("thawed", freeze, told)
        votes, _ = self._thawing(after, freeze.id)
        told = told_voted(freeze, len(votes))
        return self._document(after) | _did("thaw_voted", freeze, told)

    def _thawing(
        self, record: FreezeRecord, freeze: str
    ) -> tuple[tuple[ThawVote, ...], tuple[str, ...]]:
        """The votes to thaw it that count now, and those of on-call who have none."""
        electorate = self._service.policy.electorate
        people = thawing(record.thaws, freeze, self._clock.now_ms(), electorate)
        votes = tuple(
            vote for vote in record.thaws if vote.freeze == freeze and vote.person in people
        )
        return votes, tuple(name for name in electorate.keyed_on_call if name not in people)

    def _document(self, record: FreezeRecord | None) -> dict[str, Any]:
        freezes = () if record is None else record.freezes
        return {
            "gateway": self._gateway,
            "freezes": [self._entry(record, freeze) for freeze in freezes if record is not None],
        }

    def _entry(self, record: FreezeRecord, freeze: Freeze) -> dict[str, Any]:
        """One freeze, for machines and for people; evidence is the audit's."""
        votes, others = self._thawing(record, freeze.id)
        return {
            "id": freeze.id,
            "scope": scope_of(freeze),
            "wallet": freeze.wallet,
            "source": freeze.source,
            "person": freeze.person,
            "reason": freeze.reason,
            "at": freeze.at,
            "needed": THAW_VOTES,
            "thaws": [
                {"person": vote.person, "reason": vote.reason, "at": vote.at} for vote in votes
            ],
            "headline": headline_of(freeze),
            "details": list(details_of(freeze, votes, others, _INK)),
            "wanted": thaw_wanted(freeze.id, len(votes)),
        }

    async def _no_such_freeze(self, person: str, said: FreezeStatement) -> Refused:
        sentence = f"No freeze {said.thaw} stands: see `countersign list --freezes`."
        return await self._refused(404, person, NotThawed.NO_SUCH_FREEZE, sentence)

    async def _not_on_call(self, person: str) -> Refused:
        who = ", ".join(self._service.policy.electorate.keyed_on_call)
        may = f"these may: {who}" if who else "the policy names nobody who is, with an ssh_key"
        return await self._refused(
            403,
            person,
            NotFrozen.NOT_ON_CALL,
            f"You are not on call, so this does not count; {may}.",
        )

    async def _refused(self, status: int, person: str, cause: str, sentence: str) -> Refused:
        return await self._witness.refused(status, FREEZE_MEMBER, person, str(cause), sentence)


def _did(what: str, freeze: Freeze, told: tuple[str, ...]) -> dict[str, Any]:
    return {"what": what, "freeze": freeze.id, "told": list(told)}
