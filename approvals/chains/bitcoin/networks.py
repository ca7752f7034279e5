"""How each chain of Bitcoin's shape writes its addresses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """Version bytes of Base58Check addresses, and the prefix of segwit ones (None: it has none).

    The first of `p2sh` is how such an address is written; the others are read too.
    """

    p2pkh: int
    p2sh: tuple[int, ...]
    segwit: str | None
