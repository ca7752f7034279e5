"""The policies that gateways are restarted with, and what each of them can ever approve.

`supports` is an oracle of its own: written from the rules' text, it shares no code with the
product, which compiles the same rules from TOML.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, Literal

from keys import ssh
from tests.support.world import ssh_key

TREASURY: Final = tuple(f"tess{number}" for number in range(12))
ON_CALL: Final = ("olaf", "onno", "oona")
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


REASONED: Final = frozenset({Kind.TWO})
"""The kinds that every vote must give a reason for, under every policy."""

ASKED: Final = frozenset({Kind.ONE, Kind.TWO, Kind.SIGNED, Kind.KEY_GEN})
"""The kinds that people are asked about under every policy that does not reject them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is frozen: everything, or one wallet or source by its name."""

    kind: Literal["everything", "wallet", "source"] = "everything"
    name: str = ""


WALLET: Final = "7fc2bfef-0cad-5764-b4ba-a03dc1266f62"
EVM_SOURCE: Final = "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE"
SOL_SOURCE: Final = "FqyV2VQp33zkeYKNL4uSQ4nW6gX4EPMpMa7Tyg6PUi7J"
"""What the requests are about: one wallet, and a source on each chain."""

SCOPES: Final[dict[Scope, int]] = {
    Scope(): 2,
    Scope("wallet", WALLET): 1,
    Scope("wallet", "another-wallet"): 3,
    Scope("source", EVM_SOURCE): 1,
    Scope("source", SOL_SOURCE): 4,
}
"""What on-call freezes, by weight: seldom what stops nearly all that is being asked."""


def covers(scope: Scope, kind: Kind) -> bool:
    """Whether a freeze must stop this kind of request; of a new key neither name is known."""
    if scope.kind == "everything" or kind is Kind.KEY_GEN:
        return True
    return scope.name in {WALLET, SOL_SOURCE if kind is Kind.TWO else EVM_SOURCE}


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: who is in the treasury, how many must approve, what rules do alone.

    `people` that are not in it are unknown to it. `auto` says what happens to Kind.AUTO.
    """

    name: str
    treasury: tuple[str, ...]
    one: int = 1
    auto: str = "approve"
    override: bool = True
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

    def supports(
        self, kind: Kind, approvers: Collection[str], overriders: Collection[str] = ()
    ) -> bool:
        """Whether these people's approvals are enough, in the seats or in place of them."""
        needs = self.needs(kind)
        if needs is None:
            return False
        if self.override and needs and len({*overriders}.intersection(ON_CALL)) >= 2:
            return True
        groups = {"treasury": self.treasury, "on_call": ON_CALL}
        able = set(approvers) - ({BARRED} if kind is not Kind.KEY_GEN else set())
        return all(len(able.intersection(groups[group])) >= n for group, n in needs.items())

    def text(self, within_s: int) -> str:
        """The policy as TOML, which gives people so many seconds."""
        parts = ['default = "ask"', *(_person(name) for name in (*self.treasury, *ON_CALL))]
        parts += [f"[groups]\ntreasury = {_names(self.treasury)}\non_call = {_names(ON_CALL)}"]
        seat = f'{{ group = "treasury", count = {self.one} }}'
        parts += [f'[ask]\nwithin = "{within_s}s"\napprovals = [{seat}]']
        if self.override:
            parts += ['[override]\ngroup = "on_call"\napprove = 2\nreject = 1']
        parts += [_rule("keys", 'type = "key_gen"', "ask", approvals=_BOTH)]
        parts += [
            _rule("pair", f'{_SIGN}token = "SOL_USDC"', "ask", approvals=_PAIR, reason="both")
        ]
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
STRICT: Final = Policy("strict", TREASURY, one=2, auto="ask", override=False)
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


def _rule(id_: str, when: str, effect: str, *, approvals: str = "", **more: str) -> str:
    text = f'[[rule]]\nid = "{id_}"\nwhy = "As the suite wants it"\neffect = "{effect}"'
    text += f"\nwhen.{when}"
    if approvals:
        text += f"\napprovals = {approvals}"
    return text + "".join(f'\n{name} = "{value}"' for name, value in more.items())
