"""A policy file is compiled, or refused with every mistake, its line, and what was expected."""

import hashlib

import pytest

from approvals.model import Escalation
from approvals.policy import PolicyError, load
from approvals.policy.seats import WITHIN_IF_ABSENT_MS
from keys.ssh import fingerprint
from tests.approvals.policy.world import (
    ASK,
    COLD,
    COLD_TEXT,
    HOT,
    KEYS,
    NODES,
    POLICIES,
    SWEEP,
    THIEF_TEXT,
    mistakes,
    policy,
    rule,
    text,
)
from tests.support.security_key import ED25519, P256, Token

TRON = "TSupd8dvX5KGMaHhgS7diYt9ZACBcJCz3g"
SEATS = 'approvals = [{ group = "treasury", count = 1 }]'


def refused(toml: str, line_with: str, *words: str) -> None:
    """One mistake, on the last line that holds `line_with`, saying the words."""
    said = mistakes(toml)
    assert len(said) == 1, said
    line = max(n for n, each in enumerate(toml.splitlines(), 1) if line_with in each)
    assert said[0].startswith(f"policy.toml:{line}: "), said
    for word in words:
        assert word in said[0], said


def token(id_: str) -> str:
    lines = ('chain = "ETH"', 'symbol = "USDT"', f'contract = "{COLD_TEXT}"', "decimals = 6")
    return "\n".join([f"[tokens.{id_}]", *lines])


def when(line: str, effect: str = "ask") -> str:
    return text(rule("r", effect, line))


class TestTheFile:
    @pytest.mark.parametrize("path", sorted(POLICIES.glob("*.toml")), ids=lambda path: path.stem)
    def test_the_examples_load(self, path):
        toml = path.read_text()
        loaded = load(toml, source=path.name)
        assert loaded.digest == hashlib.sha256(toml.encode()).hexdigest()
        assert loaded.electorate.policy == loaded.digest

    def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(self):
        toml = text(
            rule("Bad Id", "allow", 'when.type = "sign"', 'when.amount_over = "5,000 USDT"'),
            rule("ok", "ask", 'when.colour = "red"', 'within = "soon"'),
            default="approve",
        )
        with pytest.raises(PolicyError) as error:
            load(toml, source="house.toml")
        said = error.value.mistakes
        assert [m.key for m in said] == [
            "default",
            "rule[1].id",
            "rule[1].effect",
            "rule[1].when.type",
            "rule[1].when.amount_over",
            "rule[2].when.colour",
            "rule[2].within",
        ]
        assert [m.line for m in said] == sorted(m.line for m in said)
        assert {m.file for m in said} == {"house.toml"}
        assert all(m.found and m.expected for m in said)
        assert said[0].sentence == (
            'house.toml:1: default: found "approve"; expected "ask" or "reject"'
        )

    def test_a_syntax_error_has_a_line_too(self):
        refused(
            'default = "ask"\n[people\n', "[people", "found text that is no TOML (Expected ']' at"
        )
        refused("[", "[", "expected TOML")
        assert mistakes('default = "a')[0].startswith("policy.toml:1: ")
        assert mistakes('default = "ask"\ndefault = "ask"\n')[0].startswith("policy.toml:2: ")

    @pytest.mark.parametrize("toml", ["a = " + "[" * 5000, 'a = "\udc80"', "a = " + "9" * 5000])
    def test_what_no_parser_should_be_asked_is_a_mistake_like_any_other(self, toml):
        assert len(mistakes(toml)) >= 1

    def test_an_empty_file_asks_nobody_and_is_refused(self):
        assert ["[ask]" in said for said in mistakes("")] == [True]

    def test_the_default_is_to_ask_where_it_is_not_said(self):
        assert load(text().replace('default = "ask"', "")).default == "ask"

    @pytest.mark.parametrize("value", ['"approve"', '"yes"', "true", '""', '["ask"]', '"Ask"'])
    def test_the_default_is_never_approve(self, value):
        refused(text().replace('"ask"', value, 1), "default", '"ask" or "reject"')

    @pytest.mark.parametrize(
        "more",
        ["[override]", "[freeze]", "escalate = 3", "[rules]", "[lists.x]\ny = 1"],
    )
    def test_tables_and_keys_that_a_later_version_brings_are_unknown_until_then(self, more):
        assert mistakes(f"{more}\n{text()}" if "=" in more[:9] else text(more=more))

    @pytest.mark.parametrize(
        ("inside", "key"),
        [
            ("[ask]", 'remind = "10m"'),
            ("[ask]", "counts = 1"),
            ("[people.ana]", 'email = "a"'),
            ("[[rule]]", 'priority = "1"'),
            ("[[rule]]", 'when.amount = "5 USDT"'),
            ("[[rule]]", 'When.to = "own"'),
        ],
    )
    def test_an_unknown_key_is_a_mistake_and_never_ignored(self, inside, key):
        toml = text(SWEEP).replace(inside, f"{inside}\n{key}", 1)
        refused(toml, key, "no such key; known here: ")

    def test_a_misspelt_seat_is_a_mistake(self):
        toml = text().replace("count = 1 }", 'count = 1, strenght = "ssh" }')
        refused(toml, "approvals", "strenght")

    @pytest.mark.parametrize(
        "more", ["people = 1", "groups = []", "lists = 'x'", "ask = true", "rule = 1", "chains = 1"]
    )
    def test_a_table_that_is_none_is_a_mistake(self, more):
        assert mistakes(more)

    @pytest.mark.parametrize("more", ["[rule]\nid = 'x'", "[chains]\nX = 1", "[tokens]\nX = 1"])
    def test_a_table_of_the_wrong_shape_is_a_mistake(self, more):
        assert mistakes(text(more=more))


