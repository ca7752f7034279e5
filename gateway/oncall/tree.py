"""A tree of lines: with branches drawn on a terminal, indented in a pipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import click

from gateway.oncall.terminal import console, on_terminal

Tone: TypeAlias = Literal["plain", "head", "good", "bad", "doubt"]

_STYLES: Final = {"plain": "", "head": "bold", "good": "green", "bad": "red", "doubt": "yellow"}
_WIDEST: Final = 80


@dataclass(slots=True)
class Branch:
    """One line and those below it. The text is safe to show as it is."""

    text: str
    below: list["Branch"] = field(default_factory=list)
    tone: Tone = "plain"

    def add(self, text: str, tone: Tone = "plain") -> "Branch":
        """A new line below this one."""
        branch = Branch(text, tone=tone)
        self.below.append(branch)
        return branch


def print_trees(trees: Sequence[Branch]) -> None:
    """To a person's terminal in 80 columns; otherwise a line each, whole."""
    if not on_terminal():
        for tree in trees:
            for line in indented(tree):
                click.echo(line)
        return
    from rich.text import Text
    from rich.tree import Tree

    def grown(branch: Branch, tree: Tree) -> Tree:
        for below in branch.below:
            grown(below, tree.add(Text(below.text, style=_STYLES[below.tone])))
        return tree

    screen = console()
    screen.width = min(screen.width, _WIDEST)
    for each in trees:
        screen.print(grown(each, Tree(Text(each.text, style=_STYLES[each.tone]))))


def indented(tree: Branch, depth: int = 0) -> Iterator[str]:
    """Its lines, two spaces for each step down."""
    yield "  " * depth + tree.text
    for below in tree.below:
        yield from indented(below, depth + 1)
