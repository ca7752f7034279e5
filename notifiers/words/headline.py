"""The first line that people read, what they confirm, and whether to believe it."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias, assert_never

from approvals.findings import (
    Address,
    Claims,
    ContractCall,
    Effect,
    Findings,
    Passed,
    Refused,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
)
from approvals.request import RequestType
from approvals.wording import counted
from notifiers.words.deeds import call, deed, on, signing
from notifiers.words.readable import short_address, visible
from notifiers.words.text import (
    NO_NAMES,
    Names,
    allowance,
    amount,
    full_address,
    quantity,
)

Integrity: TypeAlias = Literal["VERIFIED", "NOT VERIFIED", "REFUSED"]

_HASHES_SHOWN: Final = 8
_REASONS_SHOWN: Final = 8
_DIGEST_CHARS: Final = 66

_TYPES: Final = {
    RequestType.KEY_GEN: "Generate a key",
    RequestType.KEY_SIGN: "Sign",
    RequestType.KEY_RESHARE: "Reshare a key",
    RequestType.KEY_SHARE_SIGN: "Sign with key shares",
}

_OF_A_KEY: Final[Mapping[int, str]] = {
    RequestType.KEY_GEN: "Create a new",
    RequestType.KEY_RESHARE: "Reshare a",
}
_CONFIRMED: Final = 120
"""Characters of a message to be signed, in what a person confirms."""


def headline(findings: Findings, names: Names = NO_NAMES, room: int = 0) -> str:
    """`Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum`; a doubt comes before everything.

    `room` characters are there for a hash of which nothing else is known.
    """
    if findings.effects:
        said = deed(findings.effects[0], findings.source, names) + _and_more(findings)
        whole = findings.complete or isinstance(findings.effects[0], Signing)
        said = said if whole else f"{said}, and possibly more"
    else:
        said = _of_a_key(findings) or _summary(findings, room) or _unread(findings)
        sends = findings.summary and findings.claims.outputs
        said = f"{said}; {_claimed(findings.claims)}" if sends else said
    integrity = integrity_of(findings)
    return said if integrity == "VERIFIED" else f"{integrity}: {said}"


def _and_more(findings: Findings) -> str:
    """`, and 23 more transfers: 0.00027 BTC in all`; empty where there is one effect alone."""
    more = len(findings.effects) - 1
    total = _in_all(findings)
    if not total:
        return f", and {counted(more, 'more effect')}" if more else ""
    return f", and {counted(more, 'more transfer')}: {total}"


def _in_all(findings: Findings) -> str:
    """What several transfers of one asset come to, where nothing else happens; else empty."""
    moved = [each for each in findings.effects if isinstance(each, Transfer) and each.item is None]
    several = len(moved) == len(findings.effects) > 1 and findings.complete
    if not several or len({each.asset for each in moved}) > 1:
        return ""
    return f"{amount(moved[0].asset, sum(each.amount for each in moved))} in all"


def integrity_of(findings: Findings) -> Integrity:
    """The word that people read about it."""
    match findings.integrity:
        case Passed():
            return "VERIFIED"
        case Unverified():
            return "NOT VERIFIED"
        case Refused():
            return "REFUSED"
        case _ as never:
            assert_never(never)


def pledge(findings: Findings, names: Names = NO_NAMES) -> str:
    """What a person confirms: what may move, and the whole address it goes to."""
    first = findings.effects[0] if findings.effects else None
    if isinstance(first, Signing):
        said, whole = _vow_to_sign(first, findings, names), not first.inner
    else:
        said = "" if first is None else _vow(first, findings.source, names)
        whole = findings.complete
    if not said:
        return headline(findings, names, _CONFIRMED)
    integrity = integrity_of(findings)
    doubt = "" if integrity == "VERIFIED" else f"{integrity}: "
    more = "" if whole and len(findings.effects) == 1 else _and_see(findings)
    return f"{doubt}{said}{more}"


def _and_see(findings: Findings) -> str:
    total = _in_all(findings)
    return f" (and more: {total}, see the message)" if total else " (and more: see the message)"


def _vow_to_sign(message: Signing, findings: Findings, names: Names) -> str:
    """With the whole address of who signs, and what the message is known to allow."""
    source = findings.source
    whose = "" if source is None else full_address(source, findings.chain or "", names)
    inside = [_vow(each, source, names) or deed(each, source, names) for each in message.inner[:1]]
    return ": ".join((signing(message, whose, _CONFIRMED), *inside))


def _vow(effect: Effect, source: Address | None, names: Names) -> str:
    """What one effect does, with the whole address; empty where the first line says as much."""
    match effect:
        case Transfer():
            to = full_address(effect.to, effect.chain, names)
            what = quantity(effect.asset, effect.amount, effect.item)
            return f"Send {what}{_taken(effect, source, names)} to {to} on {on(effect, names)}"
        case TokenApproval():
            to = full_address(effect.spender, effect.chain, names)
            return f"{to} may move {allowance(effect)} on {on(effect, names)}"
        case ContractCall(contract=Address() as called):
            return call(effect, full_address(called, effect.chain, names), names)
        case _:
            return ""


def _taken(effect: Transfer, source: Address | None, names: Names) -> str:
    """From which account, where that is not the one that signs."""
    sender = effect.sender
    if sender is None or sender == source:
        return ""
    return f" of {full_address(sender, effect.chain, names)}"


def badge(findings: Findings) -> str:
    """Whether the facts come from the very bytes that will be signed, and why: `VERIFIED: why`.

    Several grounds stand on lines of their own.
    """
    word: str = integrity_of(findings)
    if isinstance(findings.integrity, Refused):
        word = f"{word} ({findings.integrity.cause})"
    said = grounds(findings)
    return f"{word}: {said[0]}" if len(said) == 1 else "\n".join((f"{word}:", *itemized(said)))


def grounds(findings: Findings) -> tuple[str, ...]:
    """Why to believe it, or why not: at least one sentence, at most _REASONS_SHOWN and one."""
    if isinstance(findings.integrity, Passed):
        return (_source_of_truth(findings.hashes),)
    reasons = [reason.text for reason in findings.integrity.reasons]
    flagged = {flag.text for flag in findings.flags}  # these are told already, and more loudly
    reasons = [text for text in reasons if text not in flagged] or reasons
    more = len(reasons) - _REASONS_SHOWN
    shown = [visible(text, 240) for text in reasons[:_REASONS_SHOWN]]
    return (*shown, f"and {more} more") if more > 0 else tuple(shown) or ("no reason given",)


def itemized(sentences: Sequence[str]) -> tuple[str, ...]:
    """A line for each; where there are several, with a dash."""
    return tuple(sentences) if len(sentences) < 2 else tuple(f"- {each}" for each in sentences)  # noqa: PLR2004


def _of_a_key(findings: Findings) -> str:
    """What becomes of a key, in words; empty where this is about something else."""
    keys = findings.keys
    if keys is None or keys.threshold is None or findings.type not in _OF_A_KEY:
        return ""
    change = ""
    if keys.old_threshold is not None and keys.threshold < keys.old_threshold:
        change = f", LOWERED from {keys.old_threshold}"
    of = f"{visible(keys.curve, 40)} key" if keys.curve else "key of an unknown curve"
    who = f"any {keys.threshold} of {len(keys.node_ids)} nodes can sign with it"
    return f"{_OF_A_KEY[findings.type]} {of}: {who}{change}"


def _summary(findings: Findings, room: int) -> str:
    """What the checks call it; a single hash that nobody could read is at least shown."""
    said = visible(findings.summary, 200)
    if not said or findings.type != RequestType.KEY_SIGN or len(findings.hashes) != 1:
        return said
    bare = visible(findings.hashes[0], 200)
    return f"{said} {bare if len(bare) <= room else short_address(bare)}"


def _unread(findings: Findings) -> str:
    """A request whose bytes told us nothing: its type, and what Cobo says it is."""
    try:
        said = _TYPES[RequestType(findings.type)]
    except ValueError:
        return f"Request of unknown type {findings.type}"
    claims = findings.claims
    if not claims.outputs:
        return (
            f"{said}: {visible(claims.transaction_type, 40)}" if claims.transaction_type else said
        )
    return _claimed(claims)


def _claimed(claims: Claims) -> str:
    first = claims.outputs[0]
    token = visible(claims.token_id or "", 40)
    what = f"{visible(first.amount or 'an unknown amount', 80)} {token}".strip()
    return f"Cobo says: send {what} -> {short_address(visible(first.address, 100))}"


def _source_of_truth(hashes: tuple[str, ...]) -> str:
    if not hashes:
        return "every check could be made, and agreed"
    if len(hashes) == 1 and len(hashes[0]) > _DIGEST_CHARS:
        (signed,) = hashes
        return f"decoded from the {len(signed) // 2 - 1} bytes that will be signed, {_ends(signed)}"
    noun = "hash" if len(hashes) == 1 else "hashes"
    more = len(hashes) - _HASHES_SHOWN
    shown = ", ".join(hashes[:_HASHES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"decoded from the bytes whose {noun} {shown} will be signed"


def _ends(signed: str) -> str:
    """Ed25519 signs whole messages: enough to tell one from another by."""
    return f"{signed[:18]}…{signed[-16:]}"
