"""What a person signs when they vote at a terminal: one canonical text, read back strictly."""

import json
import re
from dataclasses import dataclass
from typing import Final

from approvals.model import Choice

NAMESPACE: Final = "countersign-vote@v1"
MOST_REASON: Final = 1_000
FRESH_MS: Final = 300_000

_FORM: Final = re.compile(
    r"countersign vote v1\n"
    r"gateway: (?P<gateway>SHA256:[A-Za-z0-9+/]{43})\n"
    r"node: (?P<node>[A-Za-z0-9_.-]{1,64})\n"
    r"request: (?P<request_id>[!-~]{1,128})\n"
    r"digest: (?P<digest>[0-9a-f]{64})\n"
    r"choice: (?P<choice>approve|reject)\n"
    r"(?P<override>override: yes\n)?"
    r'reason: (?P<reason>"[ -~]{1,12000}")\n'
    r"at: (?P<at>0|[1-9][0-9]{0,14})\n",
    re.ASCII,
)


class BadStatement(Exception):  # noqa: N818 - it is the statement that is bad, not the program
    """A text that is no vote. The message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A vote as it is signed. `gateway` is the fingerprint of the key that gateway answers with.

    `at` is the signer's time in Unix milliseconds; `reason` is not blank. `override`: the signer
    asks to replace the seats, which a plain vote never does.
    """

    gateway: str
    node: str
    request_id: str
    digest: str
    choice: Choice
    reason: str
    at: int
    override: bool = False

    def text(self) -> str:
        """The text to sign: one line for each part, the reason as an ASCII JSON string.

        Only an override has the line that says so: no vote can be taken for the other kind.
        """
        override = "override: yes\n" if self.override else ""
        return (
            "countersign vote v1\n"
            f"gateway: {self.gateway}\n"
            f"node: {self.node}\n"
            f"request: {self.request_id}\n"
            f"digest: {self.digest}\n"
            f"choice: {self.choice}\n"
            f"{override}"
            f"reason: {json.dumps(self.reason)}\n"
            f"at: {self.at}\n"
        )


def write(statement: Statement) -> str:
    """The text of a statement that can be read back.

    Raises:
        BadStatement: a part has no place in the text, such as a reason that is blank or too long.
    """
    check_reason(statement.reason)
    text = statement.text()
    if read(text) != statement:
        raise BadStatement("this vote cannot be written down")
    return text


def read(text: str) -> Statement:
    """Read a signed text; only the one spelling that `write` gives is taken.

    Raises:
        BadStatement: anything else.
    """
    match = _FORM.fullmatch(text)
    if not match:
        raise BadStatement("this is no countersign vote, version 1")
    try:
        reason = json.loads(match["reason"])
    except ValueError:
        raise BadStatement("the reason of this vote cannot be read") from None
    statement = Statement(
        gateway=match["gateway"],
        node=match["node"],
        request_id=match["request_id"],
        digest=match["digest"],
        choice=Choice(match["choice"]),
        reason=reason,
        at=int(match["at"]),
        override=match["override"] is not None,
    )
    check_reason(reason)
    if statement.text() != text:
        raise BadStatement("this vote is not in its one canonical form")
    return statement


def check_reason(reason: str) -> None:
    """A reason says something, in not too many characters.

    Raises:
        BadStatement: it does not.
    """
    if not any(character.isprintable() and character != " " for character in reason):
        raise BadStatement("a reason is needed: say why, for those who read this later")
    if len(reason) > MOST_REASON:
        raise BadStatement(f"the reason is too long: at most {MOST_REASON} characters")
    if any("\ud800" <= character <= "\udfff" for character in reason):
        raise BadStatement("the reason holds half a character: write it again")
