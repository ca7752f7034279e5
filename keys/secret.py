"""A secret in memory: it can be used, and cannot be printed by accident."""

import hmac


class Secret:
    """Text that never shows itself: not in a log, not in a traceback, not in a settings dump.

    Build one with the text, or with None for a secret that was not read because nobody here
    needs it; revealing that one is a programmer's error.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it only where it is handed to whoever needs it."""
        if self._text is None:
            raise RuntimeError("this secret was not read")
        return self._text

    def __repr__(self) -> str:
        """Never the secret."""
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str, /) -> str:
        """Never the secret."""
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        if self._text is None or other._text is None:
            return self._text is other._text
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        """All alike: a hash would tell secrets apart."""
        return hash(Secret)

    def __reduce__(self) -> str:
        """Refuse to be pickled or copied into a file."""
        raise TypeError("a secret is not written anywhere")
