"""What approvers may meet, built by hand: one story for each kind of effect, flag and note."""

from dataclasses import replace
from typing import TypeAlias

from approvals.acquaintance import Remark
from approvals.chains.tables import SHIPPED
from approvals.decide import decide
from approvals.findings import (
    Address,
    Asset,
    ClaimedOutput,
    Claims,
    Findings,
    KeyFacts,
    Note,
    Operation,
    Refused,
    Signing,
    TokenApproval,
    Transfer,
    Wrap,
)
from approvals.freezes.model import Freeze, FreezeRecord, ThawVote
from approvals.inspect import inspect
from approvals.inspect.keys import UNPINNED
from approvals.model import (
    NOTHING_NEW,
    NOTHING_REMEMBERED,
    Approval,
    Cause,
    Choice,
    Final,
    Outcome,
    RuleAnswer,
    Verdict,
)
from approvals.risks import RISKS, Flag
from notifiers.ports import Story
from notifiers.words.facts import PAGE
from notifiers.words.sheet import sheet_of
from tests.notifiers.composed import composed
from tests.notifiers.examples import (
    CALL,
    CLAIMS,
    ETHER,
    FROM,
    NAMES,
    TETHER,
    TO,
    TRANSFER,
    USDT,
    approval,
    ask,
    findings,
    need,
    refused,
    unverified,
)
from tests.notifiers.states import ON_CALL, Moment, moments, states
from tests.support.records import ELECTORATE, NOW, POLICY, click, signature, signed, vote
from tests.support.requests import FOLDER, Sample, sample

Case: TypeAlias = tuple[Findings, Approval, tuple[Remark, ...]]

REFUSED = Final(Outcome.REJECT, Cause.CONTRADICTION, "another hash", NOW, 1, POLICY)

SPENDER = Address("evm", b"\x05" * 20, "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45")
SAFE = Address("evm", b"\x06" * 20, "0x5aFE3855358E112B5647B952709E6165e1c1eEEe")
LIBRARY = Address("evm", b"\x07" * 20, "0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761")
TWIN = Address("evm", b"\x08" * 20, "0xd6312f8c74E5f1cA9a1a0F6e4bA1B35c2f4C2A2c")
APES = Asset("ETH", None, None, Address("evm", b"\x09" * 20, "0x" + "Bc" * 20), None)
WETH = Asset("ETH", "ETH_WETH", "WETH", Address("evm", b"\x0a" * 20, "0x" + "C0" * 20), 18)
UNLIMITED = TokenApproval(
    "ETH", USDT, FROM, SPENDER, (1 << 256) - 1, "approve", selector="0x095ea7b3"
)
NOT_UNDERSTOOD = unverified("It calls a contract; what that does is not understood.")
DOUBT = Flag("unverified", "It could not be recomputed, or is not understood.")
OPAQUE = {"integrity": NOT_UNDERSTOOD, "complete": False}
SIGNED_ASK = ask(
    need("treasury", 2),
    need("on_call"),
    strength="ssh",
    rules=(RuleAnswer("doubtful", "What nobody can read needs signatures", "ask", "yes"),),
)
INNER = (
    TRANSFER,
    replace(CALL, sender=SAFE, selector="0x1f931c1c", method=None, calldata_size=1_412),
    replace(UNLIMITED, owner=SAFE),
)
NODES = tuple(f"co{number}{'Qx7' * 17}{number}" for number in range(1, 5))


ELECTED = replace(ELECTORATE, override=ON_CALL)
OVERRIDABLE = ask(need("treasury", 2), override=ON_CALL)
DEE = signed("dee", override=True, reason="Treasury is asleep; the invoice <2041> is due")
ELI = signed("eli", override=True, reason="I called the payee", at=NOW + 184_000)
AGAINST = signed("dee", Choice.REJECT, override=True, reason="It is not our invoice")

FREEZES = (
    Freeze("7-3fa1", None, None, "dee", "Keys may be stolen", NOW + 5_000, click("dee")),
    Freeze("8-90ab", "7fc2bfef", None, "eli", "Hot wallet drained?", NOW + 9_000, click("eli")),
    Freeze("9-77aa", None, TO.text, None, "The record was lost.", NOW + 9_500, None),
)
THAW = ThawVote("7-3fa1", "eli", "All keys are accounted for", NOW + 60_000, signature("eli"))
FROZEN = FreezeRecord(10, FREEZES, (THAW,))
THAWED = FreezeRecord(
    11,
    FREEZES[1:],
    (THAW, replace(THAW, person="dee", reason="Agreed", at=NOW + 90_000)),
    ended=("7-3fa1",),
)


