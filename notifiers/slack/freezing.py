"""Freezing by a click: who may, what can be frozen, and the freeze itself.

Any one of on-call may; it only ever moves towards no. To thaw takes signatures, never clicks.
"""

from typing import Final

from approvals.chains.addresses import claimed_address
from approvals.codec import DamagedRecord
from approvals.electorate import Person
from approvals.findings import Findings
from approvals.freezes.outcomes import NotFrozen, ThawedSince
from approvals.freezes.statement import check_scope
from approvals.freezes.store import NoRoom
from approvals.model import Approval, SlackClick
from approvals.statement import BadStatement
from notifiers.ports import Approvals
from notifiers.slack.modal import EVERYTHING, LONGEST_REASON, SOURCE, WALLET, Scopes
from notifiers.slack.payloads import Submission
from notifiers.slack.sentences import FREEZE_COMMAND
from notifiers.words.readable import listed, visible

NOT_ON_CALL: Final = "not_on_call"
NO_SCOPE: Final = "no_scope"
NO_REASON: Final = "needs_reason"
THAWED_SINCE: Final = "thawed_since"
FULL: Final = "full"


class Freezer:
    """What the Freeze button and its form do. Raises StoreDown."""

    def __init__(self, approvals: Approvals) -> None:
        """Who is on call is asked each time: the policy may have changed."""
        self._approvals = approvals

    def may(self, person: Person | None) -> bool:
        """Whether this is somebody of on-call."""
        on_call = self._approvals.policy.electorate.on_call
        return person is not None and person.name in on_call

    def sentence(self, cause: str) -> str:
        """Why nothing was frozen, for the one who wanted to."""
        on_call = listed(tuple(map(visible, self._approvals.policy.electorate.on_call)))
        return {
            NOT_ON_CALL: f"Only those on call may freeze: {on_call or 'nobody is'}."
            " Nothing was frozen. Call one of them.",
            NO_SCOPE: "Say what to freeze: nothing was frozen.",
            NO_REASON: "A freeze wants a reason: say why. Nothing was frozen.",
            FULL: "So much is frozen that no more fits in, and nothing was frozen now:"
            " use fewer words, or freeze everything.",
            THAWED_SINCE: "A freeze was ended after this form was opened, so nothing was frozen."
            f" To freeze, close it and click Freeze again, or run: {FREEZE_COMMAND}",
        }[cause]

    async def last_ended(self) -> str:
        """The freeze that was thawed last: a form that is opened now knows of it."""
        return (await self._approvals.freezing.look()).last_ended

    async def scopes(self, approval: Approval) -> Scopes:
        """What the request behind a message gives to freeze beside everything."""
        try:
            request = await self._approvals.request_of(approval)
        except DamagedRecord:
            request = None
        return Scopes() if request is None else scopes_of(self._approvals.findings_of(request))

    async def freeze(
        self,
        form: Submission,
        approval: Approval,
        person: Person,
        evidence: SlackClick,
        last_ended: str,
    ) -> str | None:
        """Freeze what the form says; the cause where that did not happen.

        `last_ended` is the freeze that was thawed last when the form was opened.
        """
        scopes = await self.scopes(approval)
        wanted: dict[str, tuple[str | None, str | None]] = {EVERYTHING: (None, None)}
        if scopes.wallet is not None:
            wanted[WALLET] = (scopes.wallet, None)
        if scopes.source is not None:
            wanted[SOURCE] = (None, scopes.source)
        if form.scope not in wanted:
            return NO_SCOPE
        reason = visible(form.reason, LONGEST_REASON)
        if not reason:
            return NO_REASON
        wallet, source = wanted[form.scope]
        try:
            done = await self._approvals.freezing.freeze(
                wallet=wallet,
                source=source,
                person=person.name,
                reason=reason,
                evidence=evidence,
                electorate=self._approvals.policy.electorate,
                last_ended=last_ended,
            )
        except ThawedSince:
            return THAWED_SINCE
        except NoRoom:
            return FULL
        return NOT_ON_CALL if isinstance(done, NotFrozen) else None


def scopes_of(findings: Findings) -> Scopes:
    """Only what a freeze would hold for: a wallet's id and an address that can be compared."""
    wallet, source = findings.claims.wallet_id, findings.source
    if wallet is not None and not _can_be_frozen(wallet):
        wallet = None
    if source is not None and claimed_address(source.text) != source:
        source = None
    name = findings.claims.wallet_name or ""
    return Scopes(wallet, name, None if source is None else source.text)


def _can_be_frozen(wallet: str) -> bool:
    try:
        check_scope(WALLET, wallet)
    except BadStatement:
        return False
    return True