class TestPeople:
    def test_people_are_known_by_slack_and_by_key(self):
        loaded = policy()
        ana = loaded.person_by_slack("U024ANA")
        assert ana is not None
        assert ana.name == "ana"
        assert ana.ssh_line == KEYS["ana"]
        assert ana.ssh_key is not None
        assert ana.ssh_key.startswith("SHA256:")
        kind, key, _ = KEYS["ana"].split()
        assert loaded.person_by_key(f"{kind} {key} another comment") == ana
        for stranger in ("", "u024ana", "ana", "U024ANA "):
            assert loaded.person_by_slack(stranger) is None
        for line in ("", "ana", KEYS["ana"].replace("IMuo", "IMup"), "ssh-ed25519 AAAA"):
            assert loaded.person_by_key(line) is None

    def test_two_people_with_one_slack_id_are_a_mistake(self):
        toml = text().replace("U024CHEN", "U024ANA")
        refused(toml, "U024ANA", "people.chen.slack", "the slack of ana")

    def test_two_people_with_one_key_are_a_mistake_whatever_its_comment(self):
        toml = text().replace(KEYS["bo"], KEYS["ana"].replace(" ana", " bo"))
        assert len(mistakes(toml)) == 1
        assert "the ssh_key of ana" in mistakes(toml)[0]

    @pytest.mark.parametrize("value", ['"ana"', '"u024ana"', '"C024ANA"', '""', "7", '"U024ANA "'])
    def test_a_slack_id_has_its_form(self, value):
        refused(text().replace('"U024ANA"', value), f"slack = {value}", "U024ANA")

    @pytest.mark.parametrize("value", ['"ssh-ed25519 AAAA"', '"ana"', '""', "[]", '"ssh-dss AAAA"'])
    def test_an_ssh_key_is_a_whole_public_key(self, value):
        said = mistakes(text().replace(f'"{KEYS["ana"]}"', value))
        assert "ssh_key" in said[0]
        assert "an SSH public key" in said[0]

    def test_a_certificate_is_no_key_of_a_person(self):
        line = "ssh-ed25519-cert-v01@openssh.com AAAA ana"
        said = mistakes(text().replace(KEYS["ana"], line))
        assert "this is a certificate" in said[0]

    @pytest.mark.parametrize("kind", [ED25519, P256])
    def test_a_security_key_is_a_key_of_a_person(self, kind):
        made = Token.made(kind)
        loaded = load(text().replace(KEYS["ana"], f"{made.line} ana"), source="policy.toml")
        ana = loaded.person_by_key(made.line)
        assert ana is not None
        assert (ana.name, ana.ssh_key) == ("ana", fingerprint(made.public))

    def test_a_person_who_cannot_vote_sits_in_no_group(self):
        toml = text().replace('slack = "U024CHEN"', "")
        refused(toml, "treasury = [", '"chen"', "who can vote")
        spared = text().replace("[groups]", '[people.bot]\ninitiates_as = ["bot"]\n[groups]')
        assert mistakes(spared) == []

    @pytest.mark.parametrize(
        "value", ["[]", '"ana@acme.example"', '[""]', '["  "]', "[1]", '["\\u00a0"]']
    )
    def test_initiates_as_holds_names(self, value):
        toml = text().replace('["ana@acme.example", "treasury-api-key"]', value)
        refused(toml, "initiates_as", "string")

    @pytest.mark.parametrize(
        ("members", "words"),
        [
            ("[]", ["an empty array"]),
            ('["ana", "zoe"]', ['"zoe"', "[people.zoe]"]),
            ('["ana", "ana", "bo"]', ['"ana" twice']),
            ('"ana"', ["an array"]),
            ('["Ana"]', ['"Ana"']),
        ],
    )
    def test_a_group_holds_known_people_once_each(self, members, words):
        toml = text().replace('["dee", "eli"]', members)
        refused(toml, "on_call = ", *words)

    @pytest.mark.parametrize("name", ['"ana\\nbo"', '""', '"<!here>"', '"аna"'])
    def test_a_name_is_one_that_nobody_can_mistake(self, name):
        toml = text(more=f'[people.{name}]\nslack = "U1"')
        refused(toml, f"[people.{name}]", "a name of letters")

    def test_a_key_is_told_with_nothing_that_a_terminal_obeys(self):
        toml = text(more='[people."a\\u001b[2Jb"]\nslack = "U1"\n"c\\u0007d" = 1')
        with pytest.raises(PolicyError) as error:
            load(toml)
        assert all(mistake.sentence.isprintable() for mistake in error.value.mistakes)


