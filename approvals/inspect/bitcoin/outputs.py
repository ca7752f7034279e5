"""Checks 12 and 15: which outputs pay somebody, which come back, and what is claimed of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from approvals.chains.bitcoin.scripts import OP_RETURN
from approvals.chains.bitcoin.transaction import Output
from approvals.findings import Address, ClaimedOutput, Effect, Note, Operation, Transfer
from approvals.inspect.bitcoin.asked import Asked
from approvals.inspect.claims import check_asset, check_kind, claimed_asset
from approvals.inspect.reasons import Reasons, quoted

MAX_CHANGE_NOTES: Final = 5
MAX_SCRIPT_SHOWN: Final = 80

_Wanted = tuple[bytes | None, int | None]
"""A script and an amount that are claimed; None: the claim does not say it."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What leaves, and a note of what comes back. `complete`: every output is understood."""

    effects: tuple[Effect, ...] = ()
    complete: bool = False
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class _Outputs:
    """The outputs that no claim has been matched with so far, found by what a claim may say."""

    outputs: Sequence[Output]
    free: set[int] = field(init=False)
    _places: dict[_Wanted, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.free = set(range(len(self.outputs)))
        self._places = {}
        for index in reversed(range(len(self.outputs))):
            script, amount = self.outputs[index].script, self.outputs[index].amount
            for wanted in ((script, amount), (script, None), (None, amount)):
                self._places.setdefault(wanted, []).append(index)

    def take(self, wanted: _Wanted) -> int | None:
        """The first free output that is as wanted; it is free no more."""
        places = self._places.get(wanted, [])
        while places:
            index = places.pop()
            if index in self.free:
                self.free.remove(index)
                return index
        return None


def look_at_outputs(
    asked: Asked,
    outputs: Sequence[Output],
    ours: Collection[bytes],
    sender: Address | None,
    reasons: Reasons,
) -> Paid:
    """Say what each output does, and compare. `ours` are the scripts that are proved to be ours.

    An output that is claimed to be a destination is a payment wherever it goes. Any other comes
    back only if its script is ours: one that is merely claimed to be change is a payment too.
    """
    _check_token(asked, reasons)
    paid = _compare(asked, _Outputs(outputs), ours, reasons)
    away: list[Output] = []
    back: list[Output] = []
    for index, output in enumerate(outputs):
        comes_back = output.script in ours and index not in paid
        (back if comes_back else away).append(output)
    effects = tuple(_effect(asked, output, sender) for output in away)
    complete = all(isinstance(effect, Transfer) for effect in effects)
    if not complete:
        sentence = "An output has no address; what it does, tokens it may move, is not understood."
        reasons.unverified(15, sentence)
    return Paid(effects, complete, _change_notes(asked, back))


def _compare(
    asked: Asked, left: _Outputs, ours: Collection[bytes], reasons: Reasons
) -> Collection[int]:
    """Hold the outputs against the claims; returns those that are claimed to be destinations."""
    claimed, extra = asked.extra.claims.outputs, asked.extra
    if not claimed:
        reasons.unverified(12, "The claim states neither destination nor amount.")
    paid = _match(_wanted(asked, claimed, reasons), left, "destination", reasons)
    change = _match(_wanted(asked, extra.changes, reasons), left, "change", reasons)
    change |= _unclaimed(asked, left, ours, reasons)
    scripts = [left.outputs[index].script for index in sorted(change)]
    if any(script not in ours for script in scripts):
        sentence = "An output is claimed to be change, and nothing shows that it comes back to us."
        reasons.unverified(12, sentence)
    where = asked.script(extra.change_address)
    if extra.change_address and any(script != where for script in scripts):
        said = f"The claimed change address {quoted(extra.change_address)}"
        reasons.contradiction(12, f"{said} is not where the change goes.")
    return paid


def _check_token(asked: Asked, reasons: Reasons) -> None:
    claims = asked.extra.claims
    match claims.kind:
        case "transfer":
            pass
        case "contract_call":
            reasons.contradiction(12, "The claim is to call a contract; this is a transfer.")
        case _:
            check_kind(claims.kind, reasons)
    claimed = claimed_asset(claims, asked.case.tables, reasons)
    check_asset(claimed, asked.chain.native, reasons)


def _wanted(
    asked: Asked, claimed: Iterable[ClaimedOutput], reasons: Reasons
) -> Iterable[tuple[ClaimedOutput, _Wanted]]:
    """Each claimed output as bytes; one that nothing can be is noted and left out."""
    for each in claimed:
        if each.memo:
            reasons.unverified(12, "The claim has a memo; the transaction has none.")
        if not each.address or each.amount is None:
            reasons.unverified(12, "The claim leaves out an address or an amount of an output.")
        script, amount = None, None
        if each.address:
            script = asked.script(each.address)
            if script is None:
                said = quoted(each.address)
                reasons.contradiction(
                    12, f"The claimed {said} is no address of {asked.chain.name}."
                )
                continue
        if each.amount is not None:
            amount = asked.amount(each.amount)
            if amount is None:
                sentence = (
                    f"{quoted(each.amount)} is finer than one base unit of {asked.chain.name}."
                )
                reasons.contradiction(12, sentence)
                continue
        yield each, (script, amount)


def _match(
    claimed: Iterable[tuple[ClaimedOutput, _Wanted]], left: _Outputs, what: str, reasons: Reasons
) -> set[int]:
    """The outputs that these claims mean, those that say everything first."""
    found = set()
    for each, wanted in sorted(claimed, key=lambda pair: None in pair[1]):
        if wanted == (None, None):
            continue
        index = left.take(wanted)
        if index is None:
            amount = f" with {quoted(each.amount)}" if each.amount else ""
            said = f"The claimed {what} {quoted(each.address)}{amount}"
            reasons.contradiction(12, f"{said} is not among the outputs.")
        else:
            found.add(index)
    return found


def _unclaimed(asked: Asked, left: _Outputs, ours: Collection[bytes], reasons: Reasons) -> set[int]:
    """The outputs that no claim mentions; returns those that the claim calls change elsewhere."""
    extra, change = asked.extra, set()
    change_script = asked.script(extra.change_address)
    for index in sorted(left.free):
        output = left.outputs[index]
        to = asked.address(output.script)
        if not extra.changes and output.script == change_script:
            change.add(index)
        elif not extra.changes and output.script in ours:
            reasons.unverified(12, f"The claim does not say that output {index + 1} is change.")
        elif extra.claims.outputs and to is not None:
            amount = asked.coins(output.amount)
            sentence = f"Output {index + 1}, {amount} to {to.text}, is not in the claim."
            reasons.contradiction(12, sentence)
    return change


def _effect(asked: Asked, output: Output, sender: Address | None) -> Effect:
    to = asked.address(output.script)
    if to is not None:
        return Transfer(asked.chain.chain_id, asked.chain.native, sender, to, output.amount)
    script = output.script.hex()
    shown = script if len(script) <= MAX_SCRIPT_SHOWN else script[:MAX_SCRIPT_SHOWN] + "..."
    is_data = output.script[:1] == bytes([OP_RETURN])
    name = "OP_RETURN output" if is_data else "output without an address"
    details = (("Amount", asked.coins(output.amount)), ("Script", f"0x{shown}"))
    return Operation(asked.chain.chain_id, name, sender, details)


def _change_notes(asked: Asked, back: Sequence[Output]) -> tuple[Note, ...]:
    notes = [_change_note(asked, output) for output in back[:MAX_CHANGE_NOTES]]
    rest = back[MAX_CHANGE_NOTES:]
    if rest:
        total = sum(output.amount for output in rest)
        notes.append(Note("Change", f"{asked.coins(total)} in {len(rest)} more outputs"))
    return tuple(notes)


def _change_note(asked: Asked, output: Output) -> Note:
    to = asked.address(output.script)
    where = to.text if to else "ourselves"
    return Note("Change", f"{asked.coins(output.amount)} back to {where}")
