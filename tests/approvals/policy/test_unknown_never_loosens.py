"""Replacing any known fact by unknown never loosens a verdict, and no order of rules matters."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

from hypothesis import assume, given
from hypothesis import strategies as st

from approvals.findings import (
    ClaimedOutput,
    Claims,
    Effect,
    Findings,
    KeyFacts,
    Passed,
    Reason,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
    Wrap,
)
from approvals.model import Verdict
from approvals.policy import Policy, judge
from approvals.policy.facts import Facts, facts_of
from approvals.policy.judge import read_rules, weigh
from approvals.policy.rows import Row
from approvals.request import RequestType
from approvals.risks import RISKS, Flag
from tests.approvals.policy.order import looser
from tests.approvals.policy.world import (
    BSC_USDT,
    COLD,
    COLD_TEXT,
    ETH,
    HOT,
    HOT_TEXT,
    NODES,
    THIEF,
    THIEF_TEXT,
    USDC,
    USDT,
    WETH,
    XPUB,
    call,
    fee,
    message,
    policy,
    rule,
)
from tests.support.effort import tried

T = TypeVar("T")
Known = TypeVar("Known", Findings, Claims, Row, KeyFacts)


def mostly(home: T, *others: T) -> st.SearchStrategy[T]:
    """The ordinary value three times in four: verdicts hang on one odd fact, not on ten."""
    return st.sampled_from([home] * (3 * len(others)) + [*others])


APPROVE = "0x095ea7b3"
USDT_TEXT = USDT.contract.text if USDT.contract else ""
UNVERIFIED = Flag("unverified", "forgotten")
ONE_SEAT = '{ group = "treasury", count = 1 }'
TWO_SEATS = '{ group = "treasury", count = 2 }'
ON_CALL = '{ group = "on_call", count = 1 }'

MATCHERS = {
    "type": mostly('"key_sign"', '["key_gen", "key_sign"]', '"key_share_sign"'),
    "kind": mostly('"transfer"', '["message", "blind"]', '["transfer", "contract_call"]'),
    "chain": mostly('"ETH"', '["ETH", "BSC_BNB"]', '"BASE_ETH"'),
    "token": mostly('"ETH_USDT"', '["ETH_USDT", "ETH_USDC"]', '"ETH"'),
    "to": st.sampled_from(
        [f'["ETH:{COLD_TEXT}"]', f'["{COLD_TEXT}", "{THIEF_TEXT}"]', f'["ETH:{THIEF_TEXT}"]']
    ),
    "from": st.sampled_from([f'["ETH:{HOT_TEXT}"]', f'["{HOT_TEXT}"]', f'["BSC_BNB:{COLD_TEXT}"]']),
    "amount_at_most": mostly('"10 USDT"', '"100 ETH_USDT"', '"4 USDT"', '"1 ETH"'),
    "amount_over": st.sampled_from(['"4 USDT"', '"10 USDT"', '"100 ETH_USDT"', '"0 ETH"']),
    "fee_at_most": mostly('"0.01 ETH"', '"0.0001 ETH"', '"1 BNB"'),
    "wallet": st.sampled_from(['"w-1"', '["w-2", "Cold wallet"]', '["w-2", "Hot wallet"]']),
    "initiator": st.sampled_from(['"desk-bot"', '["ana@acme.example", "x"]']),
    "contract": st.sampled_from([f'["ETH:{USDT_TEXT}"]', f'["{USDT_TEXT}", "{THIEF_TEXT}"]']),
    "method": mostly('"transfer"', '["approve", "0xDEADBEEF"]', '"withdraw"'),
    "vault": st.sampled_from(['"v-1"', '["v-2", "Cold vault"]']),
    "initiator_type": st.sampled_from(['"API"', '["Web", "App"]']),
    "category": st.sampled_from(['"AutoSweep"', '["payroll", "x"]']),
    "curve": mostly('"secp256k1"', '["secp256k1", "ed25519"]', '"ed25519"'),
    "root_pub_key": st.just(f'"{XPUB}"'),
    "nodes": mostly(f"{[*NODES]}", f"{[*NODES[:2]]}", f"{[NODES[0]]}"),
    "threshold_at_least": mostly("2", "1", "3"),
}
RESTRICTING = {
    "flags_any": st.lists(st.sampled_from(RISKS), min_size=1, max_size=3).map(str),
}
EFFECT_KEYS = {"kind", "chain", "token", "to", "from", "contract", "method"}
EFFECT_KEYS |= {"amount_at_most", "amount_over", "fee_at_most"}


@st.composite
def rules(draw: st.DrawFn, number: int) -> str:
    effect = draw(st.sampled_from(["approve", "approve", "ask", "reject"]))
    if effect == "approve":
        lines = draw(approvals())
    else:
        matchers = MATCHERS | RESTRICTING
        keys = draw(st.sets(st.sampled_from(sorted(matchers)), max_size=2))
        lines = [f"when.{key} = {draw(matchers[key])}" for key in sorted(keys)]
    if effect == "ask":
        seats = draw(st.sampled_from(["", ONE_SEAT, TWO_SEATS, ON_CALL, f"{ONE_SEAT}, {ON_CALL}"]))
        lines += [f"approvals = [{seats}]"] if seats else []
        lines += draw(st.sampled_from([[], ['within = "5m"'], ['within = "2h"']]))
        if ON_CALL not in seats:
            lines += draw(mostly([], ['strength = "ssh"']))
    return rule(f"r{number}", effect, *lines)


@st.composite
def approvals(draw: st.DrawFn, *, keys_alone: bool = False) -> list[str]:
    """The conditions of a rule that approves transfers and the like, or pinned keys."""
    if not keys_alone and draw(mostly(True, False)):
        types = mostly("key_sign", "key_share_sign")
        keys, wanted = set(MATCHERS), {"kind"}
    else:
        types = st.sampled_from(["key_gen", "key_reshare"])
        keys, wanted = set(MATCHERS) - EFFECT_KEYS, {"threshold_at_least", "nodes"}
    keys = wanted | draw(st.sets(st.sampled_from(sorted(keys - {"type"})), max_size=2))
    lines = [f"when.{key} = {draw(MATCHERS[key])}" for key in sorted(keys)]
    return [f'when.type = "{draw(types)}"', *lines]


@st.composite
def policies(draw: st.DrawFn) -> tuple[list[str], str]:
    count = draw(st.integers(1, 3))
    default = draw(st.sampled_from(["ask", "reject"]))
    return [draw(rules(number)) for number in range(count)], default


@st.composite
def transfers(draw: st.DrawFn) -> Transfer:
    coin = draw(mostly(USDT, USDC, ETH, BSC_USDT))
    amount = draw(mostly(5, 0, 1, 10, 11, 100)) * 10 ** (coin.decimals or 0)
    sender = draw(mostly(HOT, COLD, None))
    return Transfer(coin.chain, coin, sender, draw(mostly(COLD, HOT, THIEF)), amount)


@st.composite
def allowances(draw: st.DrawFn) -> TokenApproval:
    amount = draw(mostly(5 * 10**6, 0, 10**9, None))
    spender = draw(mostly(COLD, THIEF))
    return TokenApproval("ETH", USDT, draw(mostly(HOT, None)), spender, amount, "approve", APPROVE)


WRAPS = st.builds(
    Wrap,
    chain=st.just("ETH"),
    native=st.just(ETH),
    wrapped=st.just(WETH),
    sender=mostly(HOT, None),
    amount=mostly(10**18, 0, 10**20),
    unwraps=st.booleans(),
    selector=st.just("0x2e1a7d4d"),
)

ODD = st.sampled_from(
    [
        call(),
        call(COLD, value=10**18),
        replace(call(), contract=None),
        message(),
        replace(message(), kind="blind", chain=None),
        replace(call(), inner=(Transfer("ETH", USDT, HOT, THIEF, 10**7, "0xa9059cbb"),)),
    ]
)
EFFECTS = st.one_of(
    st.tuples(transfers()),
    st.tuples(transfers()),
    st.tuples(allowances()),
    st.tuples(WRAPS),
    st.tuples(transfers(), transfers()),
    st.tuples(transfers(), ODD),
    st.tuples(ODD),
    st.just(()),
)

CLAIMS = st.builds(
    Claims,
    chain_id=mostly("ETH", None, "BSC_BNB", "NOPE"),
    token_id=mostly("ETH_USDT", None, "ETH", "NOPE"),
    source=mostly(HOT_TEXT, None, "garbage"),
    kind=st.sampled_from([None, "transfer", "message", "contract_call"]),
    outputs=st.sampled_from(
        [
            (),
            (ClaimedOutput(COLD_TEXT, "5"),),
            (ClaimedOutput(COLD_TEXT, "11"), ClaimedOutput(THIEF_TEXT, None)),
            (ClaimedOutput("garbage", "1e9"),),
        ]
    ),
    wallet_id=mostly("w-1", None, "w-3"),
    wallet_name=mostly("Hot wallet", None, "Other"),
    initiator=mostly("desk-bot", None, "ana@acme.example", "somebody", " "),
    vault_id=mostly("v-1", None, "v-3"),
    vault_name=mostly("Main vault", None, "Cold vault"),
    initiator_type=mostly("API", None, "Web", "Robot"),
    categories=mostly((), ("AutoSweep",), ("other", "payroll")),
)

KEYS = st.builds(
    KeyFacts,
    curve=mostly("secp256k1", None, "ed25519"),
    node_ids=mostly(NODES, (), NODES[:1], (*NODES, "coboStranger")),
    threshold=mostly(2, None, 1),
    root_pub_key=mostly(XPUB, None, "xpubOther"),
    agreed=mostly(True, False),
)
SEEN = st.lists(
    st.builds(Flag, st.sampled_from(RISKS[:5]), st.just("seen")), min_size=1, max_size=2
).map(tuple)
FLAGS = st.lists(
    st.builds(Flag, st.sampled_from(RISKS[:-1]), st.just("seen"), mostly(True, False)), max_size=2
)

FINDINGS = st.builds(
    Findings,
    digest=st.just("d" * 64),
    type=mostly(2, 1, 3, 5),
    integrity=mostly(Passed(), Unverified((Reason(1, "?"),))),
    claims=CLAIMS,
    effects=EFFECTS,
    complete=mostly(True, False),
    chain=mostly("ETH", None),
    source=mostly(HOT, None),
    fee=mostly(fee(), None, fee(10**17), fee(coin=BSC_USDT)),
    keys=mostly(None, None) | KEYS,
    flags=mostly((), ()) | FLAGS.map(tuple),
).map(lambda findings: ceremony(findings) if findings.type in (1, 3) else findings)


def ceremony(findings: Findings) -> Findings:
    """The making or moving of a key has neither effects nor a fee, and both halves are Cobo's."""
    unverified = Unverified((Reason(16, "not pinned"),))
    flags = tuple(flag for flag in findings.flags if flag.proved)
    none = replace(findings, effects=(), complete=False, chain=None, source=None, fee=None)
    return replace(none, integrity=unverified, flags=(*flags, UNVERIFIED))