def people() -> dict[str, Case]:
    """What people may have done: seats, reasons, overrides, a freeze."""
    final = Final(Outcome.APPROVE, None, "approved by override", NOW + 190_000, 4, POLICY)
    frozen = Final(
        Outcome.REJECT, Cause.FROZEN, "signing is frozen (freeze 7-3fa1)", NOW + 6_000, 2, POLICY
    )
    told = replace(vote("ana"), reason="I called the payee")
    records = {
        "reason_wanted": approval(ask(need("treasury", 2), reason="both")),
        "reason_given": approval(ask(need("treasury", 2), reason="both"), votes=(told,)),
        "override_asked": approval(OVERRIDABLE, votes=(vote("ana"), DEE)),
        "override_asked_both_ways": approval(OVERRIDABLE, votes=(AGAINST, ELI)),
        "override_approved": approval(OVERRIDABLE, votes=(DEE, ELI)),
        "override_heard": approval(OVERRIDABLE, votes=(DEE, ELI), final=final),
        "override_rejected": approval(
            OVERRIDABLE, votes=(AGAINST, replace(AGAINST, person="eli", at=NOW + 9_000))
        ),
        "frozen": approval(final=frozen),
    }
    return {name: (findings(), record, ()) for name, record in records.items()}


def _keys(kind: int, summary: str, keys: KeyFacts, *flags: Flag) -> Findings:
    bare = findings(effects=(), complete=False, chain=None, source=None, fee=None, hashes=())
    why = unverified(UNPINNED.text)
    claims = Claims(initiator="ops@acme.example", initiator_type="Web", org_name="Acme")
    return replace(
        bare,
        type=kind,
        summary=summary,
        keys=keys,
        flags=(*flags, DOUBT),
        integrity=why,
        claims=claims,
    )


def _tron() -> Findings:
    owner = Address("tron", b"\x01" * 21, "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH")
    changed = Operation(
        "TRON",
        "AccountPermissionUpdate",
        owner,
        details=(
            ("Owner threshold", "1"),
            ("Owner key", "TLyqzVGLV1srkB7dToTAEqgDSfPtXRJZYH, weight 1"),
            ("Active 2 operations", "7fff1fc0033e0300" + "0" * 48),
        ),
    )
    flag = Flag("permission_change", "It changes who may sign for this account.")
    found = findings(changed, integrity=unverified("AccountPermissionUpdate is named only."))
    return replace(found, flags=(flag, DOUBT), chain="TRON", source=owner, fee=None, complete=False)


