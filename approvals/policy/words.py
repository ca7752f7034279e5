"""The words that stand in `when`: each one is known, or a mistake that names what is."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, cast, get_args

from approvals.chains import base58
from approvals.chains.methods import selectors_of
from approvals.chains.tables import Tables
from approvals.findings import Kind
from approvals.policy.facts import folded
from approvals.policy.mistakes import SeveralWrong, Wrong, shown
from approvals.policy.reading import one_or_more
from approvals.policy.request_matchers import CURVES, INITIATOR_TYPES
from approvals.policy.rows import TokenKey, token_key
from approvals.request import RequestType
from approvals.risks import RISKS, Risk

T = TypeVar("T")

_TYPES: Final = {kind.label: kind for kind in RequestType}
_KINDS: Final[tuple[str, ...]] = get_args(Kind)
_ROOT: Final = {"xpub": bytes.fromhex("0488b21e"), "cpub": bytes.fromhex("02e8de90")}
"""Version bytes of the extended public keys of secp256k1 and ed25519 that Cobo uses."""
_ROOT_SIZE: Final = 78
_METHOD: Final = (
    "a method by name, if it is a well-known one, else by its full signature, such as"
    ' "transfer(address,uint256)", or its selector, such as "0xa9059cbb"'
)


def types(value: Any) -> frozenset[RequestType]:
    """Request types by their labels."""
    return frozenset(_TYPES[word] for word in _words(value, tuple(_TYPES), "a request type"))


def kinds(value: Any) -> frozenset[Kind]:
    """What a signature does."""
    return frozenset(cast("Kind", word) for word in _words(value, _KINDS, "a kind"))


def risks(value: Any) -> frozenset[Risk]:
    """Risk flags by their names."""
    return frozenset(cast("Risk", word) for word in _words(value, RISKS, "a risk"))


def curves(value: Any) -> frozenset[str]:
    """Curves of keys."""
    return frozenset(_words(value, CURVES, "a curve"))


def initiator_types(value: Any) -> frozenset[str]:
    """How a transaction was started, spelled as Cobo spells it."""
    return frozenset(_words(value, INITIATOR_TYPES, "how it was started, as Cobo says it"))


def initiators(value: Any) -> frozenset[str]:
    """Who started it, folded as they are compared."""
    names = frozenset(name for each in one_or_more(value) if (name := folded(each)) is not None)
    if not names:
        raise Wrong("a name that is not blank")
    return names


def chains(value: Any, *, tables: Tables) -> frozenset[str]:
    """Chain ids of the tables."""
    expected = "a chain id of the tables, or one added under [chains]"
    found = _found(one_or_more(value), tables.chain, expected)
    return frozenset(chain.chain_id for chain in found)


def tokens(value: Any, *, tables: Tables) -> frozenset[TokenKey]:
    """Token ids, resolved to what they are on the chain."""
    expected = "a token id of the tables, or one added under [tokens]"
    found = _found(one_or_more(value), tables.token, expected)
    return frozenset(token_key(token.asset) for token in found)


def methods(value: Any) -> frozenset[str]:
    """Methods as their selectors: `0x` and 8 hex digits in lower case."""
    return frozenset[str]().union(*_found(one_or_more(value), selectors_of, _METHOD))


def root_pub_keys(value: Any) -> frozenset[str]:
    """Extended public keys, whole and undamaged."""
    expected = "the root of a key, beginning with xpub or cpub, complete as Cobo shows it"
    return frozenset(_found(one_or_more(value), _root, expected))


def _root(text: str) -> str | None:
    data = base58.decode_check(text) or b""
    whole = len(data) == _ROOT_SIZE and data[:4] == _ROOT.get(text[:4])
    return text if whole else None


def _words(value: Any, known: tuple[str, ...], what: str) -> list[str]:
    expected = f"{what}: {', '.join(known)}"
    return _found(one_or_more(value), lambda word: word if word in known else None, expected)


def _found(texts: Iterable[str], find: Callable[[str], T | None], expected: str) -> list[T]:
    """What each text stands for; those that stand for nothing are told together."""
    found: list[T] = []
    wrong: list[Wrong] = []
    for text in texts:
        meant = find(text)
        if meant is None:
            wrong.append(Wrong(expected, found=shown(text)))
        else:
            found.append(meant)
    if wrong:
        raise SeveralWrong(wrong)
    return found