def forget(what: Known, name: str) -> Known:
    nothing: dict[str, Any] = {name: None}
    return replace(what, **nothing)


def forgetting(findings: Findings) -> Iterator[tuple[str, Findings]]:
    """Every way to know one thing less; the initiator apart, of which there is another promise."""
    yield "complete", replace(findings, complete=False)
    yield "all effects", replace(findings, effects=(), complete=False)
    doubted = replace(findings, integrity=Unverified((Reason(0, "forgotten"),)))
    yield "integrity", replace(doubted, flags=(*findings.flags, UNVERIFIED))
    yield from forgetting_flags(findings)
    yield from forgetting_keys(findings)
    for name in ("chain", "source", "fee"):
        yield name, forget(findings, name)
    for index, effect in enumerate(findings.effects):
        before, after = findings.effects[:index], findings.effects[index + 1 :]
        yield "an effect", replace(findings, effects=(*before, *after), complete=False)
        if isinstance(effect, Signing):
            less: list[Effect] = [replace(effect, chain=None)]
        elif isinstance(effect, Transfer):
            nameless = replace(effect.asset, token_id=None, symbol=None, decimals=None)
            less = [replace(effect, sender=None), replace(effect, asset=nameless)]
        elif isinstance(effect, TokenApproval):
            less = [replace(effect, owner=None)]
        elif isinstance(effect, Wrap):
            less = [replace(effect, sender=None)]
        else:
            continue
        for each in less:
            yield "part of an effect", replace(findings, effects=(*before, each, *after))
    for field in fields(Claims):
        if field.name not in ("outputs", "categories", "initiator"):
            yield (
                field.name,
                replace(findings, claims=forget(findings.claims, field.name)),
            )
    yield "categories", replace(findings, claims=replace(findings.claims, categories=()))
    outputs = findings.claims.outputs
    yield "outputs", replace(findings, claims=replace(findings.claims, outputs=()))
    silent = tuple(replace(output, amount=None) for output in outputs)
    yield "amounts", replace(findings, claims=replace(findings.claims, outputs=silent))


