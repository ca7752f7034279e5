"""The ids of TSS Nodes: `cobo` and the Base58 of 33 bytes, as every one of them is made."""

from functools import lru_cache
from typing import Final

from approvals.chains import base58

MAX_CHARS: Final = 50
"""`cobo`, and what 33 bytes have at most in Base58."""

_PREFIX: Final = "cobo"
_SIZE: Final = 33


def is_node_id(text: str) -> bool:
    """Whether a text is formed as a node's id; whose node it is, it does not say."""
    return len(text) <= MAX_CHARS and text.startswith(_PREFIX) and _is_id(text[len(_PREFIX) :])


@lru_cache(maxsize=1024)
def _is_id(digits: str) -> bool:
    data = base58.decode(digits)
    return data is not None and len(data) == _SIZE
