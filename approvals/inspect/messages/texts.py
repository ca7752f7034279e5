"""Texts to be signed: EIP-191 and BIP-137. Their hash proves what is said, not what it allows."""

import base64
import binascii
from collections.abc import Callable
from typing import Final

from approvals.chains.messages import bitcoin_message_hash, personal_hash
from approvals.details.fields import hex_bytes
from approvals.findings import Address, Note
from approvals.inspect.messages.preview import hidden, shown, signing_over, text_of
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import NOTHING_SEEN, Case, Seen
from approvals.risks import Flag
from approvals.wording import counted

MAX_MESSAGE_CHARS: Final = 1024 * 1024
"""Longest claimed message that is read, in its notation."""

_SAFE_HASH: Final = 32


def look_at_text(case: Case, signer: Address | None, reasons: Reasons) -> Seen | None:
    """EIP-191: the claimed message is base64. None: its hash could not be recomputed."""
    message = _message(case, base64_bytes, "base64", reasons)
    if message is None:
        return None
    seen = _seen(
        case, "EIP-191", message, digest=personal_hash(message), signer=signer, reasons=reasons
    )
    if len(message) != _SAFE_HASH or seen is NOTHING_SEEN:
        return seen
    why = "The message is 32 bytes long: as a hash it may approve a Safe transaction (eth_sign)."
    reasons.unverified(15, why)
    return Seen(seen.effects, source=seen.source, notes=seen.notes, flags=(Flag("blind", why),))


def look_at_bitcoin_text(case: Case, reasons: Reasons) -> Seen | None:
    """BIP-137: the claimed message is hex. None: its hash could not be recomputed."""
    message = _message(case, hex_bytes, "hex", reasons)
    if message is None:
        return None
    reasons.unverified(14, "Which address signs the message is not derived.")
    return _seen(
        case, "BIP-137", message, digest=bitcoin_message_hash(message), signer=None, reasons=reasons
    )


def base64_bytes(text: str) -> bytes | None:
    """The bytes of standard, padded base64; None for text that these bytes do not encode to."""
    try:
        raw = base64.b64decode(text)
    except (ValueError, binascii.Error):
        return None
    return raw if base64.b64encode(raw) == text.encode() else None


def _message(
    case: Case, unpack: Callable[[str], bytes | None], notation: str, reasons: Reasons
) -> bytes | None:
    """Check 9: the claimed message."""
    text = case.extra.message
    if text is None:
        reasons.unverified(9, "The claim does not state the message.")
        return None
    if len(text) > MAX_MESSAGE_CHARS:
        reasons.unverified(9, f"The message is longer than {MAX_MESSAGE_CHARS} characters.")
        return None
    message = unpack(text)
    if message is None:
        reasons.malformed(9, f"The claimed message is not {notation}.")
    return message


def _seen(
    case: Case,
    standard: str,
    message: bytes,
    *,
    digest: bytes,
    signer: Address | None,
    reasons: Reasons,
) -> Seen:
    """Checks 10 and 15."""
    if case.signing.hashes != (digest,):
        reasons.contradiction(
            10, f"The hash to be signed is not the {standard} hash of the message."
        )
        return NOTHING_SEEN
    reasons.unverified(15, "It signs a message; what the signature allows cannot be seen.")
    size = Note("Message size", counted(len(message), "byte"))
    return Seen(
        effects=(signing_over(shown(message), standard),),
        source=signer,
        notes=(size, *hidden([text_of(message) or ""])),
    )
