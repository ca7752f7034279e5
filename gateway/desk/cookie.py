"""operator.cookie: whoever can read this file may talk to the desk. New at each start."""

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from gateway.data_dir import DataDirError

NAME: Final = "operator.cookie"
_BYTES: Final = 32


class Cookie:
    """What a caller must show; compared in constant time and never printed."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def bake(cls, data_dir: Path) -> "Cookie":
        """Write a new cookie, mode 0600, in one step: a reader sees the old one or the new one.

        Raises:
            DataDirError: it cannot be written.
        """
        text = secrets.token_hex(_BYTES)
        fresh = data_dir / f"{NAME}.{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, flags, 0o600), "w") as file:
                file.write(f"{text}\n")
            fresh.replace(data_dir / NAME)
        except OSError as error:
            raise DataDirError.of(data_dir, error) from error
        return cls(text)

    @classmethod
    def read(cls, data_dir: Path) -> "Cookie":
        """The cookie of the gateway that keeps its data here; OSError if it cannot be read."""
        return cls((data_dir / NAME).read_text(encoding="ascii").strip())

    @property
    def header(self) -> str:
        """The value of the Authorization header."""
        return f"Bearer {self._text}"

    def opens(self, header: str | None) -> bool:
        """Whether an Authorization header shows this cookie."""
        shown = (header or "").encode()
        return bool(self._text) and hmac.compare_digest(shown, self.header.encode())
