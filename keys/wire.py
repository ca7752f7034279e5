"""Strings and numbers as SSH writes them (RFC 4251, section 5): written once, read exactly."""

import base64
import binascii


class Malformed(Exception):  # noqa: N818 - it is the content that is malformed
    """Bytes that are not what they should be. Raised and caught in this room only."""


def string(content: bytes) -> bytes:
    """A `string`: its length in four bytes, then the bytes."""
    return len(content).to_bytes(4, "big") + content


def mpint(number: int) -> bytes:
    """A positive `mpint`: big-endian, a zero byte before a set top bit."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def take(content: bytes) -> tuple[bytes, bytes]:
    """The first `string`, and what comes after it.

    Raises:
        Malformed: it is cut off.
    """
    size = int.from_bytes(content[:4], "big")
    if len(content) < 4 + size:
        raise Malformed
    return content[4 : 4 + size], content[4 + size :]


def strings(content: bytes, count: int) -> list[bytes]:
    """Exactly `count` of them, and nothing after.

    Raises:
        Malformed: there are fewer, or something follows.
    """
    found: list[bytes] = []
    for _ in range(count):
        first, content = take(content)
        found.append(first)
    if content:
        raise Malformed
    return found


def from_base64(text: str) -> bytes:
    """What padded base64 holds; one spelling for each content.

    Raises:
        Malformed: a stray character, wrong padding, or bits that are set and say nothing.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed from None
    if base64.b64encode(content).decode() != text:
        raise Malformed
    return content
