"""Whether the evidence of what was signed at a terminal still proves it: verified again, each time.

A vote on a request, a freeze, and a vote to thaw.
"""

from functools import lru_cache
from typing import Final

from approvals.freezes import statement as freeze_statement
from approvals.model import Choice, SshSignature
from approvals.statement import FRESH_MS, NAMESPACE, BadStatement, read
from keys import ssh, sshsig

_REMEMBERED: Final = 4_096


def proved(
    evidence: SshSignature,
    *,
    line: str | None,
    node: str,
    request_id: str,
    digest: str,
    choice: Choice,
    override: bool,
    reason: str,
    at: int,
) -> bool:
    """Whether the evidence still is this very vote, signed by the owner of the public key `line`.

    `line` None: by the key that the signature itself names, whose fingerprint must be
    `evidence.key`. `at` is when the vote was stored, in Unix milliseconds. Never raises.
    Which gateway it names is asked when it is handed in; here every gateway finds the same.

    1. The statement is one that we could have written.
    2. It says what the vote says, of the request that the record is about.
    3. It was made within FRESH_MS of when the vote was stored.
    4. The key that the evidence names signed it, as a vote.
    """
    try:
        said = read(evidence.statement)  # 1
    except BadStatement:
        return False
    if (said.node, said.request_id, said.digest) != (node, request_id, digest):  # 2
        return False
    if (said.choice, said.override, said.reason) != (choice, override, reason):
        return False
    if abs(said.at - at) > FRESH_MS:  # 3
        return False
    return _is_signed(evidence, line, NAMESPACE)  # 4


def thaw_proved(
    evidence: SshSignature, *, line: str | None, freeze: str, reason: str, at: int
) -> bool:
    """Whether the evidence still is a vote to thaw this very freeze.

    The same steps as for a vote, and `line` means the same. Never raises.
    """
    said = _about_freezes(evidence, reason, at)
    if said is None or said.thaw != freeze:
        return False
    return _is_signed(evidence, line, freeze_statement.NAMESPACE)


def freeze_proved(
    evidence: SshSignature, *, wallet: str | None, source: str | None, reason: str, at: int
) -> bool:
    """Whether the evidence still is this very freeze, signed with the key that it names.

    The same steps as for a vote. Never raises.
    """
    said = _about_freezes(evidence, reason, at)
    if said is None or said.thaw is not None:
        return False
    wanted = ("wallet", wallet) if wallet is not None else ("source", source)
    if (said.scope, said.name) != (("everything", "") if wanted[1] is None else wanted):
        return False
    return _is_signed(evidence, None, freeze_statement.NAMESPACE)


def _about_freezes(
    evidence: SshSignature, reason: str, at: int
) -> freeze_statement.FreezeStatement | None:
    """What was signed, if it is of then and for this reason."""
    try:
        said = freeze_statement.read(evidence.statement)
    except BadStatement:
        return None
    return said if said.reason == reason and abs(said.at - at) <= FRESH_MS else None


def _is_signed(evidence: SshSignature, line: str | None, namespace: str) -> bool:
    if len(evidence.signature) > sshsig.MOST_CHARS:
        return False
    return _signer(line, namespace, evidence.statement, evidence.signature) == evidence.key


@lru_cache(maxsize=_REMEMBERED)
def _signer(line: str | None, namespace: str, text: str, armored: str) -> str | None:
    """The fingerprint of the key that signed: costly, so remembered for these very strings."""
    try:
        key = sshsig.key_of(armored) if line is None else ssh.parse_public_key(line)
    except ssh.BadSshKey:
        return None
    if key is None or not sshsig.verify(key, namespace, text.encode(), armored):
        return None
    return ssh.fingerprint(key)
