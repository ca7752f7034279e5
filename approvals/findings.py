"""What the bytes of a request really do: the vocabulary of the pre-checks."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Family: TypeAlias = Literal["evm", "tron", "bitcoin", "solana", "other"]
Kind: TypeAlias = Literal["transfer", "contract_call", "token_approval", "message", "blind"]


@dataclass(frozen=True, slots=True)
class Address:
    """An account on a chain. Equality is by family and bytes; `text` is only how it is shown."""

    family: Family
    raw: bytes
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """What an amount counts: `decimals` scales base units to the coin units that people read.

    `token_id` is Cobo's id (`ETH_USDT`, or the chain's own id for its native coin), None for a
    contract that is in no table; then `decimals` is None too and amounts are base units.
    """

    chain: str
    token_id: str | None
    symbol: str | None
    contract: Address | None
    decimals: int | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` base units of `asset` leave `sender` for `to`."""

    chain: str
    asset: Asset
    sender: Address | None
    to: Address
    amount: int
    kind: Literal["transfer"] = "transfer"


@dataclass(frozen=True, slots=True)
class ContractCall:
    """A call that we can point at but not explain: what it does to assets is unknown.

    `value` is the native coin sent along, in base units; `selector` is `0x` and 8 hex digits, or
    "" for calldata shorter than four bytes; `calldata_size` counts bytes. `contract` is None for
    a contract creation.
    """

    chain: str
    contract: Address | None
    sender: Address | None
    value: int
    native: Asset
    selector: str
    calldata_size: int
    method: str | None = None
    kind: Literal["contract_call"] = "contract_call"


@dataclass(frozen=True, slots=True)
class Signing:
    """A signature over something that is no transaction: a message, or a bare hash (`blind`)."""

    chain: str | None
    kind: Literal["message", "blind"]
    standard: str
    preview: str


Effect: TypeAlias = Transfer | ContractCall | Signing


@dataclass(frozen=True, slots=True)
class Fee:
    """The most that a transaction can cost beside its effects, in base units of a native coin."""

    asset: Asset
    at_most: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of an integrity check, with the number the check carries in `inspect`."""

    check: int
    text: str


@dataclass(frozen=True, slots=True)
class Passed:
    """Every check could be made, and agreed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """At least one check found a contradiction, or something malformed or unsupported."""

    cause: Literal["contradiction", "malformed", "unsupported"]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Unverified:
    """Nothing contradicts, but something could not be recomputed or is not understood."""

    reasons: tuple[Reason, ...]


Integrity: TypeAlias = Passed | Refused | Unverified


@dataclass(frozen=True, slots=True)
class ClaimedOutput:
    """A destination as Cobo states it: `amount` is decimal text in coin units, or None."""

    address: str
    amount: str | None = None
    memo: str | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What `extra_info` says and nobody proved. None: it does not say."""

    transaction_id: str | None = None
    transaction_type: str | None = None
    chain_id: str | None = None
    token_id: str | None = None
    source: str | None = None
    destination_type: str | None = None
    kind: Kind | None = None
    outputs: tuple[ClaimedOutput, ...] = ()
    fee_at_most: str | None = None
    wallet_id: str | None = None
    wallet_name: str | None = None
    vault_id: str | None = None
    vault_name: str | None = None
    org_name: str | None = None
    project_name: str | None = None
    initiator: str | None = None
    initiator_type: str | None = None
    categories: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """The outcome of the integrity checks; a pure function of the request and the tables.

    `chain` (Cobo's chain id) and `source` are proved: from the signed bytes and by derivation
    from `root_pub_key`. None: not proved. `complete` says that `effects` is everything the
    signature can do (fees aside). `summary` is a short line for requests that have no effects
    (`Generate a secp256k1 key, 2 of 3`). `hashes` are the normalised message hashes to be signed
    (`0x`, lower case).
    """

    digest: str
    type: int
    integrity: Integrity
    claims: Claims
    effects: tuple[Effect, ...] = ()
    complete: bool = False
    chain: str | None = None
    source: Address | None = None
    fee: Fee | None = None
    hashes: tuple[str, ...] = ()
    summary: str = ""