class TestAsking:
    @pytest.mark.parametrize("default", ["ask", "reject"])
    @pytest.mark.parametrize("effect", ["ask", "reject"])
    def test_whoever_may_ask_needs_somebody_to_ask(self, default, effect):
        toml = text(rule("r", effect, 'when.type = "key_gen"'), default=default, ask="")
        assert ["[ask] with approvals: " in said for said in mistakes(toml)] == [True]

    def test_a_house_that_never_asks_needs_nobody(self):
        assert mistakes(text(SWEEP, default="reject", ask="")) == []
        assert len(mistakes(text(SWEEP, default="ask", ask=""))) == 1

    def test_ask_rules_with_seats_of_their_own_need_no_others(self):
        asking = rule("r", "ask", 'when.type = "key_gen"', SEATS)
        assert mistakes(text(asking, default="reject", ask="")) == []
        assert len(mistakes(text(asking, default="ask", ask=""))) == 1
        reject = rule("s", "reject", 'when.kind = "message"')
        said = mistakes(text(asking, reject, default="reject", ask=""))
        assert ["a reject rule asks people when it cannot tell" in each for each in said] == [True]

    def test_ask_says_who(self):
        lines = [line for line in ASK.splitlines() if not line.startswith("approvals")]
        refused(text(ask="\n".join(lines)), "[ask]", "nothing")

    def test_where_no_time_is_said_the_window_of_the_node_is_the_limit(self):
        asking = rule("r", "ask", 'when.type = "key_gen"', SEATS)
        (alone,) = load(text(asking, default="reject", ask="")).rules
        loaded = policy(asking, ask="\n".join(ASK.splitlines()[:-1]))
        assert loaded.ask is not None
        for terms in (alone.terms, loaded.ask, loaded.rules[0].terms):
            assert terms is not None
            assert terms.within_ms == WITHIN_IF_ABSENT_MS == 24 * 60 * 60 * 1000
        (rule_with_ask,) = policy(asking).rules
        assert rule_with_ask.terms is not None
        assert rule_with_ask.terms.within_ms == 1_800_000

    def test_a_rule_takes_from_ask_what_it_does_not_say(self):
        ask = ASK + 'strength = "ssh"'
        loaded = load(
            text(
                rule("a", "ask", 'when.type = "key_gen"', 'within = "90s"'),
                rule("b", "ask", 'when.type = "key_gen"', 'strength = "any"'),
                ask=ask,
            )
        )
        a, b = (each.terms for each in loaded.rules)
        assert a is not None
        assert b is not None
        assert loaded.ask is not None
        assert (a.seats, a.within_ms, a.strength) == (loaded.ask.seats, 90_000, "ssh")
        assert (b.seats, b.within_ms, b.strength) == (loaded.ask.seats, 1_800_000, "any")

    @pytest.mark.parametrize(
        "value",
        [
            *('"0m"', '"30"', '"30 m"', '"1.5h"', '"-5m"', '"5d"', '"５m"', "30", '""', '"05m"'),
            *('"9999999s"', "true", '"30m "', '"3_0m"'),
        ],
    )
    def test_a_time_is_a_number_above_zero_and_a_unit(self, value):
        refused(text(ask=ASK.replace('"30m"', value)), "within", "a time above zero")

    @pytest.mark.parametrize(
        ("value", "milliseconds"),
        [("90s", 90_000), ("30m", 1_800_000), ("2h", 7_200_000), ("1s", 1_000)],
    )
    def test_times_are_seconds_minutes_or_hours(self, value, milliseconds):
        loaded = policy(ask=ASK.replace("30m", value))
        assert loaded.ask is not None
        assert loaded.ask.within_ms == milliseconds

    @pytest.mark.parametrize("value", ['"slack"', '"SSH"', "true", '["ssh"]', '"sshsig"', '""'])
    def test_a_strength_is_ssh_or_any(self, value):
        refused(text(ask=ASK + f"strength = {value}"), "strength", '"any" or "ssh"')

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("[]", ["an empty array"]),
            ('[{ group = "treasury", count = 0 }]', ["found 0", "from 1"]),
            ('[{ group = "treasury", count = -1 }]', ["found -1"]),
            ('[{ group = "treasury", count = true }]', ["found true"]),
            ('[{ group = "treasury", count = 1.0 }]', ["found 1.0"]),
            ('[{ group = "treasury", count = "1" }]', ['found "1"']),
            ('[{ group = "treasury" }]', ["nothing"]),
            ("[{ count = 1 }]", ["nothing", "group"]),
            ("[{}, 1]", ["tables"]),
            ('["treasury"]', ["tables"]),
            ('[{ group = "board", count = 1 }]', ['"board"', "a group of [groups]"]),
            ('[{ group = "ana", count = 1 }]', ['"ana"']),
            (
                '[{ group = "treasury", count = 1 }, { group = "treasury", count = 1 }]',
                ['the group "treasury" twice'],
            ),
        ],
    )
    def test_seats_are_groups_and_counts_from_one(self, value, words):
        toml = text(rule("r", "ask", 'when.type = "key_gen"', f"approvals = {value}"))
        said = mistakes(toml)
        line = len(toml.splitlines())
        assert said[0].startswith(f"policy.toml:{line}: "), said
        assert all(word in " ".join(said) for word in words), said

    @pytest.mark.parametrize(
        "value",
        [
            '[{ group = "treasury", count = 4 }]',
            '[{ group = "treasury", count = 100 }]',
            '[{ group = "pair", count = 2 }, { group = "treasury", count = 2 }]',
        ],
    )
    def test_a_quorum_that_distinct_people_cannot_meet_is_a_mistake(self, value):
        toml = text(rule("r", "ask", 'when.type = "key_gen"', f"approvals = {value}"))
        toml = toml.replace("[groups]", '[groups]\npair = ["ana", "bo"]')
        refused(toml, value, "a quorum that distinct people of its groups can meet")

    def test_a_signed_quorum_needs_people_with_keys(self):
        seats = 'approvals = [{ group = "treasury", count = 3 }]'
        lines = ("r", "ask", 'when.type = "key_gen"', seats)
        assert mistakes(text(rule(*lines))) == []
        refused(text(rule(*lines, 'strength = "ssh"')), seats, "with an ssh_key")


