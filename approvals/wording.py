"""Small words for people: one thing and several, sentences in a row."""

from collections.abc import Sequence


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 rule`, `2 rules`, `1,000 rules`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def in_a_row(sentences: Sequence[str]) -> str:
    """Sentences as one: only the last keeps its full stop."""
    return "; ".join([*(each.removesuffix(".") for each in sentences[:-1]), *sentences[-1:]])
