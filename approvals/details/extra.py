"""extra_info: what Cobo's backend says about a request. It corroborates and proves nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.details.documents import Document, open_document
from approvals.details.fields import Fields
from approvals.details.groups import (
    NO_TSS_REQUEST,
    GroupClaim,
    KeyClaim,
    TssClaim,
    read_group,
    read_tss_request,
    read_vault_keys,
)
from approvals.details.transaction import (
    CalldataInfo,
    FeeClaim,
    InstructionClaim,
    Replacement,
    SourceClaim,
    UtxoClaim,
    decimal_text,
    read_calldata_info,
    read_fee,
    read_instruction,
    read_replacement,
    read_source,
    read_utxo,
)
from approvals.findings import ClaimedOutput, Claims, Kind

_KINDS: Final[dict[str, Kind]] = {
    "Address": "transfer",
    "CustodialWallet": "transfer",
    "ExchangeWallet": "transfer",
    "DepositToAddress": "transfer",
    "DepositToWallet": "transfer",
    "EVM_Contract": "contract_call",
    "SOL_Contract": "contract_call",
    "STELLAR_Contract": "contract_call",
    "SUI_Contract": "contract_call",
    "COSMOS_Contract": "contract_call",
    "TRON_Contract": "contract_call",
    "EVM_EIP_191_Signature": "message",
    "EVM_EIP_712_Signature": "message",
    "BTC_BIP_137_Signature": "message",
    "BTC_BIP_322_Signature": "message",
    "COSMOS_ADR_36_Signature": "message",
    "Raw_Message_Signature": "blind",
}
_TYPED: Final = "EVM_EIP_712_Signature"
_MESSAGE_KEYS: Final = {
    "EVM_EIP_191_Signature": "message",
    _TYPED: "raw_structured_data",
    "BTC_BIP_137_Signature": "message_bip137",
    "BTC_BIP_322_Signature": "message_bip322",
    "COSMOS_ADR_36_Signature": "message_cosmos_adr36",
    "Raw_Message_Signature": "msg_hash",
}


@dataclass(frozen=True, slots=True)
class Extra:
    """`extra_info` as far as we read it; unknown keys are ignored, absent ones are None.

    `claims` is what people may be shown; the rest is what the checks compare. `message` is what is
    to be signed in place of a transaction, in the notation of its kind (base64, hex, JSON text);
    `structured_data` the same document as `message` once more, opened, of EIP-712 alone.
    """

    claims: Claims
    has_transaction: bool = False
    unsigned_raw_tx: str | None = None
    used_nonce: int | None = None
    calldata: str | None = None
    calldata_info: CalldataInfo | None = None
    instructions: tuple[InstructionClaim, ...] = ()
    message: str | None = None
    structured_data: Mapping[str, object] | None = None
    replacement: Replacement | None = None
    utxos: tuple[UtxoClaim, ...] = ()
    changes: tuple[ClaimedOutput, ...] = ()
    change_address: str | None = None
    fee: FeeClaim | None = None
    sources: tuple[SourceClaim, ...] = ()
    tss_request: TssClaim = NO_TSS_REQUEST
    source_group: GroupClaim | None = None
    target_group: GroupClaim | None = None
    validity_groups: tuple[GroupClaim, ...] = ()
    vault_keys: tuple[KeyClaim, ...] | None = None


def read_extra(text: str) -> Document[Extra]:
    """Read `extra_info`; one fault is enough to have no value."""
    fields = open_document("extra_info", text)
    if isinstance(fields, str):
        return Document(None, faults=(fields,))
    value = _extra(fields)
    return Document(None if fields.faults else value, tuple(fields.faults))


def _extra(fields: Fields) -> Extra:
    transaction, vault = fields.child("transaction"), fields.child("vault")
    destination, raw = transaction.child("destination"), transaction.child("raw_tx_info")
    fee = transaction.part("fee", read_fee)
    claims = _claims(fields, transaction, destination, vault, fee)
    kind = claims.destination_type or ""
    message_key = _MESSAGE_KEYS.get(kind)
    return Extra(
        claims=claims,
        has_transaction=bool(transaction),
        unsigned_raw_tx=raw.text("unsigned_raw_tx"),
        used_nonce=raw.number("used_nonce"),
        calldata=destination.text("calldata"),
        calldata_info=destination.part("calldata_info", read_calldata_info),
        instructions=destination.parts("instructions", read_instruction),
        message=destination.text(message_key) if message_key else None,
        structured_data=destination.document("structured_data") if kind == _TYPED else None,
        replacement=transaction.part("replacement", read_replacement),
        utxos=raw.parts("selected_utxos", read_utxo),
        changes=_changes(raw),
        change_address=destination.text("change_address") or None,
        fee=fee,
        sources=fields.parts("source_addresses", read_source),
        tss_request=fields.part("tss_request", read_tss_request) or NO_TSS_REQUEST,
        source_group=fields.part("source_key_share_holder_group", read_group),
        target_group=fields.part("target_key_share_holder_group", read_group),
        validity_groups=tuple(
            read_group(group)
            for group in fields.children("validity_key_share_holder_groups")
            if group
        ),
        vault_keys=read_vault_keys(vault),
    )


_TRANSACTION: Final = (
    *("transaction_id", "type", "chain_id", "token_id"),
    *("initiator", "initiator_type", "description"),
)
_WALLET: Final = ("wallet_id", "name", "vault_id", "vault_name")


def _claims(
    fields: Fields, transaction: Fields, destination: Fields, vault: Fields, fee: FeeClaim | None
) -> Claims:
    task, said, chain, token, initiator, way, description = transaction.texts_at(_TRANSACTION)
    wallet_id, wallet, *vault_of_wallet = fields.child("wallet").texts_at(_WALLET)
    vault_id, vault_name = vault.texts_at(("vault_id", "name"))
    place = destination.text("destination_type")
    kind = _KINDS.get(place or "")
    return Claims(
        transaction_id=task,
        transaction_type=said,
        chain_id=chain,
        token_id=token,
        source=transaction.part("source", _address),
        destination_type=place,
        kind=kind,
        outputs=_outputs(destination, kind),
        fee_at_most=fee.max_fee_amount if fee else None,
        wallet_id=wallet_id,
        wallet_name=wallet,
        transaction_wallet_id=transaction.text("wallet_id"),
        vault_id=vault_id or vault_of_wallet[0],
        vault_name=vault_name or vault_of_wallet[1],
        org_name=fields.part("org", _name),
        project_name=fields.part("project", _name),
        initiator=initiator,
        initiator_type=way,
        categories=(*_texts(transaction, "category"), *_texts(transaction, "cobo_category")),
        description=description,
    )


def _address(fields: Fields) -> str | None:
    return fields.text("address")


def _name(fields: Fields) -> str | None:
    return fields.text("name")


def _outputs(destination: Fields, kind: Kind | None) -> tuple[ClaimedOutput, ...]:
    """Where to and how much: one account, several UTXO outputs, or the contract that is called."""
    if kind == "contract_call":
        places = [_output(destination, "value")]
    else:
        account = destination.child("account_output")
        places = [_output(account, "amount")] if account else []
        places += [_output(output, "amount") for output in destination.children("utxo_outputs")]
        if not places:
            places = [_output(destination, "amount")]
    return tuple(place for place in places if place.address or place.amount is not None)


def _output(fields: Fields, amount: str) -> ClaimedOutput:
    said = decimal_text(fields, amount)
    return ClaimedOutput(fields.text("address") or "", said, fields.text("memo"))


def _changes(raw: Fields) -> tuple[ClaimedOutput, ...]:
    """What is said to come back; `utxo_change` repeats the first of `utxo_changes`."""
    several = raw.parts("utxo_changes", _change)
    single = raw.part("utxo_change", _change)
    return several or ((single,) if single else ())


def _change(fields: Fields) -> ClaimedOutput:
    return _output(fields, "value")


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    return fields.texts(key) or ()
