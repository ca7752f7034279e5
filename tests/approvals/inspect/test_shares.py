"""Check 16: request_detail against the groups of extra_info, with one thing changed each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains import base58
from approvals.findings import Findings, KeyFacts, Note, Reason, Refused, Unverified
from approvals.inspect.keys import UNPINNED
from approvals.risks import Flag
from tests.support.looking import seen
from tests.support.requests import ABSENT, sample

GEN = sample("keygen_secp256k1")
GEN_ED = sample("keygen_ed25519")
RESHARE = sample("keyreshare_secp256k1")
SHARES = sample("keysharesign_type5")
COBO, SERVER, ALICE = GEN.detail["node_ids"]
NEW_ALICE = RESHARE.detail["new_node_ids"][2]
STRANGER = "cobo" + base58.encode(b"c" * 33)
XPUB = RESHARE.detail["root_pub_key"]
CPUB = sample("keysign_sol_transfer").detail["root_pub_key"]
CHILD = sample("keysign_erc20_usdt").extra["source_addresses"][0]["pubkey"]
TARGET, SOURCE = "target_key_share_holder_group", "source_key_share_holder_group"
UNVERIFIED = Flag("unverified", "It could not be recomputed, or is not understood.")


def changed_at(base, path, value):
    where, _, rest = path.partition(".")
    return (base.with_detail if where == "detail" else base.with_extra)(rest, value)


def keys_of(changed):
    keys = seen(changed).keys
    assert isinstance(keys, KeyFacts)
    return keys


def refused(changed):
    """Check 16 alone refuses; return its sentences."""
    integrity = seen(changed).integrity
    assert isinstance(integrity, Refused), integrity
    assert integrity.cause == "contradiction"
    assert {reason.check for reason in integrity.reasons} == {16}, integrity
    assert not keys_of(changed).agreed
    return [reason.text for reason in integrity.reasons]


def doubted(changed):
    """Check 16 alone has doubts beside the pins that are missing; return them."""
    integrity = seen(changed).integrity
    assert isinstance(integrity, Unverified), integrity
    assert {reason.check for reason in integrity.reasons} == {16}, integrity
    assert not keys_of(changed).agreed
    return [reason.text for reason in integrity.reasons if reason != UNPINNED]


# --- what agrees


@pytest.mark.parametrize("base", [GEN, GEN_ED, RESHARE])
def test_where_everything_agrees_only_the_pins_are_missing(base):
    findings = seen(base)
    assert findings.integrity == Unverified((UNPINNED,))
    assert findings.keys is not None
    assert findings.keys.agreed


def test_the_facts_of_key_generation_are_those_of_request_detail():
    nodes = (COBO, SERVER, ALICE)
    assert keys_of(GEN) == KeyFacts("secp256k1", nodes, threshold=2, agreed=True)
    assert keys_of(GEN_ED) == KeyFacts("ed25519", nodes, threshold=2, agreed=True)


def test_the_facts_of_resharing_are_those_of_request_detail():
    assert keys_of(RESHARE) == KeyFacts(
        curve="secp256k1",
        node_ids=(COBO, SERVER, NEW_ALICE),
        threshold=2,
        root_pub_key=XPUB,
        old_threshold=2,
        used_node_ids=(COBO, SERVER),
        agreed=True,
    )


@pytest.mark.parametrize(
    ("name", "curve"),
    [
        ("keysign_erc20_usdt", "secp256k1"),
        ("keysign_sol_transfer", "ed25519"),
        ("keysign_tron_trx", "secp256k1"),
    ],
)
def test_the_facts_of_a_signature_are_its_root_and_its_nodes(name, curve):
    base = sample(name)
    root = base.detail["root_pub_key"]
    assert keys_of(base) == KeyFacts(curve, (COBO, SERVER), root_pub_key=root)
    assert keys_of(base.with_detail("root_pub_key", "tpub")).curve is None


def test_the_facts_of_share_signing_are_the_node():
    assert keys_of(SHARES) == KeyFacts(None, (SERVER,))


@pytest.mark.parametrize("base", [GEN, RESHARE, SHARES, sample("keysign_erc20_usdt")])
def test_there_are_no_facts_without_request_detail_and_none_agreed_without_extra_info(base):
    assert seen(base.with_texts(detail="{}")).keys is None
    keys = seen(base.with_texts(extra="[]")).keys
    assert keys is not None
    assert not keys.agreed


# --- what does not agree

SAME = [
    ("detail.threshold", 1, "The threshold is 1, and 2 in extra_info."),
    ("detail.threshold", 3, "The threshold is 3, and 2 in extra_info."),
    ("detail.node_ids", [COBO, SERVER], "The nodes are not the ones that extra_info lists."),
    (
        "detail.node_ids",
        [COBO, SERVER, STRANGER],
        "The nodes are not the ones that extra_info lists.",
    ),
    (f"extra.{TARGET}.threshold", 3, "The threshold is 2, and 3 in extra_info."),
    (f"extra.{TARGET}.participants", 4, "extra_info counts 4 holders, and lists 3."),
    (
        f"extra.{TARGET}.key_share_holders.0.tss_node_id",
        STRANGER,
        "The nodes are not the ones that extra_info lists.",
    ),
    (
        f"extra.{TARGET}.key_share_holder_group_id",
        "another",
        "The TSS request is for another group than extra_info describes.",
    ),
    (
        "extra.tss_request.target_key_share_holder_group_id",
        "another",
        "The TSS request is for another group than extra_info describes.",
    ),
]


def of_reshare(path):
    """The same field of a resharing."""
    new = {"detail.threshold": "detail.new_threshold", "detail.node_ids": "detail.new_node_ids"}
    return new.get(path, path)


@pytest.mark.parametrize(("path", "value", "why"), SAME)
def test_key_generation_and_resharing_have_the_group_that_is_claimed(path, value, why):
    assert refused(changed_at(GEN, path, value)) == [why]
    assert refused(changed_at(RESHARE, of_reshare(path), value)) == [why]


@pytest.mark.parametrize("base", [GEN, RESHARE])
def test_a_holder_that_is_listed_twice_is_not_two(base):
    holders = base.extra[TARGET]["key_share_holders"]
    twice = base.with_extra(f"{TARGET}.key_share_holders", [*holders, holders[0]])
    assert refused(twice.with_extra(f"{TARGET}.participants", 4)) == [
        "The nodes are not the ones that extra_info lists."
    ]


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("extra.tss_request.type", "Recovery", "key generation, and extra_info describes Recovery"),
        (
            "extra.tss_request.type",
            "KeyGenFromKeyGroup",
            "key generation, and extra_info describes KeyGenFromKeyGroup",
        ),
        (f"extra.{SOURCE}", RESHARE.extra[SOURCE], "names a group that the new key comes from"),
        (
            f"extra.tss_request.{SOURCE}",
            {"key_share_holder_group_id": "x"},
            "names a group that the new key comes from",
        ),
        (
            f"extra.tss_request.{SOURCE}",
            {"tss_node_ids": [COBO]},
            "names a group that the new key comes from",
        ),
    ],
)
def test_other_key_generation_is_refused(path, value, why):
    (said,) = refused(changed_at(GEN, path, value))
    assert why in said


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("detail.curve", 2, "The curve is ed25519, and secp256k1 in extra_info."),
        ("detail.root_pub_key", CHILD, "The old key has another root in extra_info."),
        (
            "detail.root_pub_key",
            CPUB,
            "root_pub_key is a key of ed25519, and the curve is secp256k1",
        ),
        ("detail.old_group_id", "another", "The old key is not among those that extra_info lists."),
        ("detail.old_threshold", 1, "The old threshold is 1, and 2 in extra_info."),
        ("detail.old_threshold", 0, "0 is no threshold."),
        (
            "detail.old_threshold",
            3,
            "Fewer nodes lend their shares than the old threshold demands.",
        ),
        ("detail.used_node_ids", [COBO, ALICE], "The nodes that lend their shares are not those"),
        ("detail.used_node_ids", [COBO, STRANGER], "A node lends a share that extra_info does not"),
        ("detail.used_node_ids", [COBO, COBO], "A node is named twice."),
        ("detail.new_node_ids", [COBO, SERVER, SERVER], "A node is named twice."),
        ("extra.tss_request.type", "KeyGen", "for resharing, and extra_info describes KeyGen."),
        (
            f"extra.tss_request.{SOURCE}.key_share_holder_group_id",
            "another",
            "The TSS request is for another group than extra_info describes.",
        ),
        (
            f"extra.tss_request.{SOURCE}.tss_node_ids",
            [COBO, SERVER, ALICE],
            "The nodes that lend their shares are not those of extra_info.",
        ),
        (
            f"extra.{SOURCE}.key_share_holder_group_id",
            "another",
            "The TSS request is for another group than extra_info describes.",
        ),
        (f"extra.{SOURCE}.threshold", 3, "The old threshold is 2, and 3 in extra_info."),
        (f"extra.{SOURCE}.participants", 2, "extra_info counts 2 holders, and lists 3."),
        (
            f"extra.{SOURCE}.key_share_holders.0.tss_node_id",
            STRANGER,
            "A node lends a share that extra_info does not give it.",
        ),
        (
            f"extra.{SOURCE}.tss_key_share_groups.0.root_pubkey",
            CHILD,
            "The old key has another root in extra_info.",
        ),
        (
            f"extra.{SOURCE}.tss_key_share_groups.0.curve",
            "ED25519",
            "The curve is secp256k1, and ed25519 in extra_info.",
        ),
        (
            f"extra.{SOURCE}.tss_key_share_groups.0.tss_key_share_group_id",
            "another",
            "The old key is not among those that extra_info lists.",
        ),
        ("extra.vault.root_pubkeys", [], "The vault does not have the key that is reshared."),
        (
            "extra.vault.root_pubkeys.0.root_pubkey",
            CHILD,
            "The vault does not have the key that is reshared.",
        ),
        (
            "extra.vault.root_pubkeys.0.curve",
            "ED25519",
            "The curve is secp256k1, and ed25519 in extra_info.",
        ),
    ],
)
def test_other_resharing_is_refused(path, value, why):
    assert any(why in said for said in refused(changed_at(RESHARE, path, value)))


# --- what cannot be compared


@pytest.mark.parametrize("value", [ABSENT, None])
@pytest.mark.parametrize(
    ("path", "why"),
    [
        (f"extra.{TARGET}", "does not describe the group that will hold the key"),
        (f"extra.{TARGET}.threshold", "does not state the threshold"),
        (f"extra.{TARGET}.participants", "does not say how many hold the key"),
        (
            f"extra.{TARGET}.key_share_holders.1.tss_node_id",
            "does not name every node that will hold the key",
        ),
        (f"extra.{TARGET}.key_share_holder_group_id", "do not both say which group it is"),
        (f"extra.{TARGET}.type", "of a type that is not said"),
        ("extra.tss_request.target_key_share_holder_group_id", "do not both say which group it is"),
        ("extra.tss_request.type", "does not say what kind of TSS request it is"),
        ("extra.vault.root_pubkeys", "does not say which keys the vault has"),
        ("extra.vault", "does not say which keys the vault has"),
    ],
)
@pytest.mark.parametrize("base", [GEN, RESHARE])
def test_what_is_not_said_leaves_a_doubt(base, path, why, value):
    (said,) = doubted(changed_at(base, path, value))
    assert why in said


@pytest.mark.parametrize(
    ("base", "path", "value", "why"),
    [
        (GEN, "detail.curve", 1, "The curve 1 is not known."),
        (GEN, "extra.tss_request.type", "KeyGenAgain", "'KeyGenAgain' is not known"),
        (GEN, f"extra.{TARGET}.type", "SigningGroup", "which KeyGen is not known to be for"),
        (GEN, f"extra.{TARGET}.type", "Odd", "of the type 'Odd'"),
        (
            GEN,
            "extra.vault.root_pubkeys",
            [{"root_pubkey": XPUB, "curve": "SECP256K1"}],
            "The vault already has a key of this curve",
        ),
        (
            GEN,
            "extra.vault.root_pubkeys",
            [{"root_pubkey": XPUB, "curve": "P256"}],
            "The vault already has a key of this curve",
        ),
        (
            GEN,
            f"extra.{TARGET}.tss_key_share_groups",
            [{"curve": "SECP256K1"}],
            "The group already has a key of this curve",
        ),
        (RESHARE, "extra.tss_request.type", "Rotate", "'Rotate' is not known"),
        (RESHARE, f"extra.{TARGET}.type", "MainGroup", "KeyGenFromKeyGroup is not known to be for"),
        (RESHARE, f"extra.{SOURCE}", None, "does not describe the group that holds the key"),
        (RESHARE, f"extra.{SOURCE}.threshold", None, "does not state the old threshold"),
        (RESHARE, f"extra.{SOURCE}.participants", None, "does not say how many hold the key"),
        (
            RESHARE,
            f"extra.{SOURCE}.key_share_holders.2.tss_node_id",
            None,
            "does not name every node that holds the key",
        ),
        (RESHARE, f"extra.{SOURCE}.tss_key_share_groups", [], "does not list the keys"),
        (
            RESHARE,
            f"extra.{SOURCE}.tss_key_share_groups.0.root_pubkey",
            None,
            "does not state the root of the old key",
        ),
        (
            RESHARE,
            f"extra.{SOURCE}.tss_key_share_groups.0.curve",
            None,
            "does not state the curve of the key",
        ),
        (
            RESHARE,
            "extra.vault.root_pubkeys.0.curve",
            "P256",
            "does not state the curve of the key",
        ),
        (RESHARE, f"extra.tss_request.{SOURCE}", None, "does not say whose shares are lent"),
        (
            RESHARE,
            f"extra.tss_request.{SOURCE}.tss_node_ids",
            None,
            "does not say whose shares are lent",
        ),
        (
            RESHARE,
            f"extra.tss_request.{SOURCE}.key_share_holder_group_id",
            None,
            "do not both say which group it is",
        ),
    ],
)
def test_what_is_not_known_leaves_a_doubt(base, path, value, why):
    assert any(why in said for said in doubted(changed_at(base, path, value)))


def test_a_key_of_the_other_curve_may_be_there_already():
    other = [{"root_pubkey": CPUB, "curve": "ED25519"}]
    assert keys_of(GEN.with_extra("vault.root_pubkeys", other)).agreed
    assert keys_of(GEN.with_extra(f"{TARGET}.tss_key_share_groups", other)).agreed
    assert not keys_of(GEN_ED.with_extra("vault.root_pubkeys", other)).agreed


def test_a_recovery_may_be_for_any_group():
    recovery = RESHARE.with_extra("tss_request.type", "Recovery")
    for kind in ("MainGroup", "SigningGroup", "RecoveryGroup"):
        assert keys_of(recovery.with_extra(f"{TARGET}.type", kind)).agreed


@pytest.mark.parametrize("root", ["", "tpub" + XPUB[4:], XPUB[:-1] + "1", XPUB + "1", CPUB[:50]])
def test_a_root_that_cannot_be_read_is_never_agreed(root):
    wish = RESHARE.with_detail("root_pub_key", root)
    wish = wish.with_extra(f"{SOURCE}.tss_key_share_groups.0.root_pubkey", root)
    wish = wish.with_extra("vault.root_pubkeys.0.root_pubkey", root)
    said = doubted(wish)
    assert said[0] == "root_pub_key cannot be read."


@pytest.mark.parametrize("node_id", ["", "coboSomebodyElse", COBO[:-2], "Cobo" + COBO[4:]])
def test_a_node_id_that_no_node_has_is_never_agreed(node_id):
    gen = GEN.with_detail("node_ids", [node_id, SERVER, ALICE])
    gen = gen.with_extra(f"{TARGET}.key_share_holders.0.tss_node_id", node_id)
    expected = [f"'{node_id}' is not formed as the id of a node."]
    if not node_id:
        expected.append("extra_info does not name every node that will hold the key.")
    assert doubted(gen) == expected


@pytest.mark.parametrize("base", [GEN, RESHARE])
def test_anything_that_other_checks_doubt_is_never_agreed(base):
    for wish in (
        base.with_outer(surplus='{"a":1}'),
        base.with_detail("also", 1),
        base.with_detail("biz_task_id", None),
        base.with_detail("biz_task_id", "another"),
        base.with_extra("tss_request.tss_request_id", None),
        base.with_extra("tss_request", None),
    ):
        assert not keys_of(wish).agreed


SCALARS = st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=8)
COMPARED = [
    "threshold",
    "node_ids",
    "curve",
    "biz_task_id",
    "new_threshold",
    "new_node_ids",
    "old_threshold",
    "old_group_id",
    "root_pub_key",
    "used_node_ids",
]


@given(st.sampled_from([GEN, RESHARE]), st.sampled_from(COMPARED), SCALARS)
def test_no_field_of_request_detail_can_change_and_still_be_agreed(base, key, value):
    if key in base.detail and base.detail[key] != value:
        keys = seen(base.with_detail(key, value)).keys
        assert keys is None or not keys.agreed


@given(st.sampled_from([GEN, RESHARE]), st.data())
def test_anything_in_the_groups_can_change_and_what_is_agreed_stays_the_same(base, data):
    """A change that is not compared (a name, a time) leaves every fact as it was."""
    group = data.draw(st.sampled_from([TARGET, SOURCE, "tss_request", "vault"]))
    if not base.extra.get(group):
        return
    key = data.draw(st.sampled_from(sorted(base.extra[group])))
    value = data.draw(SCALARS | st.lists(SCALARS, max_size=2) | st.just(ABSENT))
    findings = seen(base.with_extra(f"{group}.{key}", value))
    assert isinstance(findings, Findings)
    if findings.keys is not None and findings.keys.agreed:
        assert findings.keys == keys_of(base)


# --- what people see


def test_a_threshold_that_falls_is_flagged():
    wish = RESHARE.with_detail("new_threshold", 1).with_extra(f"{TARGET}.threshold", 1)
    flags = seen(wish).flags
    assert flags[0] == Flag(
        "permission_change", "It lowers the threshold: 1 can sign, before it took 2 nodes."
    )
    assert keys_of(wish).agreed
    same = [flag.risk for flag in seen(RESHARE).flags]
    assert same == ["owner_change", "unverified"]


def test_a_node_that_had_no_share_is_flagged():
    assert seen(RESHARE).flags == (
        Flag("owner_change", f"{NEW_ALICE} gets a share and had none.", proved=False),
        UNVERIFIED,
    )


def test_the_same_nodes_are_not_flagged():
    holders = RESHARE.extra[SOURCE]["key_share_holders"]
    same = RESHARE.with_detail("new_node_ids", [COBO, SERVER, ALICE])
    same = same.with_extra(f"{TARGET}.key_share_holders", holders)
    assert seen(same).flags == (UNVERIFIED,)
    assert keys_of(same).agreed


@pytest.mark.parametrize("path", [SOURCE, f"{SOURCE}.key_share_holders"])
def test_where_the_old_holders_are_not_known_every_other_node_may_be_new(path):
    sentence = f"{NEW_ALICE} gets a share and who held one before is not known."
    assert seen(RESHARE.with_extra(path, None)).flags == (
        Flag("owner_change", sentence),
        UNVERIFIED,
    )


def test_people_read_what_cobo_calls_those_who_get_a_share():
    assert seen(GEN).notes == (
        Note("Holder 1", f"{COBO} is 'Cobo' (Cobo)", proved=False),
        Note("Holder 2", f"{SERVER} is 'Server co-signer' (API)", proved=False),
        Note("Holder 3", f"{ALICE} is 'Alice phone' (Mobile)", proved=False),
    )


def test_people_read_what_a_resharing_changes():
    assert seen(RESHARE).notes == (
        Note("New holder 1", f"{COBO} is 'Cobo' (Cobo)", proved=False),
        Note("New holder 2", f"{SERVER} is 'Server co-signer' (API)", proved=False),
        Note("New holder 3", f"{NEW_ALICE} is 'Alice phone' (Mobile)", proved=False),
        Note("Keeps no share 1", f"{ALICE} is 'Alice phone' (Mobile)", proved=False),
    )


def test_a_holder_whom_cobo_gives_no_name_is_listed_all_the_same():
    notes = seen(GEN.with_extra(f"{TARGET}.key_share_holders.1.name", ABSENT)).notes
    assert notes[1] == Note("Holder 2", f"{SERVER} is without a name (API)", proved=False)


def test_what_people_read_is_safe_and_bounded():
    nasty = GEN.with_extra(f"{TARGET}.key_share_holders.0.name", "\u202e*<!channel>\n" + "y" * 500)
    text = seen(nasty).notes[0].text
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 200
    lost = [{"tss_node_id": f"cobo{n}", "name": "x"} for n in range(900)]
    many = seen(RESHARE.with_extra(f"{SOURCE}.key_share_holders", lost)).notes
    assert len(many) == 3 + 20 + 1
    assert many[23] == Note("Not shown", "880 more nodes", proved=False, whole=False)


# --- shares that sign


def test_people_read_what_a_share_signs():
    findings = seen(SHARES)
    assert findings.summary == "Sign 1 message with this node's key shares"
    message = SHARES.detail["details"][0]["message"]
    assert findings.notes == (
        Note("Message", f"for mMedDioOKhTlhGyQRzMv: {message}"),
        Note("Holder 1", f"{SERVER} is 'Server co-signer' (API)", proved=False),
    )
    assert findings.integrity == Unverified(
        (Reason(16, "What the messages are for, nobody but Cobo can say."),)
    )


def test_many_messages_are_counted():
    items = [{"group_id": "mMedDioOKhTlhGyQRzMv", "message": f"{n}" * 300} for n in range(25)]
    findings = seen(SHARES.with_detail("details", items))
    assert findings.summary == "Sign 25 messages with this node's key shares"
    assert findings.notes[20] == Note("Not shown", "5 more messages", whole=False)


@pytest.mark.parametrize(("size", "whole"), [(1_000, True), (1_001, False)])
def test_a_message_that_a_share_signs_is_whole_or_says_that_it_is_cut(size, whole):
    findings = seen(SHARES.with_detail("details.0.message", "m" * size))
    assert findings.notes[0].whole == whole
    assert findings.notes[0].text.startswith("for mMedDioOKhTlhGyQRzMv: " + "m" * 1_000)
    assert (" [cut: 1 more character]" in findings.notes[0].text) != whole


GROUPS = "extra.validity_key_share_holder_groups"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("detail.node_id", STRANGER, "The node is not among the holders that extra_info lists."),
        (
            "detail.details.0.group_id",
            "x",
            "A key share is asked for that extra_info does not list.",
        ),
        (
            f"{GROUPS}.0.tss_key_share_groups",
            [],
            "A key share is asked for that extra_info does not list.",
        ),
        (
            f"{GROUPS}.0.key_share_holders.1.tss_node_id",
            STRANGER,
            "The node is not among the holders that extra_info lists.",
        ),
    ],
)
def test_a_share_that_the_node_does_not_hold_is_refused(path, value, why):
    assert refused(changed_at(SHARES, path, value)) == [why]


def test_a_node_of_another_group_does_not_hold_this_share():
    first = SHARES.extra["validity_key_share_holder_groups"][0]
    elsewhere = {
        **first,
        "tss_key_share_groups": [{"tss_key_share_group_id": "other"}],
        "key_share_holders": [{"tss_node_id": STRANGER}],
    }
    wish = SHARES.with_extra("validity_key_share_holder_groups", [first, elsewhere])
    assert not isinstance(seen(wish).integrity, Refused)
    assert refused(wish.with_detail("node_id", STRANGER)) == [
        "The node is not among the holders that extra_info lists."
    ]


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (GROUPS, None, "does not describe the groups that hold the keys"),
        (f"{GROUPS}.0.key_share_holders", None, "does not name every node that holds the key"),
    ],
)
def test_holders_that_are_not_named_leave_a_doubt(path, value, why):
    assert any(why in said for said in doubted(changed_at(SHARES, path, value)))


def test_a_node_that_is_no_node_leaves_a_doubt():
    wish = SHARES.with_detail("node_id", "me")
    wish = wish.with_extra(
        "validity_key_share_holder_groups.0.key_share_holders.1.tss_node_id", "me"
    )
    assert "'me' is not formed as the id of a node." in doubted(wish)
