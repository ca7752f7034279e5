"""A security key in software: it signs as a FIDO token does for OpenSSH (PROTOCOL.u2f)."""

import base64
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from keys import ssh, sshsig
from keys.wire import mpint, string, strings

PRESENT = 0x01
VERIFIED = 0x04
ED25519 = "sk-ssh-ed25519@openssh.com"
P256 = "sk-ecdsa-sha2-nistp256@openssh.com"


@dataclass(frozen=True)
class Token:
    """`flags` are what it saw of its user."""

    kind: str
    secret: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    application: bytes = b"ssh:"
    flags: int = PRESENT
    counter: int = 7

    @classmethod
    def made(cls, kind: str) -> "Token":
        """A token fresh from the shop."""
        if kind == ED25519:
            return cls(kind, ed25519.Ed25519PrivateKey.generate())
        return cls(kind, ec.generate_private_key(ec.SECP256R1()))

    @property
    def blob(self) -> bytes:
        plain = ssh.public_key(self.secret).blob
        count = 2 if self.kind == ED25519 else 3
        parts = (self.kind.encode(), *strings(plain, count)[1:], self.application)
        return b"".join(string(part) for part in parts)

    @property
    def public(self) -> ssh.SshPublicKey:
        return ssh.parse_blob(self.blob)

    @property
    def line(self) -> str:
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    def raw(self, data: bytes) -> bytes:
        """A signature by the key alone, with nothing of a token about it."""
        if isinstance(self.secret, ed25519.Ed25519PrivateKey):
            return self.secret.sign(data)
        r, s = decode_dss_signature(self.secret.sign(data, ec.ECDSA(hashes.SHA256())))
        return mpint(r) + mpint(s)

    def signature(self, data: bytes) -> bytes:
        """The signature blob over `data`."""
        trailer = bytes([self.flags]) + self.counter.to_bytes(4, "big")
        application = hashlib.sha256(self.application).digest()
        raw = self.raw(application + trailer + hashlib.sha256(data).digest())
        return string(self.kind.encode()) + string(raw) + trailer

    def sign(self, namespace: str, text: str) -> str:
        """An armored SSHSIG."""
        data = sshsig.signed_data(namespace, text.encode())
        return sshsig.armor(self.public, namespace, self.signature(data))

    def but(self, **changes: Any) -> "Token":
        """The same secret, and something else about it."""
        return replace(self, **changes)

    def write_handle(self, path: Path) -> None:
        """The private key file that `ssh-keygen -t …-sk` leaves: a handle, and no secret."""
        check = bytes(8)
        public = b"".join(string(part) for part in strings(self.blob, 3 + (self.kind == P256)))
        private = check + public + b"\x01" + string(b"handle") + string(b"") + string(b"a token")
        private += bytes(range(1, 1 + -len(private) % 8))
        content = b"openssh-key-v1\0" + string(b"none") + string(b"none") + string(b"")
        content += (1).to_bytes(4, "big") + string(self.blob) + string(private)
        path.touch(mode=0o600)
        path.write_text(
            "-----BEGIN OPENSSH PRIVATE KEY-----\n"
            + base64.encodebytes(content).decode()
            + "-----END OPENSSH PRIVATE KEY-----\n"
        )