class TestRules:
    @pytest.mark.parametrize("key", ["id", "why", "effect"])
    def test_every_rule_has_an_id_a_why_and_an_effect(self, key):
        lines = [line for line in SWEEP.splitlines() if not line.startswith(key)]
        refused(text("\n".join(lines)), "[[rule]]", f"rule[1].{key}", "found nothing")

    @pytest.mark.parametrize("value", ["", "a b", "a" * 65, "_a", "-a", ".a", "ä", "a/b"])
    def test_an_id_has_its_form(self, value):
        said = mistakes(text(rule(value, "ask", 'when.type = "key_gen"')))
        assert len(said) == 1
        assert "rule[1].id: " in said[0]
        assert "an id of 1 to 64" in said[0]

    @pytest.mark.parametrize("value", ["a", "7", "Big.Spender_2-b", "a" * 64, "a-", "a."])
    def test_an_id_is_formed_like_the_names_of_people_groups_and_lists(self, value):
        (named,) = policy(rule(value, "ask", 'when.type = "key_gen"')).rules
        assert named.id == value
        seats = f'approvals = [{{ group = "{value}", count = 1 }}]'
        toml = text(rule("r", "ask", 'when.from = "' + value + '"', seats))
        toml = toml.replace(
            "[groups]", f'[people."{value}"]\nslack = "U1"\n[groups]\n"{value}" = ["{value}"]'
        )
        toml += f'\n[lists]\n"{value}" = ["{COLD_TEXT}"]\n'
        assert mistakes(toml) == []

    def test_ids_are_unique(self):
        toml = text(rule("r", "ask", 'when.type = "key_gen"'), rule("r", "reject"))
        assert len(mistakes(toml)) == 1
        assert "an id of its own" in mistakes(toml)[0]

    @pytest.mark.parametrize("value", ['""', '"  "', '"a\\nb"', '"\\u202E"', "1", f'"{"x" * 301}"'])
    def test_a_why_is_a_sentence_for_people(self, value):
        refused(text(SWEEP.replace('"why sweep"', value)), "why = ", "a sentence for people")

    @pytest.mark.parametrize("value", ['"allow"', '"Approve"', "true", '""', '["ask"]'])
    def test_an_effect_is_one_of_three(self, value):
        toml = text(rule("r", "ask", 'when.type = "key_gen"').replace('"ask"', value))
        refused(toml, "effect", '"approve" or "ask" or "reject"')

    @pytest.mark.parametrize("key", ["type", "kind"])
    def test_an_approve_rule_names_its_type_and_its_kind(self, key):
        lines = [line for line in SWEEP.splitlines() if not line.startswith(f"when.{key}")]
        said = mistakes(text("\n".join(lines)))
        assert len(said) == 1
        assert f"when.{key}: an approve rule must name it" in said[0]
        assert len(mistakes(text(rule("r", "approve")))) == 2

    @pytest.mark.parametrize("effect", ["approve", "reject"])
    @pytest.mark.parametrize(
        "line",
        ['approvals = [{ group = "treasury", count = 1 }]', 'within = "5m"', 'strength = "ssh"'],
    )
    def test_only_an_ask_has_terms(self, effect, line):
        toml = text(SWEEP.replace('"approve"', f'"{effect}"') + f"\n{line}")
        refused(toml, line, "only an ask has one")

    @pytest.mark.parametrize(
        "key", ["type", "kind", "chain", "token", "to", "from", "wallet", "initiator"]
    )
    @pytest.mark.parametrize("value", ["[]", '""', "1", "true", "[1]", '[""]', "{ a = 1 }"])
    def test_an_empty_or_mistyped_matcher_is_a_mistake(self, key, value):
        line = f"when.{key} = {value}"
        said = mistakes(when(line))
        assert len(said) == 1, said
        assert f"rule[1].when.{key}" in said[0]

    @pytest.mark.parametrize(
        ("line", "word"),
        [
            ('when.type = "keysign"', "key_sign"),
            ('when.type = ["key_sign", "ping"]', '"ping"'),
            ('when.kind = "swap"', "contract_call"),
            ('when.chain = "Ethereum"', "[chains]"),
            ('when.chain = ["ETH", "eth"]', '"eth"'),
            ('when.token = "USDT"', "[tokens]"),
            ('when.token = ["ETH_USDT", "eth_usdt"]', '"eth_usdt"'),
            ('when.to = "own_cold"', "the name of a list"),
            (f'when.to = "ETH:{COLD_TEXT}"', "the name of a list"),
            ('when.to = ["own_cold"]', "an address"),
            (f'when.to = ["ETH:{COLD_TEXT.replace("d631", "D631")}"]', "whose checksum holds"),
            (f'when.to = ["NOPE:{COLD_TEXT}"]', "a chain id"),
            (f'when.to = ["TRON:{COLD_TEXT}"]', "another family"),
            ('when.to = ["ETH:TSupd8dvX5KGMaHhgS7diYt9ZACBcJCz3g"]', "another family"),
            ('when.from = ["0x00"]', "an address"),
        ],
    )
    def test_a_value_that_nobody_knows_is_a_mistake(self, line, word):
        refused(when(line), line, word)

    def test_each_bad_address_of_an_array_is_told(self):
        said = mistakes(when(f'when.to = ["x", "ETH:{COLD_TEXT}", "y", 1]'))
        assert [each.split("found ")[1].split(";")[0] for each in said] == ['"x"', '"y"', "1"]

    @pytest.mark.parametrize("key", ["amount_at_most", "amount_over", "fee_at_most"])
    @pytest.mark.parametrize(
        "value",
        [
            *('"5,000 ETH"', '"5_000 ETH"', '"５００ ETH"', '"5e3 ETH"', '"-5 ETH"', '"+5 ETH"'),
            *('"5ETH"', '"5"', '" 5 ETH"', '"5  ETH"', '"5 ETH "', '"05 ETH"', '".5 ETH"'),
            *('"5. ETH"', '"0x5 ETH"', '"inf ETH"', '"nan ETH"', '""', "5", '["5 ETH"]', "5.0"),
        ],
    )
    def test_an_amount_is_plain_digits_and_a_unit(self, key, value):
        refused(when(f"when.{key} = {value}"), f"when.{key}", "an amount and its unit")

    @pytest.mark.parametrize("key", ["amount_at_most", "amount_over"])
    @pytest.mark.parametrize("unit", ["XYZ", "usdt", "ETH_usdt", "USDT2"])
    def test_a_unit_is_of_the_tables_and_never_guessed(self, key, unit):
        refused(when(f'when.{key} = "5 {unit}"'), f"when.{key}", "a symbol or a token id")

    def test_more_decimals_than_the_token_has_are_a_mistake(self):
        assert mistakes(when('when.amount_over = "1.000001 ETH_USDT"')) == []
        refused(
            when('when.amount_over = "1.0000001 ETH_USDT"'), "amount_over", "at most 6 decimals"
        )
        refused(when('when.amount_over = "1.0000000 USDT"'), "amount_over", "at most 6 decimals")

    @pytest.mark.parametrize("unit", ["USDT", "ETH_USDT"])
    def test_a_fee_is_in_a_chains_own_coin(self, unit):
        refused(when(f'when.fee_at_most = "5 {unit}"'), "fee_at_most", "a chain's own coin")

    def test_a_unit_must_not_be_one_tokens_id_and_anothers_symbol(self):
        more = (
            f'[tokens.DAI]\nchain = "ETH"\nsymbol = "FAKE"\ncontract = "{THIEF_TEXT}"\ndecimals = 2'
        )
        toml = text(rule("r", "ask", 'when.amount_over = "5 DAI"'), more=more)
        refused(toml, "when.amount_over", "a unit that means one token")


