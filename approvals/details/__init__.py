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
from approvals.details.extra import Extra, FeeClaim, GroupClaim, SourceClaim, read_extra

__all__ = [
    "Detail",
    "Extra",
    "FeeClaim",
    "GroupClaim",
    "KeyGen",
    "KeyReshare",
    "KeyShareSign",
    "KeySign",
    "SignatureType",
    "SourceClaim",
    "read_detail",
    "read_extra",
]
