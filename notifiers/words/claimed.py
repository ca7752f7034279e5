"""What Cobo says and nobody proved; in a message, what only repeats the bytes takes one line."""

from typing import Final

from approvals.findings import (
    Address,
    Asset,
    ClaimedOutput,
    ContractCall,
    Effect,
    Findings,
    TokenApproval,
    Transfer,
)
from approvals.wording import counted
from notifiers.words.facts import Fact, Room, exact
from notifiers.words.readable import grouped, listed, visible
from notifiers.words.text import ADDRESS_CHARS

_CATEGORIES: Final = 20


def claimed_facts(findings: Findings, room: Room) -> tuple[Fact, ...]:
    """Who Cobo says asks, for which wallet, and what it says of the rest."""
    claims = findings.claims
    fee = "" if findings.fee else claims.fee_at_most
    repeated = () if room.repeats else _repeated(findings)
    said = (
        ("Wallet", _both(claims.wallet_name, claims.wallet_id)),
        ("Vault", _both(claims.vault_name, claims.vault_id)),
        ("Organization", _both(claims.org_name, claims.project_name)),
        ("Transaction", _both(claims.transaction_type, claims.transaction_id)),
        ("Token", "" if "token" in repeated else claims.token_id),
        ("Chain", "" if "chain" in repeated else claims.chain_id),
        ("Source", "" if "source" in repeated else claims.source),
        ("Fee at most", fee),
        ("Category", ", ".join(claims.categories[:_CATEGORIES])),
        ("Description", claims.description),
        *((note.label, note.text) for note in findings.notes if not note.proved),
        ("As above", f"the same {listed(repeated)}" if repeated else ""),
    )
    rows = (Fact(visible(key, 60), visible(value, room.claim)) for key, value in said if value)
    outputs = () if "destination" in repeated else _outputs(claims.outputs, room)
    return (_initiator(findings, room), *outputs, *rows)


def _initiator(findings: Findings, room: Room) -> Fact:
    claims = findings.claims
    if claims.initiator is None and claims.initiator_type is None:
        return Fact("Initiator", "not stated")
    kind = claims.initiator_type or "type not stated"
    return Fact("Initiator", visible(f"{claims.initiator or 'not stated'} ({kind})", room.claim))


def _outputs(outputs: tuple[ClaimedOutput, ...], room: Room) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    for output in outputs[: room.rows]:
        much = visible(output.amount or "an unstated amount", 100)
        facts.append(exact("Destination", f"{much} -> {visible(output.address, ADDRESS_CHARS)}"))
        if output.memo:
            facts.append(Fact("Memo", visible(output.memo, room.claim)))
    hidden = len(outputs) - room.rows
    if hidden > 0:
        facts.append(Fact("Not shown", counted(hidden, "more destination")))
    return tuple(facts)


def _repeated(findings: Findings) -> tuple[str, ...]:
    """Which claims say, letter for letter, what the bytes say too."""
    claims, effects = findings.claims, findings.effects
    memos = {note.text for note in findings.notes if note.proved}
    same = {
        "destination": len(effects) == len(claims.outputs)
        and all(
            _is_same(output, effect) and (not output.memo or output.memo in memos)
            for output, effect in zip(claims.outputs, effects, strict=True)
        ),
        "token": {_token(effect) for effect in effects} == {claims.token_id},
        "chain": findings.chain is not None and findings.chain == claims.chain_id,
        "source": findings.source is not None and _reads(findings.source, claims.source),
    }
    stated = {
        "destination": claims.outputs,
        "token": claims.token_id,
        "chain": claims.chain_id,
        "source": claims.source,
    }
    return tuple(what for what in same if same[what] and stated[what])


def _is_same(output: ClaimedOutput, effect: Effect) -> bool:
    match effect:
        case Transfer(to=to, asset=Asset(decimals=int() as decimals), amount=units, item=None):
            pass
        case ContractCall(contract=Address() as to, native=native, value=units):
            decimals = native.decimals or 0
        case TokenApproval(asset=Asset(contract=Address() as to)):
            units, decimals = 0, 0
        case _:
            return False
    amount = output.amount or ""
    much = amount.rstrip("0").rstrip(".") if "." in amount else amount
    return much == grouped(units, decimals).replace(",", "") and _reads(to, output.address)


def _token(effect: Effect) -> str | None:
    """Cobo's id of what a claim of such an effect counts."""
    match effect:
        case Transfer(asset=asset) | ContractCall(native=asset):
            return asset.token_id
        case _:
            return None


def _reads(address: Address, text: str | None) -> bool:
    """EVM addresses are often written without their checksum's capitals."""
    if text is None or address.family != "evm":
        return text == address.text
    return text.casefold() == address.text.casefold()


def _both(name: str | None, identity: str | None) -> str:
    return f"{name} ({identity})" if name and identity else name or identity or ""