class TestTables:
    def test_an_operator_adds_chains_and_tokens(self):
        loaded = load((POLICIES / "full.toml").read_text())
        chain = loaded.tables.chain("ACME_ETH")
        assert chain is not None
        assert chain.eip155 == 424242
        assert loaded.tables.token("ACME_USD") is not None

    @pytest.mark.parametrize(
        ("more", "line"),
        [
            ("[chains.ETH]\neip155 = 5", "[chains.ETH]"),
            ("[chains.X]\neip155 = 1", "eip155 = 1"),
            ("[chains.X]\neip155 = true", "eip155 = true"),
            ("[chains.X]", "[chains.X]"),
            ('[chains.X]\neip155 = 77\nname2 = "x"', "name2"),
            ('[tokens.X]\nchain = "ETH"', "[tokens.X]"),
            (
                token("ETH_USDT"),
                "[tokens.ETH_USDT]",
            ),
            (
                token("X").replace('"ETH"', '"NOPE"'),
                'chain = "NOPE"',
            ),
            (
                token("X") + ".0",
                "decimals = 6.0",
            ),
        ],
    )
    def test_an_entry_that_cannot_stand_is_a_mistake(self, more, line):
        refused(text(more=more), line)

    def test_each_bad_entry_is_told(self):
        assert len(mistakes(text(more="[chains.X]\neip155 = 1\n[chains.Y]\neip155 = 1"))) == 2


