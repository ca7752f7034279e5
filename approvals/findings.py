"""What the bytes of a request really do: the vocabulary of the pre-checks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, TypeAlias

from approvals.risks import Flag

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
    """`amount` base units of `asset` leave `sender` for `to`.

    `selector` is the call that moves a token (`0x` and 8 hex digits), "" where no method is
    called. `item` is the number of one thing of a collection (ERC-721, ERC-1155).
    """

    chain: str
    asset: Asset
    sender: Address | None
    to: Address
    amount: int
    selector: str = ""
    item: int | None = None
    kind: Literal["transfer"] = "transfer"


@dataclass(frozen=True, slots=True)
class TokenApproval:
    """`spender` may from now on move up to `amount` base units of what `owner` holds of `asset`.

    `amount` is None where it is everything of a collection (`setApprovalForAll`); 0 takes an
    earlier approval back. `via` is how it is given: `approve`, `permit`, `Permit2 PermitSingle`.
    """

    chain: str
    asset: Asset
    owner: Address | None
    spender: Address
    amount: int | None
    via: str
    selector: str = ""
    item: int | None = None
    kind: Literal["token_approval"] = "token_approval"


@dataclass(frozen=True, slots=True)
class Wrap:
    """`amount` base units of a coin become the same amount of its wrapped token, or back again."""

    chain: str
    native: Asset
    wrapped: Asset
    sender: Address | None
    amount: int
    unwraps: bool
    selector: str
    kind: Literal["contract_call"] = "contract_call"


@dataclass(frozen=True, slots=True)
class ContractCall:
    """A call that we can point at but not explain: what it does to assets is unknown.

    `value` is the native coin sent along, in base units; `selector` is `0x` and 8 hex digits, or
    "" for calldata shorter than four bytes; `calldata_size` counts bytes. `contract` is None for
    a contract creation. `method` and `arguments` (name, text) are for people alone: names that a
    table of ours or an operator's ABI gives. `inner` are the calls it carries, as far as they
    could be unfolded; whether they are made, and what else happens, is unknown.
    """

    chain: str
    contract: Address | None
    sender: Address | None
    value: int
    native: Asset
    selector: str
    calldata_size: int
    method: str | None = None
    arguments: tuple[tuple[str, str], ...] = ()
    inner: tuple["Effect", ...] = ()
    kind: Literal["contract_call"] = "contract_call"


@dataclass(frozen=True, slots=True)
class Operation:
    """Something a chain does beside moving coins (stake, vote, change a permission): named only.

    `details` are what its bytes say, as pairs of a label and a text.
    """

    chain: str
    name: str
    sender: Address | None
    details: tuple[tuple[str, str], ...] = ()
    kind: Literal["contract_call"] = "contract_call"


@dataclass(frozen=True, slots=True)
class Signing:
    """A signature over something that is no transaction: a message, or a bare hash (`blind`).

    `inner` are the calls that a message would allow (those of a Safe transaction), for people.
    `whole` is False where `preview` is only a beginning.
    """

    chain: str | None
    kind: Literal["message", "blind"]
    standard: str
    preview: str
    inner: tuple["Effect", ...] = ()
    whole: bool = True


Effect: TypeAlias = Transfer | TokenApproval | Wrap | ContractCall | Operation | Signing


@dataclass(frozen=True, slots=True)
class Note:
    """One more thing that people should read and no rule asks about: a memo, a nonce, an expiry.

    `proved`: it stands in the bytes that are signed; otherwise Cobo says so. `whole` is False
    where `text` is only a beginning, or counts what is not listed.
    """

    label: str
    text: str
    proved: bool = True
    whole: bool = True


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What `request_detail` says about a key: what the node will do if it is told APPROVE.

    `curve` is `secp256k1` or `ed25519`, None if it is unknown. `node_ids` are the nodes that will
    hold the key (KeyGen, KeyReshare), sign with it (KeySign) or sign with their share of it.
    `threshold` is how many of them a signature needs afterwards. `agreed`: extra_info says the
    same about all of it, and every other check passed, so that only a rule's pins are missing.
    """

    curve: str | None
    node_ids: tuple[str, ...]
    threshold: int | None = None
    root_pub_key: str | None = None
    old_threshold: int | None = None
    used_node_ids: tuple[str, ...] = ()
    agreed: bool = False


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
    transaction_wallet_id: str | None = None
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
    (`Generate a secp256k1 key, 2 of 3`). `hashes` are the normalized message hashes to be signed
    (`0x`, lower case). `flags` are the risks, worst first. `keys` is None where request_detail
    could not be read. `task` is its biz_task_id, empty where it has none that is 1 to 128
    characters of printable ASCII.
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
    flags: tuple[Flag, ...] = ()
    notes: tuple[Note, ...] = ()
    keys: KeyFacts | None = None
    task: str = ""

    @property
    def signs(self) -> str:
        """SHA-256 over the message hashes in their order, hex; empty where there are none."""
        return signs_of(self.hashes)


def signs_of(hashes: Sequence[str]) -> str:
    """One name for a list of normalized message hashes (`0x`, lower case)."""
    return sha256(" ".join(hashes).encode()).hexdigest() if hashes else ""
