"""What people call things: amounts, addresses, chains, and the command that decides.

Slack, the terminal and the command line share them. What a stranger wrote passes through
`visible` first.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from approvals.findings import Address, Asset, TokenApproval
from approvals.model import Approval
from notifiers.words.readable import grouped, short_address, visible

ADDRESS_CHARS: Final = 200
"""No chain has an address that is longer; a text that is says that it was cut."""

_LIMITLESS: Final = {(1 << bits) - 1: f"2^{bits}-1 base units" for bits in (96, 160, 256)}
_LIMITLESS_SPL: Final = {(1 << 64) - 1: "2^64-1 base units"}
_BEYOND_ANY_SUPPLY: Final = 1 << 128


@dataclass(frozen=True, slots=True)
class Names:
    """What the policy calls things: addresses and nodes by the list they are in, chains by name."""

    address: Callable[[Address, str], str | None] = lambda _address, _chain: None
    chain: Callable[[str], str] = lambda chain: chain
    node: Callable[[str], str | None] = lambda _node: None


NO_NAMES: Final = Names()


def amount(asset: Asset, base_units: int) -> str:
    """`2,500 USDT`, exactly; base units where nobody told us the decimals."""
    if asset.decimals is not None:
        name = visible(asset.symbol or asset.token_id or "of an unnamed token", 40)
        return f"{grouped(base_units, asset.decimals)} {name}"
    token = _short(asset.contract) if asset.contract else "?"
    return f"{grouped(base_units, 0)} base units of unknown token {token}"


def quantity(asset: Asset, base_units: int, item: int | None) -> str:
    """An amount; of a collection `item 77 of APES`, or `5 of item 77 of APES`."""
    if item is None:
        return amount(asset, base_units)
    many = "" if base_units == 1 else f"{base_units:,} of "
    return f"{many}item {item} of {asset_name(asset)}"


def asset_name(asset: Asset) -> str:
    """`USDT`, or the contract of a token that is in no table, to recognize it by."""
    if asset.symbol or asset.token_id:
        return visible(asset.symbol or asset.token_id or "", 40)
    return f"unknown token {_short(asset.contract) if asset.contract else '?'}"


def allowance(approval: TokenApproval) -> str:
    """How much a spender may move from now on, in words where it is without limit."""
    asset, base_units = approval.asset, approval.amount
    name = asset_name(asset)
    if base_units is None:
        return f"everything of {name} now and later"
    if base_units == 0:
        return f"nothing of {name} any more"
    limitless = _limitless(asset, base_units)
    if approval.item is None and limitless:
        return f"{name} WITHOUT LIMIT ({limitless})"
    return quantity(asset, base_units, approval.item)


def full_address(address: Address, chain: str, names: Names) -> str:
    """The whole address, and the name of the list it is in."""
    label = names.address(address, chain)
    full = visible(address.text, ADDRESS_CHARS)
    return f"{full} ({visible(label, 80)})" if label else full


def named(address: Address, chain: str, names: Names) -> str:
    """`cold-1 (0xd631…2A2c)`: for a first line; the whole address stands elsewhere."""
    label = names.address(address, chain)
    return f"{visible(label, 40)} ({_short(address)})" if label else _short(address)


def chain_name(chain: str, names: Names) -> str:
    """`Ethereum (ETH)`."""
    name = visible(names.chain(chain), 80)
    return name if name == chain else f"{name} ({visible(chain, 80)})"


def command(verb: str, approval: Approval, *, override: bool = False) -> str:
    """The command that decides this from a terminal; safe to paste whatever the id contains."""
    how = " --override" if override else ""
    wanted = shlex.quote(f"{approval.node}/{approval.request_id}")
    return f"countersign {verb} {wanted}{how} --reason …"


def reading(approval: Approval) -> str:
    """The command that shows all of it."""
    return f"countersign show {shlex.quote(f'{approval.node}/{approval.request_id}')}"


def audited(approval: Approval) -> str:
    """The command that tells its story from the audit, whether or not its bytes are still kept."""
    return f"countersign audit show {shlex.quote(f'{approval.node}/{approval.request_id}')}"


def _limitless(asset: Asset, base_units: int) -> str:
    """The largest numbers by name; others that no supply reaches, exactly; else empty."""
    of_solana = asset.contract is not None and asset.contract.family == "solana"
    largest = (_LIMITLESS_SPL if of_solana else _LIMITLESS).get(base_units)
    if largest is None and base_units >= _BEYOND_ANY_SUPPLY:
        return f"{base_units:,} base units"
    return largest or ""


def _short(address: Address) -> str:
    return short_address(visible(address.text, ADDRESS_CHARS))
