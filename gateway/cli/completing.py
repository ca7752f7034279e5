"""What a shell offers after Tab: asked of the configuration and the desk, quickly or not at all."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from click.shell_completion import CompletionItem

from gateway.config.file import load_for_operator
from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from notifiers.words.readable import visible

_WITHIN_S: Final = 0.5
_USUAL: Final = Path("countersign.toml")
_MOST: Final = 100
_LONGEST: Final = 60


def complete(what: str, config: Path | None, begun: str) -> list[CompletionItem]:
    """What may follow what was begun; nothing, within half a second, where that cannot be told.

    `config` is the configuration named on the line so far.
    """
    found: list[CompletionItem] = []

    def ask() -> None:
        try:
            settings = load_for_operator(Path(config or _USUAL))
            found.extend(each for each in _KINDS[what](settings) if _fits(each.value, begun))
        except Exception:  # noqa: BLE001, S110 - whoever presses Tab wants no error, of any kind
            pass

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_WITHIN_S)
    return list(found)


def _fits(name: str, begun: str) -> bool:
    """Names with a node in front are for those who began with the node.

    No name is offered that a shell would do something with.
    """
    typed = all(each.isalnum() or each in _PLAIN for each in name)
    return typed and name.startswith(begun) and bool(begun or "/" not in name)


def _approvals(settings: Settings) -> Iterable[CompletionItem]:
    for entry in _desk(settings).approvals({"limit": _MOST})["approvals"]:
        about = _short(visible(entry["headline"]))
        for name in (entry["approval"]["request_id"], entry["member"]):
            yield CompletionItem(name, help=about)


def _short(text: str) -> str:
    """Enough to tell one from another by, on the line of a shell."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _freezes(settings: Settings) -> Iterable[CompletionItem]:
    for entry in _desk(settings).freezes()["freezes"]:
        yield CompletionItem(entry["id"], help=_short(visible(entry["scope"])))


def _nodes(settings: Settings) -> Iterable[CompletionItem]:
    return (CompletionItem(node.name) for node in settings.nodes)


def _desk(settings: Settings) -> DeskClient:
    return DeskClient.of(settings, within_s=_WITHIN_S)


_PLAIN: Final = frozenset("-_.:/")
_KINDS: Final[dict[str, Callable[[Settings], Iterable[CompletionItem]]]] = {
    "approvals": _approvals,
    "freezes": _freezes,
    "nodes": _nodes,
}