def forgetting_flags(findings: Findings) -> Iterator[tuple[str, Findings]]:
    """A risk is not seen any more, because what shows it is not known any more."""
    for flag in findings.flags:
        if flag.risk in ("unverified", "calldata_mismatch", "replacement"):
            continue
        less = replace(findings, flags=tuple(each for each in findings.flags if each != flag))
        if any(each.risk == flag.risk for each in less.flags):
            continue
        keys = None if findings.keys is None else replace(findings.keys, agreed=False)
        less = replace(less, complete=False, keys=keys)
        if flag.risk == "blind":
            less = replace(less, effects=())
        elif flag.risk == "fee_unusual":
            less = replace(less, fee=None)
        yield f"the flag {flag.risk}", less


def forgetting_keys(findings: Findings) -> Iterator[tuple[str, Findings]]:
    if findings.keys is None:
        return
    yield "the key", forget(findings, "keys")
    for name in ("curve", "threshold", "root_pub_key"):
        yield f"the key's {name}", replace(findings, keys=forget(findings.keys, name))
    yield "the nodes", replace(findings, keys=replace(findings.keys, node_ids=()))
    yield "that both halves agree", replace(findings, keys=replace(findings.keys, agreed=False))


def facts_under(rulebook: Policy, findings: Findings) -> Facts:
    kind = RequestType(findings.type)
    return facts_of(findings, kind, rulebook.tables, rulebook.initiators)


