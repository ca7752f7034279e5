"""What a person signs to freeze or to thaw: one canonical text, read back strictly."""

import json
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from approvals.chains.addresses import parse_address
from approvals.statement import BadStatement, check_reason

NAMESPACE: Final = "countersign-freeze@v1"
MOST_NAME: Final = 200
"""Characters of a wallet's id or an address."""

_FORM: Final = re.compile(
    r"countersign freeze v1\n"
    r"gateway: (?P<gateway>SHA256:[A-Za-z0-9+/]{43})\n"
    r"(?:freeze: (?P<scope>everything|wallet|source)(?: (?P<name>[!-~]{1,200}))?"
    r"|thaw: (?P<thaw>[1-9][0-9]{0,14}-[0-9a-f]{4}))\n"
    r'reason: (?P<reason>"[ -~]{1,12000}")\n'
    r"at: (?P<at>0|[1-9][0-9]{0,14})\n",
    re.ASCII,
)

Scope: TypeAlias = Literal["everything", "wallet", "source"]


@dataclass(frozen=True, slots=True)
class FreezeStatement:
    """A freeze, or where `thaw` is a freeze's id, the wish to end it.

    `gateway` is the fingerprint of the key that the gateway answers with, of `[keys]`; `name` the
    wallet's id or the address, empty for everything; `at` the signer's time in Unix milliseconds.
    """

    gateway: str
    reason: str
    at: int
    scope: Scope = "everything"
    name: str = ""
    thaw: str | None = None

    def text(self) -> str:
        """The text to sign: one line for each part, the reason as an ASCII JSON string."""
        name = f" {self.name}" if self.name else ""
        act = f"freeze: {self.scope}{name}" if self.thaw is None else f"thaw: {self.thaw}"
        return (
            "countersign freeze v1\n"
            f"gateway: {self.gateway}\n"
            f"{act}\n"
            f"reason: {json.dumps(self.reason)}\n"
            f"at: {self.at}\n"
        )


def write(statement: FreezeStatement) -> str:
    """The text of a statement that can be read back.

    Raises:
        BadStatement: a part has no place in the text, such as an address that is none.
    """
    check_reason(statement.reason)
    check_scope(statement.scope, statement.name)
    text = statement.text()
    if read(text) != statement:
        raise BadStatement("this freeze cannot be written down")
    return text


def read(text: str) -> FreezeStatement:
    """Read a signed text; only the one spelling that `write` gives is taken.

    Raises:
        BadStatement: anything else.
    """
    match = _FORM.fullmatch(text)
    if not match:
        raise BadStatement("this is no countersign freeze, version 1")
    try:
        reason = json.loads(match["reason"])
    except ValueError:
        raise BadStatement("the reason of this freeze cannot be read") from None
    statement = FreezeStatement(
        gateway=match["gateway"],
        reason=reason,
        at=int(match["at"]),
        scope=cast("Scope", match["scope"] or "everything"),
        name=match["name"] or "",
        thaw=match["thaw"],
    )
    check_reason(reason)
    check_scope(statement.scope, statement.name)
    if statement.text() != text:
        raise BadStatement("this freeze is not in its one canonical form")
    return statement


def check_scope(scope: Scope, name: str) -> None:
    """A freeze must be able to hold: a mistyped address would freeze nothing.

    Raises:
        BadStatement: it names nothing, too much, or no address that we know.
    """
    if (scope == "everything") != (not name):
        raise BadStatement("a freeze is of everything, of one wallet, or of one address")
    if len(name) > MOST_NAME or not re.fullmatch(r"[!-~]*", name, re.ASCII):
        raise BadStatement(
            f"a wallet or address has at most {MOST_NAME} characters and no space: name a wallet by"
            " its id, which `countersign show` prints"
        )
    if scope == "source" and parse_address(name) is None:
        raise BadStatement(f"{name} is no address that we know: nothing would be frozen")
