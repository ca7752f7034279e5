"""Texts in the audit, compressed: zlib in base64; read back strictly, and never more than a bound.

A request is some 6 kB of JSON and takes a third of that, in the time that writing it would take.
"""

import base64
import binascii
import zlib
from typing import Final

MOST: Final = 40 << 20
"""Bytes of a text. A node's message has 10 MiB, in base64 twice; as JSON it may grow threefold."""

_LEVEL: Final = 1


class BadPacked(Exception):  # noqa: N818 - it is the text that is bad, not the program
    """Not as we packed it, or larger than anything we pack."""


def pack(text: str) -> str:
    """The text, compressed, as ASCII."""
    return base64.b64encode(zlib.compress(text.encode(), _LEVEL)).decode()


def unpack(packed: str, most: int = MOST) -> str:
    """The inverse; no more than `most` bytes are ever unfolded.

    Raises:
        BadPacked: anything that `pack` would not give.
    """
    unfolding = zlib.decompressobj()
    try:
        text = unfolding.decompress(base64.b64decode(packed, validate=True), most)
        whole = unfolding.eof and not unfolding.unused_data
        if not whole:
            raise BadPacked("cut off, too large, or followed by something")
        return text.decode()
    except (binascii.Error, zlib.error, ValueError) as error:
        raise BadPacked(type(error).__name__) from None
