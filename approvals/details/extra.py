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
    transaction_wallet_id: str | None = None
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
    transaction = fields.child("transaction")
    destination = transaction.child("destination")
    raw = transaction.child("raw_tx_info")
    kind = destination.text("destination_type") or ""
    message_key = _MESSAGE_KEYS.get(kind)
    return Extra(
        claims=_claims(fields, transaction, destination),
        has_transaction=bool(transaction),
        unsigned_raw_tx=raw.text("unsigned_raw_tx"),
        used_nonce=raw.number("used_nonce"),
        calldata=destination.text("calldata"),
        calldata_info=read_calldata_info(destination.child("calldata_info")),
        instructions=tuple(map(read_instruction, destination.children("instructions"))),
        message=destination.text(message_key) if message_key else None,
        structured_data=destination.document("structured_data") if kind == _TYPED else None,
        transaction_wallet_id=transaction.text("wallet_id"),
        replacement=read_replacement(transaction.child("replacement")),
        utxos=tuple(map(read_utxo, raw.children("selected_utxos"))),
        changes=_changes(raw),
        change_address=destination.text("change_address") or None,
        fee=read_fee(transaction.child("fee")),
        sources=tuple(map(read_source, fields.children("source_addresses"))),
        tss_request=read_tss_request(fields.child("tss_request")),
        source_group=read_group(fields.child("source_key_share_holder_group")),
        target_group=read_group(fields.child("target_key_share_holder_group")),
        validity_groups=tuple(
            found
            for group in fields.children("validity_key_share_holder_groups")
            if (found := read_group(group))
        ),
        vault_keys=read_vault_keys(fields.child("vault")),
    )


def _claims(fields: Fields, transaction: Fields, destination: Fields) -> Claims:
    wallet, vault = fields.child("wallet"), fields.child("vault")
    transaction_type = transaction.text("type")
    destination_type = destination.text("destination_type")
    return Claims(
        transaction_id=transaction.text("transaction_id"),
        transaction_type=transaction_type,
        chain_id=transaction.text("chain_id"),
        token_id=transaction.text("token_id"),
        source=transaction.child("source").text("address"),
        destination_type=destination_type,
        kind=_KINDS.get(destination_type or ""),
        outputs=_outputs(destination),
        fee_at_most=decimal_text(transaction.child("fee"), "max_fee_amount"),
        wallet_id=wallet.text("wallet_id"),
        wallet_name=wallet.text("name"),
        vault_id=vault.text("vault_id") or wallet.text("vault_id"),
        vault_name=vault.text("name") or wallet.text("vault_name"),
        org_name=fields.child("org").text("name"),
        project_name=fields.child("project").text("name"),
        initiator=transaction.text("initiator"),
        initiator_type=transaction.text("initiator_type"),
        categories=(*_texts(transaction, "category"), *_texts(transaction, "cobo_category")),
        description=transaction.text("description"),
    )


def _outputs(destination: Fields) -> tuple[ClaimedOutput, ...]:
    """Where to and how much: one account, several UTXO outputs, or the contract that is called."""
    kind = _KINDS.get(destination.text("destination_type") or "")
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
    several = raw.children("utxo_changes")
    single = raw.child("utxo_change")
    return tuple(_output(each, "value") for each in several or ((single,) if single else ()))


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    return fields.texts(key) or ()
