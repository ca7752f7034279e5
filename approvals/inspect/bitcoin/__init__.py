"""Transactions of Bitcoin and of chains of its shape: the port, and how it is made."""

from typing import Final

from approvals.inspect.bitcoin.look import look_at_bitcoin
from approvals.inspect.bitcoin.opening import unpack
from approvals.inspect.bitcoin.spans import dissect
from approvals.inspect.seen import Port

__all__ = ["PORT"]


def _signs(_raw: bytes, _hashes: tuple[bytes, ...]) -> bool:
    """Never surely: many chains write transactions in this form, and hash them in other ways.

    Nor do the bytes hold the scripts and amounts that the digests are made of.
    """
    return False


PORT: Final = Port(
    look=look_at_bitcoin, signs=_signs, dissect=dissect, unpack=unpack, documented=False
)
