"""The programs of Solana that we can name, and what their instructions are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from approvals.chains import base58
from approvals.risks import Risk

FieldKind: TypeAlias = Literal["u64", "key", "option", "authority"]


@dataclass(frozen=True, slots=True)
class Form:
    """One instruction as it is shown: its name, what its accounts are, and fields of its data.

    A field is a label, the byte it begins at, and its kind: a number, a key, a key that may be
    absent, or which authority of a token account is changed. `risk` is there where control is
    given away, and `warning` then says how, as the end of a sentence that begins with the name.
    """

    name: str
    accounts: tuple[str, ...] = ()
    fields: tuple[tuple[str, int, FieldKind], ...] = ()
    risk: Risk | None = None
    warning: str = ""


def _program(text: str) -> bytes:
    raw = base58.decode(text)
    assert raw is not None  # noqa: S101 - a constant of this file
    return raw


SYSTEM: Final = bytes(32)
TOKEN: Final = _program("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022: Final = _program("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED_TOKEN: Final = _program("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
MEMO_1: Final = _program("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")
MEMO_2: Final = _program("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
COMPUTE_BUDGET: Final = _program("ComputeBudget111111111111111111111111111111")

RECENT_BLOCKHASHES: Final = _program("SysvarRecentB1ockHashes11111111111111111111")
RENT: Final = _program("SysvarRent111111111111111111111111111111111")

SIGNATURE_CHECKS: Final = frozenset(
    map(
        _program,
        (
            "Ed25519SigVerify111111111111111111111111111",
            "KeccakSecp256k11111111111111111111111111111",
            "Secp256r1SigVerify1111111111111111111111111",
        ),
    )
)
"""Programs that check further signatures: the first byte of data counts them, each costs a fee."""

NAMES: Final[Mapping[bytes, str]] = {
    SYSTEM: "System",
    TOKEN: "Token",
    TOKEN_2022: "Token-2022",
    ASSOCIATED_TOKEN: "Associated Token Account",
    MEMO_1: "Memo",
    MEMO_2: "Memo",
    COMPUTE_BUDGET: "Compute Budget",
    **dict.fromkeys(SIGNATURE_CHECKS, "signature check"),
    _program("Stake11111111111111111111111111111111111111"): "Stake",
    _program("Vote111111111111111111111111111111111111111"): "Vote",
    _program("AddressLookupTab1e1111111111111111111111111"): "Address Lookup Table",
    _program("BPFLoaderUpgradeab1e11111111111111111111111"): "Upgradeable Loader",
}

_AMOUNT: Final[tuple[tuple[str, int, FieldKind], ...]] = (("amount in base units", 1, "u64"),)
_LAMPORTS: Final[tuple[tuple[str, int, FieldKind], ...]] = (("lamports", 4, "u64"),)
_OWNER: Final = "changes who controls an account"
_ALLOWS: Final = "lets another account move tokens"

SYSTEM_FORMS: Final[Mapping[int, Form]] = {
    0: Form(
        "CreateAccount",
        ("payer", "new account"),
        (("lamports", 4, "u64"), ("owner program", 20, "key")),
    ),
    1: Form("Assign", ("account",), (("owner program", 4, "key"),), "owner_change", _OWNER),
    2: Form("Transfer", ("from", "to"), _LAMPORTS),
    3: Form("CreateAccountWithSeed", ("payer", "new account")),
    4: Form("AdvanceNonceAccount", ("nonce account", "recent blockhashes", "authority")),
    5: Form("WithdrawNonceAccount", ("nonce account", "to"), _LAMPORTS),
    6: Form("InitializeNonceAccount", ("nonce account",), (("authority", 4, "key"),)),
    7: Form(
        "AuthorizeNonceAccount",
        ("nonce account", "authority"),
        (("new authority", 4, "key"),),
        "owner_change",
        _OWNER,
    ),
    8: Form("Allocate", ("account",)),
    9: Form("AllocateWithSeed", ("account",)),
    10: Form("AssignWithSeed", ("account",), risk="owner_change", warning=_OWNER),
    11: Form("TransferWithSeed", ("from", "base", "to"), _LAMPORTS),
    12: Form("UpgradeNonceAccount", ("nonce account",)),
    13: Form("CreateAccountAllowPrefund", ("new account", "payer")),
}
"""By the first four bytes of data."""

TOKEN_FORMS: Final[Mapping[int, Form]] = {
    0: Form("InitializeMint", ("mint",)),
    1: Form("InitializeAccount", ("account", "mint", "owner")),
    2: Form("InitializeMultisig", ("account",)),
    3: Form("Transfer", ("from", "to", "authority"), _AMOUNT),
    4: Form("Approve", ("account", "delegate", "owner"), _AMOUNT, "permission_change", _ALLOWS),
    5: Form("Revoke", ("account", "owner")),
    6: Form(
        "SetAuthority",
        ("account", "authority"),
        (("changes", 1, "authority"), ("new authority", 2, "option")),
        "owner_change",
        _OWNER,
    ),
    7: Form("MintTo", ("mint", "to", "authority"), _AMOUNT),
    8: Form("Burn", ("account", "mint", "owner"), _AMOUNT),
    9: Form(
        "CloseAccount",
        ("account", "lamports go to", "owner"),
        risk="permission_change",
        warning="closes a token account, and the SOL in it goes elsewhere",
    ),
    10: Form("FreezeAccount", ("account", "mint", "authority")),
    11: Form("ThawAccount", ("account", "mint", "authority")),
    12: Form("TransferChecked", ("from", "mint", "to", "authority"), _AMOUNT),
    13: Form(
        "ApproveChecked",
        ("account", "mint", "delegate", "owner"),
        _AMOUNT,
        "permission_change",
        _ALLOWS,
    ),
    14: Form("MintToChecked", ("mint", "to", "authority"), _AMOUNT),
    15: Form("BurnChecked", ("account", "mint", "owner"), _AMOUNT),
    16: Form("InitializeAccount2", ("account", "mint"), (("owner", 1, "key"),)),
    17: Form("SyncNative", ("account",)),
    18: Form("InitializeAccount3", ("account", "mint"), (("owner", 1, "key"),)),
    19: Form("InitializeMultisig2", ("account",)),
    20: Form("InitializeMint2", ("mint",)),
    21: Form("GetAccountDataSize", ("mint",)),
    22: Form("InitializeImmutableOwner", ("account",)),
    23: Form("AmountToUiAmount", ("mint",)),
    24: Form("UiAmountToAmount", ("mint",)),
}
"""By the first byte of data; Token-2022 has the same ones and many more."""

ASSOCIATED_FORMS: Final[Mapping[int, Form]] = {
    0: Form("Create", ("payer", "token account", "wallet", "mint")),
    1: Form("CreateIdempotent", ("payer", "token account", "wallet", "mint")),
    2: Form("RecoverNested", ("nested account", "mint", "to", "owner account")),
}

COMPUTE_FORMS: Final[Mapping[int, Form]] = {
    0: Form("RequestUnits"),
    1: Form("RequestHeapFrame"),
    2: Form("SetComputeUnitLimit"),
    3: Form("SetComputeUnitPrice"),
    4: Form("SetLoadedAccountsDataSizeLimit"),
}