def loaded(drawn: tuple[list[str], str]) -> Policy:
    return policy(*drawn[0], default=drawn[1])


def never_loosens(drawn: tuple[list[str], str], findings: Findings) -> None:
    rulebook = loaded(drawn)
    before = judge(findings, rulebook)
    for what, less in forgetting(findings):
        after = judge(less, rulebook)
        why = looser(after, before, rulebook)
        assert why is None, (what, why, before, after)


@tried(2)
@given(policies(), FINDINGS)
def test_replacing_a_known_fact_by_unknown_never_loosens_a_verdict(drawn, findings):
    never_loosens(drawn, findings)


@st.composite
def about(draw: st.DrawFn, *keys: str) -> tuple[list[str], str]:
    """A rule that asks about one of these alone, and perhaps another of any sort."""
    key = draw(st.sampled_from(keys))
    effect = draw(st.sampled_from(["ask", "reject"]))
    lines = [f"when.{key} = {draw((MATCHERS | RESTRICTING)[key])}"]
    others = draw(st.lists(rules(1), max_size=1))
    return [rule("r0", effect, *lines), *others], draw(st.sampled_from(["reject", "ask"]))


@tried(0.8)
@given(about("flags_any"), st.builds(replace, FINDINGS, flags=st.just(()) | SEEN))
def test_forgetting_what_shows_a_risk_never_loosens_a_verdict(drawn, findings):
    never_loosens(drawn, findings)


@tried(0.8)
@given(about("vault", "initiator_type", "category", "contract", "method"), FINDINGS)
def test_forgetting_a_claim_or_a_call_never_loosens_a_verdict(drawn, findings):
    never_loosens(drawn, findings)


PINNED = replace(ceremony(Findings("d" * 64, 1, Passed(), Claims())), type=1)


@tried(0.8)
@given(
    about("curve", "root_pub_key", "nodes", "threshold_at_least"),
    approvals(keys_alone=True),
    st.builds(replace, st.just(PINNED), type=st.sampled_from([1, 3]), keys=KEYS, claims=CLAIMS),
)
def test_forgetting_a_part_of_a_key_never_loosens_a_verdict(drawn, pins, findings):
    toml, default = drawn
    never_loosens(([*toml, rule("pins", "approve", *pins)], default), findings)
    never_loosens(([rule("pins", "approve", *pins)], default), findings)


