"""Whatever people sign at a terminal, checked in one way before anybody acts on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest

from approvals.model import SshSignature
from approvals.service import Service
from approvals.statement import FRESH_MS, BadStatement
from approvals.strict_json import BadJson, loads
from gateway.clock import Clock
from gateway.desk.door import Refused
from keys import ssh, sshsig

_MOST_BYTES: Final = 65_536
_FORM: Final = "What is signed is sent as a JSON object of a statement and a signature."
_FORGED: Final = "The signature does not verify, so nothing was done: run the command again."
_ELSEWHERE: Final = "This was signed for another gateway: run the command again, on its machine."
_STALE: Final = (
    "This was signed more than 5 minutes ago, or ahead of us: check the clocks, and run the"
    " command again."
)


class Dated(Protocol):
    """What a person signs: it names a gateway, and when it was signed (Unix milliseconds)."""

    @property
    def gateway(self) -> str:
        """The fingerprint of that gateway's key."""
        ...

    @property
    def at(self) -> int:
        """The signer's time."""
        ...


S = TypeVar("S", bound=Dated)


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """One kind of statement that people sign.

    `read` raises BadStatement; `namespace` is what it is signed for. `gateway_of` gives the
    fingerprint that a statement must name, None if there is none. `member_of` names what it is
    about, for the audit; `unread` is that name where the statement could not be read.
    """

    read: Callable[[str], S]
    namespace: str
    gateway_of: Callable[[S], str | None]
    member_of: Callable[[S], str]
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Said(Generic[S]):
    """A statement that a person of the policy in force signed just now, for this gateway."""

    statement: S
    person: str
    evidence: SshSignature


class Witness:
    """Checks whatever people sign, in one way; what does not pass goes into the audit."""

    def __init__(self, service: Service, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    async def hear(self, http: HttpRequest, kind: Kind[S]) -> Said[S]:
        """What a call says, checked step by step.

        1. The statement is one that we could have written.
        2. Its signature is good, by a key that the policy in force gives to a person.
        3. It was made for this gateway, and within the last minutes by our clock.

        Raises:
            Refused: it is not so.
        """
        signed = await _Signed.sent(http)
        try:
            said = kind.read(signed.text)  # 1
        except BadStatement as error:
            raise await self.refused(400, kind.unread, None, "bad_statement", f"{error}.") from None
        member = kind.member_of(said)
        key = signed.key(kind.namespace)
        if key is None:
            raise await self.refused(403, member, None, "bad_signature", _FORGED)
        person = self._service.policy.person_by_key(key.line)  # 2
        if person is None:
            raise await self.refused(403, member, None, "unknown_person", _nobodys(key))
        if said.gateway != kind.gateway_of(said):  # 3
            raise await self.refused(409, member, person.name, "other_gateway", _ELSEWHERE)
        if abs(self._clock.now_ms() - said.at) > FRESH_MS:
            raise await self.refused(409, member, person.name, "stale", _STALE)
        evidence = SshSignature(ssh.fingerprint(key), signed.armored, signed.text)
        return Said(said, person.name, evidence)

    async def refused(
        self, status: int, member: str, person: str | None, cause: str, sentence: str
    ) -> Refused:
        """What never changed anything: into the audit, and back to the caller."""
        await self._service.refuse(member, person, cause, "ssh")
        return Refused(status, sentence)


@dataclass(frozen=True, slots=True)
class _Signed:
    """A text and the armored SSHSIG that came with it, of which nothing is believed yet."""

    text: str
    armored: str

    @classmethod
    async def sent(cls, http: HttpRequest) -> "_Signed":
        """What a call carries.

        Raises:
            Refused: it is no such thing, or too long.
        """
        body = bytearray()
        try:
            async for chunk in http.stream():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise Refused(413, "Nothing that a person signs here is as long as this.")
        except ClientDisconnect:
            raise Refused(400, _FORM) from None  # nobody is there to read it
        try:
            document = loads(bytes(body).decode())
        except (BadJson, UnicodeDecodeError):
            document = None
        if not isinstance(document, dict) or set(document) != {"statement", "signature"}:
            raise Refused(400, _FORM)
        text, armored = document["statement"], document["signature"]
        if type(text) is not str or type(armored) is not str:
            raise Refused(400, _FORM)
        return cls(text, armored)

    def key(self, namespace: str) -> ssh.SshPublicKey | None:
        """The key that signed this text for this purpose; None if none did."""
        key = sshsig.key_of(self.armored)
        if key is None or not sshsig.verify(key, namespace, self.text.encode(), self.armored):
            return None
        return key


def _nobodys(key: ssh.SshPublicKey) -> str:
    """What to say where the policy gives the key to nobody."""
    return (
        f"No person of the policy in force has the key {ssh.fingerprint(key)}: sign with the one"
        " in the policy, or put this one there and run `countersign policy reload`."
    )
