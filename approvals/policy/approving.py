"""What an approve rule must say: what it does not name, it must not approve."""

from typing import Final

from approvals.policy.mistakes import shown
from approvals.policy.reading import Table
from approvals.request import RequestType

PINNED: Final = frozenset((RequestType.KEY_GEN, RequestType.KEY_RESHARE))
"""Both halves of these come from Cobo: a rule approves only what it pins itself."""

_PINS: Final = ("threshold_at_least", "nodes")
_OF_EFFECTS: Final = (
    *("kind", "chain", "token", "to", "from", "contract", "method"),
    *("amount_at_most", "amount_over", "fee_at_most"),
)


def check_approval(table: Table, types: frozenset[RequestType] | None) -> None:
    """Note what is missing in a rule that approves, and what cannot stand in it.

    `types` are those that it names, None where they could not be read.
    """
    found = table.values.get("when")
    said = found if isinstance(found, dict) else {}
    when = Table(table.notes, (*table.path, "when"), said)
    _demand(when, "type", "an approve rule must name it")
    if types is None or RequestType.KEY_SIGN in types:
        _demand(when, "kind", "an approve rule must name it")
    if "flags_any" in said:
        expected = "no flags_any: risks are for ask and reject rules, none makes a yes"
        when.wrong("flags_any", shown(said["flags_any"]), expected)
    pinned = PINNED & (types or frozenset())
    if not pinned:
        return
    if RequestType.KEY_SIGN in (types or ()):
        expected = "either key_sign or what makes and moves keys: write two rules"
        when.wrong("type", shown(said["type"]), expected)
        return
    names = " and ".join(kind.label for kind in sorted(pinned))
    for key in _PINS:
        why = f"a rule that approves {names} must pin it, for both halves come from Cobo"
        _demand(when, key, why)
    for key in _OF_EFFECTS:
        if key in said:
            expected = f"no {key}: it asks of effects, and a key has none"
            when.wrong(key, shown(said[key]), expected)


def _demand(when: Table, key: str, why: str) -> None:
    if key not in when.values:
        when.wrong(key, "nothing", f"when.{key}: {why}")
