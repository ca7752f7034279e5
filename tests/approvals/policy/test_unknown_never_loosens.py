"""Replacing any known fact by unknown never loosens a verdict, and no order of rules matters."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from approvals.findings import (
    ClaimedOutput,
    Claims,
    Findings,
    Passed,
    Reason,
    Signing,
    Transfer,
    Unverified,
)
from approvals.model import Verdict
from approvals.policy import Policy, judge
from approvals.policy.facts import Row, facts_of
from approvals.policy.judge import read_rules, weigh
from approvals.request import RequestType
from tests.approvals.policy.order import looser
from tests.approvals.policy.world import (
    BSC_USDT,
    COLD,
    COLD_TEXT,
    ETH,
    HOT,
    HOT_TEXT,
    THIEF,
    THIEF_TEXT,
    USDC,
    USDT,
    call,
    fee,
    message,
    policy,
    rule,
)

T = TypeVar("T")
Known = TypeVar("Known", Findings, Claims, Row)


def mostly(home: T, *others: T) -> st.SearchStrategy[T]:
    """The ordinary value three times in four: verdicts hang on one odd fact, not on ten."""
    return st.sampled_from([home] * (3 * len(others)) + [*others])


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
}


@st.composite
def rules(draw: st.DrawFn, number: int) -> str:
    effect = draw(st.sampled_from(["approve", "approve", "ask", "reject"]))
    wanted = {"type", "kind"} if effect == "approve" else set()
    keys = wanted | draw(st.sets(st.sampled_from(sorted(MATCHERS)), max_size=2))
    lines = [f"when.{key} = {draw(MATCHERS[key])}" for key in sorted(keys)]
    if effect == "ask":
        seats = draw(st.sampled_from(["", ONE_SEAT, TWO_SEATS, ON_CALL, f"{ONE_SEAT}, {ON_CALL}"]))
        lines += [f"approvals = [{seats}]"] if seats else []
        lines += draw(st.sampled_from([[], ['within = "5m"'], ['within = "2h"']]))
        if ON_CALL not in seats:
            lines += draw(mostly([], ['strength = "ssh"']))
    return rule(f"r{number}", effect, *lines)


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


ODD = st.sampled_from(
    [
        call(),
        call(COLD, value=10**18),
        replace(call(), contract=None),
        message(),
        replace(message(), kind="blind", chain=None),
    ]
)
EFFECTS = st.one_of(
    st.tuples(transfers()),
    st.tuples(transfers()),
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
    kind=st.sampled_from([None, "transfer", "message"]),
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
)


def forget(what: Known, name: str) -> Known:
    nothing: dict[str, Any] = {name: None}
    return replace(what, **nothing)


def forgetting(findings: Findings) -> Iterator[tuple[str, Findings]]:
    """Every way to know one thing less; the initiator apart, of which there is another promise."""
    yield "complete", replace(findings, complete=False)
    yield "all effects", replace(findings, effects=(), complete=False)
    yield "integrity", replace(findings, integrity=Unverified((Reason(0, "forgotten"),)))
    for name in ("chain", "source", "fee"):
        yield name, forget(findings, name)
    for index, effect in enumerate(findings.effects):
        before, after = findings.effects[:index], findings.effects[index + 1 :]
        yield "an effect", replace(findings, effects=(*before, *after), complete=False)
        if isinstance(effect, Signing):
            less: list[Transfer | Signing] = [replace(effect, chain=None)]
        elif isinstance(effect, Transfer):
            nameless = replace(effect.asset, token_id=None, symbol=None, decimals=None)
            less = [replace(effect, sender=None), replace(effect, asset=nameless)]
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
    outputs = findings.claims.outputs
    yield "outputs", replace(findings, claims=replace(findings.claims, outputs=()))
    silent = tuple(replace(output, amount=None) for output in outputs)
    yield "amounts", replace(findings, claims=replace(findings.claims, outputs=silent))


def loaded(drawn: tuple[list[str], str]) -> Policy:
    return policy(*drawn[0], default=drawn[1])


@settings(max_examples=800)
@given(policies(), FINDINGS)
def test_replacing_a_known_fact_by_unknown_never_loosens_a_verdict(drawn, findings):
    rulebook = loaded(drawn)
    before = judge(findings, rulebook)
    for what, less in forgetting(findings):
        after = judge(less, rulebook)
        why = looser(after, before, rulebook)
        assert why is None, (what, why, before, after)


@settings(max_examples=300)
@given(policies(), FINDINGS, st.integers(0, 3), st.sampled_from([f.name for f in fields(Row)][:6]))
def test_no_fact_of_an_effect_loosens_a_verdict_when_it_is_forgotten(drawn, findings, index, name):
    rulebook = loaded(drawn)
    facts = facts_of(findings, RequestType(findings.type), rulebook.tables)
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


@settings(max_examples=200)
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


@settings(max_examples=200)
@given(policies(), FINDINGS, st.randoms(use_true_random=False))
def test_the_order_of_rules_changes_no_verdict(drawn, findings, random):
    toml, default = drawn
    shuffled = list(toml)
    random.shuffle(shuffled)
    assert judge(findings, loaded((shuffled, default))) == judge(findings, loaded(drawn))


@settings(max_examples=200)
@given(policies(), FINDINGS)
def test_one_more_restricting_rule_never_turns_an_answer_into_yes(drawn, findings):
    toml, default = drawn
    verdicts: list[Verdict] = []
    for effect in ("ask", "reject"):
        more = rule("more", effect, 'when.kind = "transfer"')
        verdicts.append(judge(findings, loaded(([*toml, more], default))))
    without_it = judge(findings, loaded(drawn))
    assert without_it.effect == "approve" or all(v.effect != "approve" for v in verdicts)


@settings(max_examples=300)
@given(policies(), FINDINGS)
def test_what_is_approved_had_passed_and_every_effect_was_a_known_transfer(drawn, findings):
    if judge(findings, loaded(drawn)).effect == "approve":
        assert isinstance(findings.integrity, Passed)
        assert findings.complete
        assert findings.effects
        assert all(isinstance(effect, Transfer) for effect in findings.effects)
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
