"""The policies that gateways are restarted with, and what each of them can ever approve.

`supports` is an oracle of its own: written from the rules' text, it shares no code with the
product, which compiles the same rules from TOML.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from keys import ssh
from tests.support.world import ssh_key

TREASURY: Final = tuple(f"tess{number}" for number in range(12))
ON_CALL: Final = ("olaf", "onno")
STRANGER: Final = "sam"
"""No policy knows him."""

BARRED: Final = TREASURY[0]
"""She initiates everything, so she may refuse and never approve."""

INITIATOR: Final = "treasury-api-key"


class Kind(StrEnum):
    """What a request is, by what the rules should make of it."""

    AUTO = "auto"
    ONE = "one"
    TWO = "two"
    SIGNED = "signed"
    KEY_GEN = "key_gen"
    BARRED = "barred"
    CONTRADICTION = "contradiction"
    SECOND_BODY = "second_body"
    INNER_JUNK = "inner_junk"
    OUTER_JUNK = "outer_junk"


ASKED: Final = frozenset({Kind.ONE, Kind.TWO, Kind.SIGNED, Kind.KEY_GEN})
"""The kinds that people are asked about under every policy that does not reject them."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: who is in the treasury, how many must approve, what rules do alone.

    `people` that are not in it are unknown to it. `auto` says what happens to Kind.AUTO.
    """

    name: str
    treasury: tuple[str, ...]
    one: int = 1
    auto: str = "approve"
    refused: frozenset[Kind] = frozenset({Kind.BARRED})

    def needs(self, kind: Kind) -> dict[str, int] | None:
        """Approvals needed by group; {} where rules approve alone, None where nobody can."""
        if kind in self.refused or (kind is Kind.SECOND_BODY and Kind.ONE in self.refused):
            return None
        match kind:
            case Kind.AUTO:
                return {} if self.auto == "approve" else {"treasury": self.one}
            case Kind.ONE | Kind.SIGNED | Kind.SECOND_BODY:
                return {"treasury": self.one}
            case Kind.TWO:
                return {"treasury": 2}
            case Kind.KEY_GEN:
                return {"treasury": 1, "on_call": 1}
            case _:
                return None

    def supports(self, kind: Kind, approvers: Collection[str]) -> bool:
        """Whether these people's approvals are enough for this kind."""
        needs = self.needs(kind)
        if needs is None:
            return False
        groups = {"treasury": self.treasury, "on_call": ON_CALL}
        able = set(approvers) - ({BARRED} if kind is not Kind.KEY_GEN else set())
        return all(len(able.intersection(groups[group])) >= n for group, n in needs.items())

    def text(self, within_s: int) -> str:
        """The policy as TOML, which gives people so many seconds."""
        parts = ['default = "ask"', *(_person(name) for name in (*self.treasury, *ON_CALL))]
        parts += [f"[groups]\ntreasury = {_names(self.treasury)}\non_call = {_names(ON_CALL)}"]
        seat = f'{{ group = "treasury", count = {self.one} }}'
        parts += [f'[ask]\nwithin = "{within_s}s"\napprovals = [{seat}]']
        parts += [_rule("keys", 'type = "key_gen"', "ask", approvals=_BOTH)]
        parts += [_rule("pair", f'{_SIGN}token = "SOL_USDC"', "ask", approvals=_PAIR)]
        parts += [_rule("permit", f'{_SIGN}kind = "token_approval"', "ask", strength="ssh")]
        if self.auto == "approve":
            small = f'{_SIGN}kind = "transfer"\nwhen.token = "ETH_USDT"'
            parts += [_rule("small", f'{small}\nwhen.amount_at_most = "5000 USDT"', "approve")]
        parts += [
            _rule(f"no-{kind}", f'{_SIGN}token = "{_TOKENS[kind]}"', "reject")
            for kind in sorted(self.refused)
        ]
        return "\n\n".join(parts) + "\n"


_SIGN: Final = 'type = "key_sign"\nwhen.'
_TOKENS: Final = {Kind.BARRED: "TRON", Kind.ONE: "ETH"}
_PAIR: Final = '[{ group = "treasury", count = 2 }]'
_BOTH: Final = '[{ group = "treasury", count = 1 }, { group = "on_call", count = 1 }]'

USUAL: Final = Policy("usual", TREASURY)
FEWER: Final = Policy("fewer", TREASURY[:7])
STRICT: Final = Policy("strict", TREASURY, one=2, auto="ask")
CLOSED: Final = Policy("closed", TREASURY, refused=frozenset({Kind.BARRED, Kind.ONE}))
POLICIES: Final = {policy.name: policy for policy in (USUAL, FEWER, STRICT, CLOSED)}


def slack_id(person: str) -> str:
    """Somebody's Slack user id."""
    return f"U0{person.upper()}"


@cache
def _person(name: str) -> str:
    line = ssh.public_key(ssh_key(name)).line
    table = f'[people.{name}]\nslack = "{slack_id(name)}"\nssh_key = "{line}"'
    return f'{table}\ninitiates_as = ["{INITIATOR}"]' if name == BARRED else table


def _names(people: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in people) + "]"


def _rule(id_: str, when: str, effect: str, *, approvals: str = "", strength: str = "") -> str:
    text = f'[[rule]]\nid = "{id_}"\nwhy = "As the suite wants it"\neffect = "{effect}"'
    text += f"\nwhen.{when}"
    if approvals:
        text += f"\napprovals = {approvals}"
    return f'{text}\nstrength = "{strength}"' if strength else text
