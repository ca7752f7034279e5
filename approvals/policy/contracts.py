"""`[contracts]`: names and ABIs of contracts, so that people can read what is called."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from approvals.chains.contracts import MAX_ABI_BYTES, BadAbi, Contract, read_abi
from approvals.chains.methods import Method
from approvals.chains.tables import Tables
from approvals.findings import Address
from approvals.policy.mistakes import SeveralWrong, Wrong, shown
from approvals.policy.people import NAME, NAME_FORM
from approvals.policy.reading import Table
from approvals.policy.values import address

Read: TypeAlias = Callable[[str], bytes]
"""Opens a file that the policy names, by the path as it stands there; raises OSError."""

_CALLED = ("evm", "tron")
"""The families whose contracts are called by Solidity's ABI."""


def no_files(name: str) -> bytes:
    """The reader of a policy that has no folder of its own."""
    raise FileNotFoundError(None, "files cannot be read here", name)


def read_contracts(root: Table, tables: Tables, read: Read) -> Tables:
    """The tables and the operator's contracts. They are display only: no rule asks about them."""

    def places(value: Any) -> tuple[tuple[str, Address], ...]:
        return _places(value, tables)

    def methods(value: Any) -> Mapping[bytes, Method]:
        return _abi(value, read)

    section, grown = root.table("contracts"), tables
    for name in section.values if section else ():
        below = section.table(name) if section else None
        if below is None:
            continue
        if not NAME.fullmatch(name):
            below.wrong(None, shown(name), NAME_FORM)
        at = below.read("at", places, required='an array of contracts, such as "ETH:0x…"')
        found = below.read("abi", methods, required="the path of a JSON file with its ABI")
        below.done()
        for place in at or ():
            if place in grown.contracts:
                twin = grown.contracts[place].name
                below.wrong("at", place[1].text, f"a contract that is not already {twin}")
            grown = grown.with_contract(place, Contract(name, found or {}))
    return grown


def _places(value: Any, tables: Tables) -> tuple[tuple[str, Address], ...]:
    """`["ETH:0x..."]`: unlike in a list, each entry must name its chain."""
    if not isinstance(value, list) or not value:
        raise Wrong('an array of at least one contract, such as "ETH:0x…"')
    places, wrong = [], []
    for each in value:
        try:
            chain_id, account = address(each, tables)
        except Wrong as error:
            wrong.append(error)
            continue
        if chain_id is None or account.family not in _CALLED:
            wrong.append(Wrong('a contract on its chain, such as "ETH:0x…"', found=shown(each)))
        else:
            places.append((chain_id, account))
    if wrong:
        raise SeveralWrong(wrong)
    return tuple(places)


def _abi(value: Any, read: Read) -> Mapping[bytes, Method]:
    """The file's functions by selector."""
    if type(value) is not str or not value or "\0" in value:
        raise Wrong('the path of a JSON file, such as "abis/router.json"')
    try:
        data = read(value)
    except OSError as error:
        raise Wrong(f"a file that can be read ({error.strerror})") from None
    if len(data) > MAX_ABI_BYTES:
        raise Wrong(f"a file of at most {MAX_ABI_BYTES} bytes")
    try:
        methods = read_abi(data.decode())
    except UnicodeDecodeError:
        raise Wrong("a file of UTF-8 text") from None
    except BadAbi as error:
        raise Wrong(f"an ABI. {error}") from None
    _prepare(methods.values())
    return methods


def _prepare(methods: Iterable[Method]) -> None:
    """Import the decoder and make it learn these types now, not while a node waits."""
    from eth_abi.registry import registry

    for method in methods:
        for kind in method.types:
            registry.get_decoder(kind)