class TestLists:
    @pytest.mark.parametrize("value", ["[]", '"0x"', "[1]", '["own"]', "{ a = 1 }"])
    def test_a_list_holds_addresses_at_least_one(self, value):
        refused(text(more=f"[lists]\nown = {value}"), "own = ", "an a")

    def test_a_list_may_hold_the_ids_of_nodes(self):
        held = f'[lists]\nnodes = ["{NODES[0]}", "{NODES[1]}"]\nown = ["{TRON}"]'
        narrow = rule("r", "ask", 'when.nodes = "nodes"')
        loaded = policy(narrow, more=held)
        assert set(loaded.lists) == {"own"}
        (said,) = mistakes(text(rule("r", "ask", 'when.nodes = "own"'), more=held))
        assert '"own", a list of addresses' in said
        (said,) = mistakes(text(rule("r", "ask", 'when.to = "nodes"'), more=held))
        assert '"nodes", a list of node ids' in said

    @pytest.mark.parametrize(
        ("entries", "found"),
        [
            ([NODES[0], COLD_TEXT], [COLD_TEXT]),
            ([NODES[0], f"{NODES[1]}x", TRON], [f"{NODES[1]}x", TRON]),
            (["cobo"], ["cobo"]),
        ],
    )
    def test_a_list_holds_addresses_or_nodes_never_both(self, entries, found):
        said = mistakes(text(more=f"[lists]\nown = {entries}"))
        assert ["the id of a TSS Node" in each for each in said] == [True] * len(found)
        assert all(each in line for each, line in zip(found, said, strict=True))

    def test_an_address_that_begins_like_a_node_is_an_address_all_the_same(self):
        solana = "cobo" + "2" * 39
        loaded = policy(more=f'[lists]\nown = ["{solana}"]')
        assert [each.family for each in loaded.lists["own"].anywhere] == ["solana"]

    def test_a_node_is_labelled_with_the_list_it_is_in(self):
        loaded = policy(more=f'[lists]\nours = ["{NODES[0]}"]\nall = ["{NODES[0]}", "{NODES[1]}"]')
        said = [loaded.label_of_node(node) for node in (NODES[0], NODES[1], NODES[2])]
        assert said == ["ours", "all", None]

    def test_an_address_is_labelled_with_the_list_that_vouches_for_it_there(self):
        more = f'[lists]\nown = ["ETH:{COLD_TEXT}", "{THIEF_TEXT}", "{TRON}"]'
        loaded = policy(more=more)
        tron = next(each for each in loaded.lists["own"].anywhere if each.family == "tron")
        thief = next(each for each in loaded.lists["own"].anywhere if each.family == "evm")
        assert loaded.label_of(COLD, "ETH") == "own"
        assert loaded.label_of(COLD, "BASE_ETH") is None
        assert loaded.label_of(COLD, None) is None
        assert loaded.label_of(tron, "TRON") == "own"
        assert loaded.label_of(thief, "ETH") is None
        assert loaded.label_of(HOT, "ETH") is None