def _solana() -> Findings:
    wallet = Address("solana", b"\x01" * 32, "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU")
    to = Address("solana", b"\x02" * 32, "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM")
    mint = Address("solana", b"\x03" * 32, "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
    usdc = Asset("SOL", "SOL_USDC", "USDC", mint, 6)
    notes = (
        Note("Memo", "invoice 2041 <!channel> \u202e please"),
        Note("Nonce account", "3nMFwZXwY1s1M5s8vYAHqd4wGs4iSxXE4LRoUMMYqEgF"),
        Note("Priority", "the backend calls it urgent", proved=False),
    )
    return findings(
        Transfer("SOL", usdc, wallet, to, 1_250_000_000_000),
        notes=notes,
        chain="SOL",
        source=wallet,
    )


def _bitcoin() -> Findings:
    one = Address("bitcoin", b"\x01", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")
    two = Address(
        "bitcoin", b"\x02", "bc1pqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3wf0qm"
    )
    coin = Asset("BTC", "BTC", "BTC", None, 8)
    change = Note("Change", "0.31 BTC back to bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c")
    return findings(
        Transfer("BTC", coin, None, one, 125_000_000),
        Transfer("BTC", coin, None, two, 1_000),
        chain="BTC",
        source=None,
        fee=None,
        notes=(change, Note("Replaceable", "yes: a later transaction may take its place")),
        claims=replace(CLAIMS, fee_at_most="0.00012"),
    )


def _every_flag() -> Findings:
    sentences = {
        "permission_change": "It changes who may sign for this account.",
        "owner_change": "It makes 0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45 the owner.",
        "delegatecall": "It runs the code of 0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761.",
        "unlimited_allowance": "The spender may move any amount, for ever.",
        "blind": "What this hash stands for nobody can see.",
        "unverified": DOUBT.text,
        "calldata_mismatch": "calldata_info describes `transfer`, and the bytes call `approve`.",
        "replacement": "It replaces e3c8f97a-4c89-4931-a184-775cef1ebf7b (SpeedUp).",
        "fee_unusual": "Its fee may be higher than is usual on this chain.",
    }
    claimed = {"calldata_mismatch", "replacement"}
    flags = tuple(
        Flag(risk, sentences[risk], proved=risk not in claimed)
        for risk in RISKS
        if risk in sentences
    )
    return findings(UNLIMITED, flags=flags, **OPAQUE)


def built() -> dict[str, Case]:
    """Findings, the record, and what the gateway remembers, by a name for the file."""
    usual, signed = approval(), approval(SIGNED_ASK)
    unknown = approval(ask(initiator_known=False))
    unlimited = Flag(
        "unlimited_allowance",
        "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45 may move"
        " all USDT of this wallet, now and later.",
    )
    twin = Remark(
        "look_alike_destination",
        f"{TWIN.text} begins and ends like {TO.text} (in the list cold-1), but is another address",
    )
    first = Remark(
        "first_time_destination", f"no earlier request of this wallet for {TWIN.text} is on record"
    )
    new = Remark("first_time_destination", "no earlier payment of this wallet is on record")
    multicall = replace(
        CALL,
        contract=SPENDER,
        method="multicall(bytes[])",
        selector="0xac9650d8",
        arguments=(("data", "3 calls"),),
        inner=INNER,
        calldata_size=2_020,
    )
    known_call = replace(
        CALL,
        contract=SPENDER,
        method="stake(uint256,address)",
        selector="0x7acb7757",
        arguments=(("amount", "2500000000"), ("receiver", TO.text)),
        value=10**18,
    )
    safe_tx = Signing(
        "ETH",
        "message",
        "EIP-712",
        "SafeTx of 0x5aFE3855358E112B5647B952709E6165e1c1eEEe, nonce 41, operation 1",
        inner=(
            replace(
                CALL,
                contract=LIBRARY,
                sender=SAFE,
                method="multiSend(bytes)",
                selector="0x8d80ff0a",
                inner=INNER[:1],
            ),
        ),
    )
    safe_flags = (
        Flag(
            "delegatecall",
            "The Safe would run the code of 0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761 as its own.",
        ),
        DOUBT,
    )
    blind_flags = (Flag("blind", "What this hash stands for nobody can see."), DOUBT)
    reshare = KeyFacts(
        "secp256k1",
        NODES[:3],
        threshold=2,
        old_threshold=3,
        root_pub_key="xpub6D" + "9k" * 52 + "z",
        used_node_ids=NODES[1:4],
    )
    lowered = Flag("permission_change", "The threshold falls from 3 to 2.")
    keygen = KeyFacts("ed25519", NODES[:3], threshold=2)
    return {
        "transfer": (findings(), usual, ()),
        "transfer_new_wallet": (findings(), unknown, (new,)),
        "transfer_look_alike": (findings(replace(TRANSFER, to=TWIN)), usual, (twin, first)),
        "transfer_from_another": (findings(replace(TRANSFER, sender=SAFE)), usual, ()),
        "transfer_item": (
            findings(Transfer("ETH", APES, FROM, TO, 1, "0x42842e0e", item=7_741)),
            usual,
            (),
        ),
        "approval_unlimited": (findings(UNLIMITED, flags=(unlimited,)), usual, ()),
        "approval_limited": (findings(replace(UNLIMITED, amount=5_000_000)), usual, ()),
        "approval_taken_back": (findings(replace(UNLIMITED, amount=0)), usual, ()),
        "approval_of_everything": (
            findings(
                replace(
                    UNLIMITED,
                    asset=APES,
                    amount=None,
                    via="setApprovalForAll",
                    selector="0xa22cb465",
                ),
                flags=(unlimited,),
            ),
            usual,
            (),
        ),
        "wrap": (findings(Wrap("ETH", ETHER, WETH, FROM, 10**19, False, "0xd0e30db0")), usual, ()),
        "unwrap": (findings(Wrap("ETH", ETHER, WETH, FROM, 10**19, True, "0x2e1a7d4d")), usual, ()),
        "call_known": (findings(known_call, flags=(DOUBT,), **OPAQUE), signed, ()),
        "call_unknown": (
            findings(replace(CALL, method=None), flags=(DOUBT,), **OPAQUE),
            signed,
            (first,),
        ),
        "call_with_calls": (findings(multicall, flags=(unlimited, DOUBT), **OPAQUE), signed, ()),
        "contract_creation": (
            findings(
                replace(
                    CALL, contract=None, method=None, selector="0x60806040", calldata_size=24_576
                ),
                flags=(DOUBT,),
                **OPAQUE,
            ),
            signed,
            (),
        ),
        "message_safe": (findings(safe_tx, flags=safe_flags, fee=None, **OPAQUE), signed, ()),
        "message_login": (
            findings(
                Signing("ETH", "message", "EIP-191", "Sign in to acme.example\nNonce: 8831"),
                flags=(DOUBT,),
                fee=None,
                **OPAQUE,
            ),
            signed,
            (),
        ),
        "blind": (
            findings(
                Signing("ETH", "blind", "raw", "0x" + "9c" * 32),
                flags=blind_flags,
                fee=None,
                integrity=unverified(
                    "A bare hash is to be signed; what it stands for nobody can see."
                ),
                complete=False,
            ),
            replace(signed, verdict=replace(SIGNED_ASK, initiator_known=False)),
            (),
        ),
        "tron_permission": (_tron(), signed, ()),
        "solana_memo": (_solana(), usual, (new,)),
        "bitcoin": (_bitcoin(), usual, ()),
        "keygen": (_keys(1, "Generate an ed25519 key, 2 of 3", keygen), signed, ()),
        "reshare_lowered": (
            _keys(3, "Reshare a secp256k1 key to 2 of 3", reshare, lowered),
            signed,
            (),
        ),
        "every_flag": (
            _every_flag(),
            replace(signed, verdict=replace(SIGNED_ASK, initiator_known=False)),
            (twin, first),
        ),
        "refused": (
            findings(
                integrity=refused("The hash to be signed is not the hash of unsigned_raw_tx."),
                effects=(),
                claims=replace(
                    CLAIMS, token_id="ETH_USDT", outputs=(ClaimedOutput(TO.text, "2500"),)
                ),
            ),
            approval(
                Verdict("reject", cause=Cause.CONTRADICTION),
                notice=True,
                final=REFUSED,
            ),
            (),
        ),
        "many_payees": (findings(*[TRANSFER] * 9), usual, ()),
    }


def recorded() -> dict[str, Case]:
    """Every sample as it is read today."""
    stems = sorted(path.stem for path in FOLDER.glob("*.json"))
    names = (stem for stem in stems if stem != "manifest" and not stem.startswith("ping"))
    return {f"sample_{name}": read(sample(name)) for name in names}


def read(asked: Sample) -> Case:
    """A request as our checks read it; refused ones are told and ask nobody."""
    request = asked.request
    seen = inspect(request, SHIPPED)
    record = approval(request_id=request.request_id, digest=seen.digest, type=request.type)
    if isinstance(seen.integrity, Refused):
        verdict = Verdict("reject", cause=Cause.CONTRADICTION)
        record = replace(record, verdict=verdict, notice=True, final=REFUSED)
    return seen, record, ()


def told(found: Findings, record: Approval, remarks: tuple[Remark, ...] = ()) -> Story:
    """The story of a case."""
    decision = decide(
        record, now=NOW, electorate=ELECTED, remembered=NOTHING_REMEMBERED, today=NOTHING_NEW
    )
    page = sheet_of(record, found, NAMES, remarks=remarks, room=PAGE)
    sheet = sheet_of(record, found, NAMES, remarks=remarks)
    return Story(record, decision, sheet, FREEZES, paged=lambda: page)


def standing(name: str) -> Story:
    """The story of a case by its name, at its moment."""
    moment = MOMENTS.get(name, Moment())
    return replace(
        told(*CASES[name]),
        urgency=moment.urgency,
        said=moment.said,
        after=moment.after,
        overdue=moment.overdue,
    )


MOMENTS = moments()

CASES = {
    **built(),
    **people(),
    **{name: (findings(), record, ()) for name, record in states().items()},
    **recorded(),
    **{f"composed_{name}": read(asked) for name, asked in composed().items()},
}

__all__ = ["CASES", "TETHER", "standing", "told"]