OF_A_ROW = ("kind", "chain", "token", "to", "sender", "amount", "fee", "contract", "method")


@tried(0.8)
@given(
    policies() | about("contract", "method", "to", "token"),
    FINDINGS,
    st.integers(0, 3),
    st.sampled_from(OF_A_ROW),
)
def test_no_fact_of_an_effect_loosens_a_verdict_when_it_is_forgotten(drawn, findings, index, name):
    rulebook = loaded(drawn)
    facts = facts_under(rulebook, findings)
    assume(index < len(facts.rows))
    before = weigh(read_rules(facts, rulebook), facts, rulebook, frozenset())
    less = replace(facts, rows=without(facts.rows, index, name))
    after = weigh(read_rules(less, rulebook), less, rulebook, frozenset())
    assert looser(after, before, rulebook) is None, (before, after)


def without(rows: tuple[Row, ...], index: int, name: str) -> tuple[Row, ...]:
    """The rows with one field of one of them unknown; a total then misses that row's share."""
    forgotten = rows[index]
    result = list(rows)
    if name in ("amount", "token"):
        result = [
            replace(
                row,
                all_known=False,
                total=row.total - (forgotten.amount or 0)
                if row.token == forgotten.token
                else row.total,
            )
            for row in rows
        ]
    result[index] = forget(result[index], name)
    return tuple(result)


@tried(0.8)
@given(policies(), FINDINGS)
def test_a_forgotten_initiator_never_approves_and_is_flagged(drawn, findings):
    """Barring rests on a claim: who lies about it, or leaves it out, is flagged to people."""
    rulebook = loaded(drawn)
    before = judge(findings, rulebook)
    after = judge(replace(findings, claims=replace(findings.claims, initiator=None)), rulebook)
    assert not after.initiator_known
    if not before.barred:
        assert looser(after, before, rulebook) is None
    if after.effect == "approve":
        assert before.effect == "approve"


@tried(0.8)
@given(policies(), FINDINGS, st.randoms(use_true_random=False))
def test_the_order_of_rules_changes_no_verdict(drawn, findings, random):
    toml, default = drawn
    shuffled = list(toml)
    random.shuffle(shuffled)
    assert judge(findings, loaded((shuffled, default))) == judge(findings, loaded(drawn))


@tried(0.8)
@given(policies(), FINDINGS)
def test_one_more_restricting_rule_never_turns_an_answer_into_yes(drawn, findings):
    toml, default = drawn
    verdicts: list[Verdict] = []
    for effect in ("ask", "reject"):
        more = rule("more", effect, 'when.kind = "transfer"')
        verdicts.append(judge(findings, loaded(([*toml, more], default))))
    without_it = judge(findings, loaded(drawn))
    assert without_it.effect == "approve" or all(v.effect != "approve" for v in verdicts)


@tried(0.8)
@given(policies(), FINDINGS)
def test_what_is_approved_had_passed_and_every_effect_was_known_or_it_was_pinned(drawn, findings):
    if judge(findings, loaded(drawn)).effect != "approve":
        return
    if findings.type in (1, 3):
        assert findings.keys is not None
        assert findings.keys.agreed
        assert set(findings.keys.node_ids) <= set(NODES)
        assert findings.keys.threshold is not None
    else:
        assert findings.type == 2
        assert isinstance(findings.integrity, Passed)
        assert findings.complete
        assert findings.effects
        known = (Transfer, TokenApproval, Wrap)
        assert all(isinstance(effect, known) for effect in findings.effects)
        assert findings.fee is not None


def test_the_order_itself_knows_loose_from_strict():
    """A helper that always says None would make every promise above hollow."""
    rulebook = policy()
    assert rulebook.ask is not None
    ask = Verdict(effect="ask", needs=rulebook.ask.seats, within_ms=1000)
    assert looser(Verdict("approve"), ask, rulebook)
    assert looser(ask, Verdict("reject"), rulebook)
    assert looser(replace(ask, needs=()), ask, rulebook)
    assert looser(replace(ask, within_ms=1001), ask, rulebook)
    assert looser(ask, replace(ask, strength="ssh"), rulebook)
    assert looser(ask, ask, rulebook) is None
    assert looser(ask, Verdict("approve"), rulebook) is None
