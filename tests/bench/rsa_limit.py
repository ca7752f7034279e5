"""What one core can do at most: verify a token and sign an answer with RSA-2048, over and over."""

import time
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm

_RS256: Final = RSAAlgorithm(RSAAlgorithm.SHA256)
_MESSAGE: Final = bytes(500)


def per_second(key: RSAPrivateKey, *, seconds: float = 1.0) -> float:
    """Pairs of one signature and one verification that this core makes in a second."""
    public = key.public_key()
    began = now = time.perf_counter()
    count = 0
    while now - began < seconds:
        _RS256.verify(_MESSAGE, public, _RS256.sign(_MESSAGE, key))
        count += 1
        now = time.perf_counter()
    return count / (now - began)


def signature_us(key: RSAPrivateKey, *, count: int = 500) -> float:
    """Microseconds of processor time of one signature."""
    began = time.process_time()
    for _ in range(count):
        _RS256.sign(_MESSAGE, key)
    return (time.process_time() - began) / count * 1e6
