"""Destinations that this gateway has met, and what is remarkable about those of a new request.

For display only: no rule sees a remark, and no verdict holds one. What is known comes from our
own evidence, requests whose APPROVE was answered; the wallet they came from is what Cobo said.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from approvals.findings import (
    Address,
    ContractCall,
    Effect,
    Family,
    Findings,
    TokenApproval,
    Transfer,
)
from approvals.policy.rows import Account, account
from approvals.recent import Recent

Oddity: TypeAlias = Literal["look_alike_destination", "first_time_destination"]
Likeness: TypeAlias = str
"""Family, first four and last four characters of an address: what people recognize it by."""

MOST_PAIRS: Final = 50_000
"""Pairs of a wallet and a destination that are kept; past it the one used longest ago is forgotten.

Full it takes 36 MB where they are of a hundred wallets, 49 MB where each has a wallet of its own,
and 108 MB where, besides, four addresses were met for each thing that people recognize (measured
with tracemalloc, on Bitcoin's longest addresses).
"""

MOST_WALLET_CHARS: Final = 200
"""Cobo's wallet ids have 36; one that is longer is nobody's, and is not kept."""

MOST_LOOKED_AT: Final = 50
"""Destinations of one request that are compared; more do not fit any message."""

_NAMED: Final = 4
_ENDS: Final = 4
_PREFIXES: Final[Mapping[Family, tuple[str, ...]]] = {
    "evm": ("0x",),
    "tron": ("T",),
    "bitcoin": ("bc1q", "bc1p", "tb1q", "tb1p", "bcrt1q", "bcrt1p", "1", "3", "m", "n", "2"),
    "solana": (),
    "other": (),
}
_NEW_WALLET: Final = "no earlier payment of this wallet is on record"


@dataclass(frozen=True, slots=True)
class Remark:
    """What our own records make of a destination, in a sentence with its addresses in full."""

    oddity: Oddity
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """An address that may be meant: `name` is the policy's list it is in, or None.

    `since` is when the node first heard a yes to it, Unix milliseconds; 0 where a list vouches.
    """

    address: Address
    since: int
    name: str | None = None


Listed: TypeAlias = Mapping[Likeness, tuple[Known, ...]]
"""The addresses of a policy's lists, by what people recognize them by."""


class Acquaintances:
    """Where wallets have sent to, as far as our own audit goes back; bounded."""

    def __init__(self) -> None:
        """Start knowing nobody; `audit.reading.remember` and every answered APPROVE fill it."""
        self._since: Recent[tuple[str, Account], int] = Recent(MOST_PAIRS)
        self._wallets: Recent[str, int] = Recent(MOST_PAIRS)
        self._by_likeness: Recent[Likeness, tuple[Known, ...]] = Recent(MOST_PAIRS)

    def learn(self, wallet: str | None, destinations: Iterable[Address], at: int) -> None:
        """The node heard a yes at `at` (Unix ms) to what goes from this wallet to these."""
        if not wallet or len(wallet) > MOST_WALLET_CHARS:
            return
        wallet = sys.intern(wallet)
        for address in destinations:
            pair = (wallet, account(address))
            self._since[pair] = min(at, self._since.get(pair, at))
            self._wallets[wallet] = min(at, self._wallets.get(wallet, at))
            self._learn_likeness(address, at)

    def has_met(self, wallet: str, address: Address, *, by: int) -> bool:
        """Whether something of this wallet went there by that moment."""
        since = self._since.get((wallet, account(address)))
        return since is not None and since <= by

    def knows_wallet(self, wallet: str, *, by: int) -> bool:
        """Whether anything of this wallet is on record by that moment."""
        since = self._wallets.get(wallet)
        return since is not None and since <= by

    def like(self, address: Address, *, by: int) -> Iterator[Known]:
        """Addresses that were met by that moment and look like this one."""
        known = self._by_likeness.get(likeness(address) or "", ())
        return (each for each in known if each.since <= by)

    def _learn_likeness(self, address: Address, at: int) -> None:
        key = likeness(address)
        if key is None:
            return
        others = self._by_likeness.get(key, ())
        same = next((each for each in others if each.address == address), None)
        if same is None:
            self._by_likeness[key] = (*others, Known(address, at))[:_NAMED]
        elif at < same.since:
            left = (each for each in others if each is not same)
            self._by_likeness[key] = (*left, Known(address, at))


def likeness(address: Address) -> Likeness | None:
    """What people look at: the first and last four characters, in one case, after the prefix."""
    text = address.text
    for prefix in _PREFIXES[address.family]:
        if text.startswith(prefix):
            text = text.removeprefix(prefix)
            break
    if len(text) <= 2 * _ENDS:
        return None
    return f"{address.family}:{text[:_ENDS]}{text[-_ENDS:]}".casefold()


def listed(entries: Iterable[tuple[str, Address]]) -> Listed:
    """The entries of lists, as pairs of a list's name and an address, ready for comparing."""
    found: dict[Likeness, tuple[Known, ...]] = {}
    for name, address in entries:
        key = likeness(address)
        if key is not None:
            found[key] = (*found.get(key, ()), Known(address, 0, name))
    return found


def destinations_of(findings: Findings) -> tuple[Address, ...]:
    """Whom the effects reach, each once: recipients, spenders, contracts that are called."""
    found = (_destination(effect) for effect in findings.effects)
    met = dict.fromkeys(address for address in found if address is not None)
    return tuple(met)[:MOST_LOOKED_AT]


def destinations_from_plain(effects: Iterable[Mapping[str, Any]]) -> tuple[Address, ...]:
    """The same, from effects as `plain` wrote them into the audit."""
    found = (
        effect.get("to") or effect.get("spender") or effect.get("contract") for effect in effects
    )
    read = (
        Address(each["family"], bytes.fromhex(each["raw"]), each["text"]) for each in found if each
    )
    return tuple(dict.fromkeys(read))[:MOST_LOOKED_AT]


def remarks_of(
    findings: Findings, acquaintances: Acquaintances, lists: Listed, *, by: int
) -> tuple[Remark, ...]:
    """What is remarkable, the worse first, by what was known `by` then (Unix ms).

    That moment is when the request was first asked: what people read of it does not change while
    other requests are answered, nor by its own answer.
    """
    destinations = destinations_of(findings)
    alike = (_look_alike(each, acquaintances, lists, by) for each in destinations)
    remarks = [remark for remark in alike if remark is not None]
    first = _first_time(findings.claims.wallet_id, destinations, acquaintances, by)
    return (*remarks, *first)


def _look_alike(
    address: Address, acquaintances: Acquaintances, lists: Listed, by: int
) -> Remark | None:
    """A list that names this very address vouches for it, whatever it looks like."""
    mine = lists.get(likeness(address) or "", ())
    if any(known.address == address for known in mine):
        return None
    candidates = (*mine, *acquaintances.like(address, by=by))
    known = next((each for each in candidates if each.address != address), None)
    if known is None:
        return None
    whose = f"in the list {known.name}" if known.name else "known from an earlier request"
    text = f"{address.text} begins and ends like {known.address.text} ({whose})"
    return Remark("look_alike_destination", f"{text}, but is another address")


def _first_time(
    wallet: str | None, addresses: tuple[Address, ...], acquaintances: Acquaintances, by: int
) -> tuple[Remark, ...]:
    """Once for all of them; of a wallet that we never met there is nothing to compare with."""
    if not wallet or not addresses:
        return ()
    if not acquaintances.knows_wallet(wallet, by=by):
        return (Remark("first_time_destination", _NEW_WALLET),)
    new = [each for each in addresses if not acquaintances.has_met(wallet, each, by=by)]
    if not new:
        return ()
    named = ", ".join(address.text for address in new[:_NAMED])
    more = f" and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
    said = f"no earlier request of this wallet for {named}{more} is on record"
    return (Remark("first_time_destination", said),)


def _destination(effect: Effect) -> Address | None:
    match effect:
        case Transfer(to=address) | TokenApproval(spender=address):
            return address
        case ContractCall(contract=contract):
            return contract
        case _:
            return None
