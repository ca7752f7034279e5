"""The two inner documents of a request as types: what will be executed, and what Cobo claims."""

from approvals.details.detail import (
    Detail,
    KeyGen,
    KeyReshare,
    KeyShareSign,
    KeySign,
    SignatureType,
    read_detail,
)
from approvals.details.extra import Extra, read_extra
from approvals.details.groups import GroupClaim, HolderClaim, KeyClaim, TssClaim
from approvals.details.transaction import (
    AccountClaim,
    CalldataInfo,
    FeeClaim,
    InstructionClaim,
    Replacement,
    SourceClaim,
    UtxoClaim,
)

__all__ = [
    "AccountClaim",
    "CalldataInfo",
    "Detail",
    "Extra",
    "FeeClaim",
    "GroupClaim",
    "HolderClaim",
    "InstructionClaim",
    "KeyClaim",
    "KeyGen",
    "KeyReshare",
    "KeyShareSign",
    "KeySign",
    "Replacement",
    "SignatureType",
    "SourceClaim",
    "TssClaim",
    "UtxoClaim",
    "read_detail",
    "read_extra",
]
