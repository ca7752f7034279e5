"""How each chain of Bitcoin's shape writes its addresses and the paths of its keys."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """Version bytes of Base58Check addresses, and the prefix of segwit ones (None: it has none).

    The first of `p2sh` is how such an address is written; the others are read too. `coin_type` is
    the number of the coin in the paths of its keys (SLIP-44).
    """

    p2pkh: int
    p2sh: tuple[int, ...]
    segwit: str | None
    coin_type: int
