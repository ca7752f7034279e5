"""extra_info: what Cobo's backend says about a request. It corroborates and proves nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.details.documents import Document, open_document
from approvals.details.fields import Fields
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
class GroupClaim:
    """A key share holder group. `node_ids` is None unless every holder's is stated.

    `keys` are pairs of a TSS key share group's id and its root public key.
    """

    group_id: str | None
    threshold: int | None
    node_ids: tuple[str, ...] | None
    keys: tuple[tuple[str | None, str | None], ...]


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
    tss_request_id: str | None = None
    tss_request_type: str | None = None
    source_group: GroupClaim | None = None
    target_group: GroupClaim | None = None
    validity_groups: tuple[GroupClaim, ...] = ()


def read_extra(text: str) -> Document[Extra]:
    """Read `extra_info`; one fault is enough to have no value."""
    fields = open_document("extra_info", text)
    if isinstance(fields, str):
        return Document(None, faults=(fields,))
    value = _extra(fields)
    return Document(None if fields.faults else value, tuple(fields.faults))


def _extra(fields: Fields) -> Extra:
    transaction, request = fields.child("transaction"), fields.child("tss_request")
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
        tss_request_id=request.text("tss_request_id"),
        tss_request_type=request.text("type"),
        source_group=_group(fields.child("source_key_share_holder_group")),
        target_group=_group(fields.child("target_key_share_holder_group")),
        validity_groups=tuple(
            found
            for group in fields.children("validity_key_share_holder_groups")
            if (found := _group(group))
        ),
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


def _group(fields: Fields) -> GroupClaim | None:
    if not fields:
        return None
    holders = [holder.text("tss_node_id") for holder in fields.children("key_share_holders")]
    node_ids = tuple(node_id for node_id in holders if node_id)
    return GroupClaim(
        group_id=fields.text("key_share_holder_group_id"),
        threshold=fields.number("threshold"),
        node_ids=node_ids if node_ids and len(node_ids) == len(holders) else None,
        keys=tuple(
            (group.text("tss_key_share_group_id"), group.text("root_pubkey"))
            for group in fields.children("tss_key_share_groups")
        ),
    )


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    return fields.texts(key) or ()
