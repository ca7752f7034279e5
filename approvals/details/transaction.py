"""The parts of `extra_info.transaction` and its addresses that the checks hold against bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from approvals.chains.amounts import is_amount
from approvals.details.fields import Fields


@dataclass(frozen=True, slots=True)
class SourceClaim:
    """One of `source_addresses`: whose keys are said to sign. `encoding` is as `ENCODING_P2TR`.

    An empty address or path is an absent one.
    """

    address: str | None
    chain_id: str | None
    path: str | None
    pubkey: str | None
    root_pubkey: str | None
    encoding: str | None = None
    x_only_pubkey: str | None = None
    taproot_script_tree_hash: str | None = None
    taproot_internal_address: str | None = None


@dataclass(frozen=True, slots=True)
class FeeClaim:
    """`transaction.fee`, whatever its type. Decimal texts.

    Gas prices are in wei, `fee_rate` in base units a virtual byte, `compute_unit_price` in
    micro-lamports a unit; `base_fee`, `rent_amount`, `max_fee_amount` and `estimated_fee_used`
    are in coin units.
    """

    fee_type: str | None
    token_id: str | None
    gas_limit: str | None
    gas_price: str | None
    max_fee_per_gas: str | None
    max_priority_fee_per_gas: str | None
    fee_rate: str | None
    base_fee: str | None
    rent_amount: str | None
    compute_unit_price: str | None
    compute_unit_limit: str | None
    max_fee_amount: str | None
    estimated_fee_used: str | None

    def is_in(self, token_id: str | None) -> bool:
        """Whether its amounts are of this coin; one that names none is of the chain's own."""
        return self.token_id in (None, token_id)


@dataclass(frozen=True, slots=True)
class UtxoClaim:
    """One of `selected_utxos`: an output that is spent. `value` is decimal text in coin units."""

    tx_hash: str | None
    vout: int | None
    token_id: str | None
    address: str | None
    value: str | None
    redeem_script: str | None
    revealed_script: str | None


@dataclass(frozen=True, slots=True)
class CalldataInfo:
    """What Cobo's decoder says a contract call is; never trusted, only compared."""

    chain_id: str | None
    address: str | None
    contract_name: str | None
    method: str | None
    signature: str | None
    selector: str | None
    params: str | None


@dataclass(frozen=True, slots=True)
class AccountClaim:
    """One account of a claimed Solana instruction, and what the instruction may do with it."""

    address: str | None
    is_signer: bool | None
    is_writable: bool | None


@dataclass(frozen=True, slots=True)
class InstructionClaim:
    """One of a Solana call's `instructions`. `data` is base64."""

    program: str | None
    accounts: tuple[AccountClaim, ...]
    data: str | None


@dataclass(frozen=True, slots=True)
class Replacement:
    """Which transaction this one is to replace (RBF). `how` is `Drop`, `Resend` or `SpeedUp`."""

    how: str | None
    transaction_id: str | None
    transaction_hash: str | None


_SOURCE: Final = tuple(field.name for field in fields(SourceClaim))
_FEE: Final = tuple(field.name for field in fields(FeeClaim))
"""Their fields are called as the keys are."""


def read_source(fields: Fields) -> SourceClaim:
    """One of `source_addresses`; an empty text says nothing."""
    return SourceClaim(*[text or None for text in fields.texts_at(_SOURCE)])


def read_fee(fields: Fields) -> FeeClaim:
    """`transaction.fee`."""
    return FeeClaim(*fields.texts_at(_FEE[:2]), *_decimal_texts(fields, _FEE[2:]))


def read_utxo(fields: Fields) -> UtxoClaim:
    """One of `raw_tx_info.selected_utxos`."""
    return UtxoClaim(
        tx_hash=fields.text("tx_hash"),
        vout=fields.number("vout_n"),
        token_id=fields.text("token_id"),
        address=fields.text("address"),
        value=decimal_text(fields, "value"),
        redeem_script=fields.text("redeem_script"),
        revealed_script=fields.text("revealed_script"),
    )


def read_calldata_info(fields: Fields) -> CalldataInfo:
    """`destination.calldata_info`."""
    method = fields.child("method")
    return CalldataInfo(
        chain_id=fields.text("chain_id"),
        address=fields.text("address"),
        contract_name=fields.text("name"),
        method=method.text("name"),
        signature=method.text("sig"),
        selector=method.text("selector"),
        params=fields.text("params"),
    )


def read_instruction(fields: Fields) -> InstructionClaim:
    """One of `destination.instructions`."""
    accounts = [
        AccountClaim(each.text("pubkey"), each.flag("is_signer"), each.flag("is_writable"))
        for each in fields.children("accounts")
    ]
    return InstructionClaim(fields.text("program_id"), tuple(accounts), fields.text("data"))


def read_replacement(fields: Fields) -> Replacement | None:
    """`transaction.replacement`, where this transaction is the one that replaces."""
    found = Replacement(
        how=fields.text("replaced_type"),
        transaction_id=fields.text("replaced_transaction_id"),
        transaction_hash=fields.text("replaced_transaction_hash"),
    )
    return found if any((found.how, found.transaction_id, found.transaction_hash)) else None


def decimal_text(fields: Fields, key: str) -> str | None:
    """Decimal digits, as text; empty is absent."""
    [text] = _decimal_texts(fields, (key,))
    return text


def _decimal_texts(fields: Fields, keys: Sequence[str]) -> list[str | None]:
    texts = fields.texts_at(keys)
    for key, text in zip(keys, texts, strict=True):
        if text and not is_amount(text):
            fields.fault(f"{fields.name}.{key} is not a decimal number.")
    return [text or None for text in texts]
