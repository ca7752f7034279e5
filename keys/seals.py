"""Seals: HMACs that Redis cannot make, over everything we hand to Redis to keep."""

import hashlib
import hmac
import re
from pathlib import Path
from typing import Final

from keys import files
from keys.errors import KeyFileError

_HEX_KEY: Final = re.compile(rb"[0-9a-fA-F]{64}")
_TAG: Final = b"countersign-seal@v1"


class SealKey:
    """The 32-byte secret behind every seal, split by HMAC into one sub-key per purpose."""

    __slots__ = ("_master", "_subkeys")

    def __init__(self, secret: bytes) -> None:
        """Take 32 bytes; anything else is a programmer's error."""
        if len(secret) != 32:  # noqa: PLR2004 - the size of an HMAC-SHA-256 key
            msg = "a seal key has 32 bytes"
            raise ValueError(msg)
        self._master = secret
        self._subkeys: dict[str, bytes] = {}

    @classmethod
    def load(cls, path: Path) -> "SealKey":
        """Read 32 bytes as one line of hex from a file that only its owner can read.

        Raises:
            KeyFileError: the file holds no such key, or others than its owner can read it.
        """
        content = files.read(path, private=True, missing="`countersign init` makes one")
        if not _HEX_KEY.fullmatch(content.strip()):
            raise KeyFileError(f"{path} must hold 32 bytes as one line of 64 hex digits")
        return cls(bytes.fromhex(content.decode("ascii")))

    def seal(self, purpose: str, name: str, body: bytes) -> str:
        """HMAC-SHA-256, lower-case hex, over a tag, the name and the body, length-prefixed."""
        name_bytes = name.encode()
        message = len(name_bytes).to_bytes(8, "big") + name_bytes + body
        return hmac.new(self._subkey(purpose), message, hashlib.sha256).hexdigest()

    def verify(self, purpose: str, name: str, body: bytes, seal: str) -> bool:
        """Whether `seal` is ours for exactly these parts; compared in constant time."""
        return hmac.compare_digest(self.seal(purpose, name, body).encode(), seal.encode())

    def __repr__(self) -> str:
        """Never the secret."""
        return "SealKey(…)"

    def _subkey(self, purpose: str) -> bytes:
        if purpose not in self._subkeys:
            tagged = _TAG + b"/" + purpose.encode()
            self._subkeys[purpose] = hmac.new(self._master, tagged, hashlib.sha256).digest()
        return self._subkeys[purpose]
