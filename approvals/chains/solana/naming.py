"""Instructions that are not understood, by their names, with what their accounts and data say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.chains import base58
from approvals.chains.solana.message import KEY, Instruction
from approvals.chains.solana.programs import (
    ASSOCIATED_FORMS,
    ASSOCIATED_TOKEN,
    COMPUTE_BUDGET,
    COMPUTE_FORMS,
    NAMES,
    SYSTEM,
    SYSTEM_FORMS,
    TOKEN,
    TOKEN_2022,
    TOKEN_FORMS,
    FieldKind,
    Form,
)
from approvals.risks import Risk

HIDDEN: Final = "unknown, in a lookup table"
_AUTHORITIES: Final = ("who may mint", "who may freeze", "the owner", "who may close")
_WORD: Final = 4
_U64: Final = 8

_FORMS: Final[Mapping[bytes, tuple[int, Mapping[int, Form]]]] = {
    SYSTEM: (_WORD, SYSTEM_FORMS),
    TOKEN: (1, TOKEN_FORMS),
    TOKEN_2022: (1, TOKEN_FORMS),
    ASSOCIATED_TOKEN: (1, ASSOCIATED_FORMS),
    COMPUTE_BUDGET: (1, COMPUTE_FORMS),
}


@dataclass(frozen=True, slots=True)
class Named:
    """An instruction of a program that we know, which is not understood, or not in this form."""

    name: str
    details: tuple[tuple[str, str], ...]
    risk: Risk | None
    warning: str


def form_of(instruction: Instruction) -> tuple[str, Form]:
    """The program's name and the instruction's form, which may have no more than a name."""
    program, data = NAMES.get(instruction.program, "unknown program"), instruction.data
    size, forms = _FORMS.get(instruction.program, (0, {}))
    if not size:
        return program, Form("instruction")
    number = int.from_bytes(data[:size], "little")
    short = Form("instruction without a number") if len(data) < size else None
    return program, short or forms.get(number, Form(f"instruction {number}"))


def named(instruction: Instruction) -> Named:
    """The instruction by its name, with what its accounts and its data say."""
    program, form = form_of(instruction)
    shown = [
        (label, HIDDEN if key is None else base58.encode(key))
        for label, key in zip(form.accounts, instruction.accounts, strict=False)
    ]
    rest = len(instruction.accounts) - len(shown)
    if rest:
        shown.append(("other accounts", str(rest)))
    for label, start, kind in form.fields:
        text = _field(instruction.data, start, kind)
        if text is not None:
            shown.append((label, text))
    return Named(f"{program}: {form.name}", tuple(shown), form.risk, form.warning)


def _field(data: bytes, start: int, kind: FieldKind) -> str | None:
    """The text of a field; None where the data ends before it does."""
    match kind:
        case "u64":
            value = data[start : start + _U64]
            return str(int.from_bytes(value, "little")) if len(value) == _U64 else None
        case "key":
            value = data[start : start + KEY]
            return base58.encode(value) if len(value) == KEY else None
        case "option":
            if data[start : start + 1] == b"\0":
                return "nobody"
            return _field(data, start + 1, "key")
        case "authority":
            number = data[start] if len(data) > start else len(_AUTHORITIES)
            return _AUTHORITIES[number] if number < len(_AUTHORITIES) else None
