"""A gateway's RSA keys: those that it signs with, and those of the nodes that it believes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway.config.settings import Settings
from keys.envelope import TrustedNode
from keys.rsa import fingerprint, load_private_key, load_public_key


@dataclass(frozen=True, slots=True)
class Keyring:
    """`own` is the key of `[keys]`; `answering` the one that each node is answered with, by name.

    A node's event notifications are signed with other keys than its callbacks: `events` opens no
    door of `callbacks`, nor the other way round.
    """

    own: RSAPrivateKey = field(repr=False)
    answering: Mapping[str, RSAPrivateKey] = field(repr=False)
    callbacks: tuple[TrustedNode, ...]
    events: tuple[TrustedNode, ...]

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Read every key file once: opening a private key proves two large primes.

        Raises:
            KeyFileError: one cannot be used.
        """
        own = load_private_key(settings.private_key)
        return cls(
            own=own,
            answering={
                node.name: own if node.private_key is None else load_private_key(node.private_key)
                for node in settings.nodes
            },
            callbacks=tuple(
                TrustedNode(node.name, tuple(map(load_public_key, node.keys)))
                for node in settings.nodes
            ),
            events=tuple(
                TrustedNode(node.name, tuple(map(load_public_key, node.event_keys)))
                for node in settings.nodes
                if node.event_keys
            ),
        )

    @property
    def fingerprint(self) -> str:
        """Of the key of `[keys]`: what a statement about freezes names."""
        return fingerprint(self.own.public_key())

    def fingerprints(self) -> dict[str, str]:
        """Of the key that each node is answered with: what a vote names."""
        return {name: fingerprint(key.public_key()) for name, key in self.answering.items()}