CALLS = '[[ask.escalate]]\nafter = "5m"\nnotify = "on_call"'


class TestEscalations:
    def test_they_are_read_the_earliest_first_with_the_people_of_their_groups(self):
        more = f'{CALLS}\n[[ask.escalate]]\nafter = "90s"\nnotify = "treasury"'
        ask = load(text(more=more)).ask
        assert ask is not None
        assert ask.escalations == (
            Escalation("treasury", ("ana", "bo", "chen"), 90_000),
            Escalation("on_call", ("dee", "eli"), 300_000),
        )

    def test_on_call_is_everybody_who_is_on_call(self):
        instead = '[override]\ngroup = "treasury"\napprove = 1\nreject = 1'
        ask = load(text(more=f"{CALLS}\n{instead}")).ask
        assert ask is not None
        assert ask.escalations[0].people == ("dee", "eli", "ana", "bo", "chen")

    def test_a_rule_has_those_of_the_default_or_all_of_its_own(self):
        own = 'escalate = [{ after = "2m", notify = "treasury" }]'
        loaded = load(text(rule("own", "ask", own), rule("same", "ask"), more=CALLS))
        terms = [rule.terms for rule in loaded.rules if rule.terms is not None]
        called = [[call.group for call in each.escalations] for each in terms]
        assert called == [["treasury"], ["on_call"]]

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ('notify = "nobody"', 'notify: found "nobody"; expected a group of [groups]'),
            ('notify = "dee"', "a group of [groups]"),
            ("notify = 3", "the name of a group"),
            ('after = "0m"', "a time above zero"),
            ('after = "-5m"', "a time above zero"),
            ("after = 300", "a time above zero"),
            ('after = "30m"', "a time below within, which is 1800 s"),
            ('after = "25h"', "a time below within"),
            ('group = "on_call"', "no such key; known here: after, notify"),
        ],
    )
    def test_one_that_makes_no_sense_is_a_mistake_with_its_line(self, line, words):
        key = line.split(" ")[0]
        kept = [each for each in CALLS.splitlines() if not each.startswith(f"{key} ")]
        refused(text(more="\n".join([*kept, line])), line, "ask.escalate[1].", words)

    @pytest.mark.parametrize("key", ["after", "notify"])
    def test_both_keys_are_required(self, key):
        kept = [each for each in CALLS.splitlines() if not each.startswith(f"{key} ")]
        refused(text(more="\n".join(kept)), "[[ask.escalate]]", f"{key}: found nothing")

    def test_a_group_is_called_once(self):
        again = CALLS.replace("5m", "6m")
        refused(text(more=f"{CALLS}\n{again}"), "notify", 'the group "on_call" twice')

    @pytest.mark.parametrize("rows", [0, 11])
    def test_none_and_too_many_are_mistakes(self, rows):
        many = ", ".join(['{ after = "5m", notify = "on_call" }'] * rows)
        refused(text(rule("r", "ask", f"escalate = [{many}]")), "escalate", "from 1 to 10 tables")

    def test_what_could_never_come_in_a_rules_own_time_is_a_mistake_of_the_rule(self):
        toml = text(rule("brief", "ask", 'within = "5m"'), more=CALLS)
        refused(toml, 'within = "5m"', "on_call is called after 300 s", "escalate of its own")

    @pytest.mark.parametrize("effect", ["approve", "reject"])
    def test_only_an_ask_escalates(self, effect):
        toml = rule("r", effect, 'escalate = [{ after = "2m", notify = "on_call" }]')
        assert any("only an ask has one" in said for said in mistakes(text(toml)))
