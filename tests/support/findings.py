"""Any Findings there can be: every kind of effect, flag and note, with whatever strangers write."""

from hypothesis import strategies as st

from approvals.findings import (
    Address,
    Asset,
    ClaimedOutput,
    Claims,
    ContractCall,
    Effect,
    Fee,
    Findings,
    KeyFacts,
    Note,
    Operation,
    Passed,
    Reason,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
    Wrap,
)
from approvals.risks import RISKS, Flag, worst_first

TEXT = st.text(
    st.one_of(st.characters(), st.sampled_from("&<>*`\u2705\u202e\u2066\n\x1b\u200b")), max_size=40
)
LONG = st.one_of(TEXT, st.builds(lambda text, times: text * times, TEXT, st.integers(1, 200)))
FAMILIES = st.sampled_from(("evm", "tron", "bitcoin", "solana", "other"))
ADDRESSES = st.builds(
    Address,
    FAMILIES,
    st.binary(max_size=4),
    st.one_of(st.text("0123456789abcdefXYZ", min_size=20, max_size=90), LONG),
)
CHAINS = st.sampled_from(("ETH", "TRON", "BTC", "SOL", "X"))
DECIMALS = st.none() | st.integers(0, 36)
ASSETS = st.builds(
    Asset, CHAINS, st.none() | TEXT, st.none() | TEXT, st.none() | ADDRESSES, DECIMALS
)
COINS = st.builds(Asset, CHAINS, TEXT, TEXT, st.none(), st.integers(0, 36))
AMOUNTS = st.one_of(
    st.integers(0, 1 << 256),
    st.sampled_from([(1 << bits) - 1 for bits in (64, 96, 128, 160, 256)]),
)
ITEMS = st.none() | st.integers(0, 1 << 256)
PAIRS = st.lists(st.tuples(TEXT, LONG), max_size=12).map(tuple)
SENDERS = st.none() | ADDRESSES
SELECTORS = st.sampled_from(("", "0x095ea7b3"))

_SIMPLE = st.one_of(
    st.builds(Transfer, CHAINS, ASSETS, SENDERS, ADDRESSES, AMOUNTS, SELECTORS, ITEMS),
    st.builds(
        TokenApproval,
        CHAINS,
        ASSETS,
        SENDERS,
        ADDRESSES,
        st.none() | AMOUNTS,
        TEXT,
        SELECTORS,
        ITEMS,
    ),
    st.builds(Wrap, CHAINS, COINS, ASSETS, SENDERS, AMOUNTS, st.booleans(), SELECTORS),
    st.builds(Operation, CHAINS, TEXT, SENDERS, PAIRS),
)


def _around(inside: st.SearchStrategy[Effect]) -> st.SearchStrategy[Effect]:
    inner = st.lists(inside, max_size=3).map(tuple)
    return st.one_of(
        st.builds(
            ContractCall,
            CHAINS,
            SENDERS,
            SENDERS,
            AMOUNTS,
            COINS,
            SELECTORS,
            st.integers(0, 1 << 20),
            st.none() | TEXT,
            PAIRS,
            inner,
        ),
        st.builds(
            Signing,
            st.none() | CHAINS,
            st.sampled_from(("message", "blind")),
            TEXT,
            LONG,
            inner,
        ),
    )


EFFECTS = st.recursive(_SIMPLE, _around, max_leaves=4)
FLAGS = st.builds(Flag, st.sampled_from(RISKS), LONG, st.booleans())
NOTES = st.builds(Note, TEXT, LONG, st.booleans())
NODES = st.lists(TEXT, max_size=12).map(tuple)
KEYS = st.builds(
    KeyFacts,
    st.none() | TEXT,
    NODES,
    st.none() | st.integers(-1, 99),
    st.none() | LONG,
    st.none() | st.integers(-1, 99),
    NODES,
)
OUTPUTS = st.builds(ClaimedOutput, LONG, st.none() | TEXT, st.none() | LONG)
CLAIMS = st.builds(
    Claims,
    wallet_id=st.none() | TEXT,
    wallet_name=st.none() | LONG,
    initiator=st.none() | LONG,
    description=st.none() | LONG,
    outputs=st.lists(OUTPUTS, max_size=9).map(tuple),
)
FINDINGS = st.builds(
    Findings,
    digest=st.just("ab" * 32),
    type=st.sampled_from((1, 2, 3, 5)),
    integrity=st.one_of(
        st.just(Passed()),
        st.lists(st.builds(Reason, st.integers(1, 16), LONG), max_size=9).map(
            lambda reasons: Unverified(tuple(reasons))
        ),
    ),
    claims=CLAIMS,
    effects=st.lists(EFFECTS, max_size=8).map(tuple),
    complete=st.booleans(),
    chain=st.none() | CHAINS,
    source=SENDERS,
    fee=st.none() | st.builds(Fee, COINS, AMOUNTS),
    hashes=st.lists(st.just("0x" + "9c" * 32), max_size=12).map(tuple),
    summary=TEXT,
    flags=st.lists(FLAGS, max_size=14).map(worst_first),
    notes=st.lists(NOTES, max_size=12).map(tuple),
    keys=st.none() | KEYS,
)
