"""What a freeze stops, when it ends, and which votes to thaw count."""

from dataclasses import replace

import pytest

from approvals.chains.addresses import parse_address
from approvals.electorate import Electorate, Person
from approvals.freezes.model import (
    FIRST,
    THAW_WITHIN_MS,
    Freeze,
    FreezeRecord,
    Reach,
    ThawVote,
    frozen_by,
    holds,
    lacking,
    mended,
    thawing,
    with_freeze,
    with_thaw,
)
from approvals.freezes.statement import NAMESPACE, FreezeStatement
from approvals.model import SshSignature
from approvals.statement import FRESH_MS
from approvals.statement import NAMESPACE as VOTES
from keys import ssh, sshsig
from tests.support.records import NOW, POLICY

GATEWAY = "SHA256:" + "a" * 43
HERE, THERE = "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE", "0x" + "11" * 20
KEYS = {name: ssh.generate_private_key() for name in ("dee", "eli", "ana")}


def person(name):
    key = ssh.public_key(KEYS[name])
    return Person(name, None, ssh.fingerprint(key), key.line, ())


ON_CALL = Electorate(POLICY, {name: person(name) for name in KEYS}, {"on_call": ("dee", "eli")})


def freeze(id_="2-aaaa", wallet=None, source=None):
    return Freeze(id_, wallet, source, "dee", "why", NOW, None)


def evidence(name, namespace=NAMESPACE, **changes):
    said = replace(FreezeStatement(GATEWAY, "over", NOW, thaw="2-aaaa"), **changes)
    signed = sshsig.sign(KEYS[name], namespace, said.text().encode())
    return SshSignature(ssh.fingerprint(ssh.public_key(KEYS[name])), signed, said.text())


def vote(name, at=NOW, **changes):
    return replace(ThawVote("2-aaaa", name, "over", at, evidence(name, at=at)), **changes)


def reach(wallet, source, *also):
    return Reach(wallet, None if source is None else parse_address(source), also)


@pytest.mark.parametrize(
    ("frozen", "about", "held"),
    [
        (freeze(), reach("w1", HERE), True),
        (freeze(), reach(None, None), True),
        (freeze(wallet="w1"), reach("w1", HERE), True),
        (freeze(wallet="w1"), reach("w2", HERE), False),
        (freeze(wallet="w1"), reach("W1", HERE), True),
        (freeze(wallet="W1"), reach(" w1", HERE), True),
        (freeze(wallet="Hot"), reach("w1", HERE, "hot"), True),
        (freeze(wallet="Hot"), reach("w1", HERE, "hotter", "w1"), False),
        (freeze(wallet="w1"), reach(None, HERE), True),
        (freeze(wallet="w1"), reach("w2", None), True),
        (freeze(source=HERE), reach("w1", HERE), True),
        (freeze(source=HERE.lower()), reach("w1", HERE), True),
        (freeze(source=HERE), reach("w1", THERE), False),
        (freeze(source=HERE), reach(None, THERE), True),
        (freeze(source=HERE), reach("w1", None), True),
    ],
)
def test_a_freeze_is_passed_by_only_where_both_are_known_and_others(frozen, about, held):
    assert holds(frozen, about) is held
    said = frozen_by(with_freeze(FIRST, frozen), about)
    assert (said is not None) is held
    if said is not None:
        assert (said.freeze, said.sentence) == ("2-aaaa", "signing is frozen (freeze 2-aaaa)")


def test_each_change_is_an_epoch_and_the_second_vote_ends_it():
    record = with_freeze(FIRST, freeze())
    one = with_thaw(record, vote("dee"), ON_CALL)
    assert (record.epoch, one.epoch, one.freezes) == (2, 3, record.freezes)
    again = with_thaw(one, vote("dee", NOW + 1), ON_CALL)
    assert again.freezes == record.freezes
    assert len(again.thaws) == 1
    two = with_thaw(one, vote("eli"), ON_CALL)
    assert (two.epoch, two.freezes, two.ended) == (4, (), ("2-aaaa",))


def test_what_ended_a_freeze_is_kept_until_the_next_one_ends():
    def ending(id_):
        return [vote(who, freeze=id_, evidence=evidence(who, thaw=id_)) for who in ("dee", "eli")]

    record = FIRST
    for id_ in ("2-aaaa", "3-bbbb"):
        record = with_freeze(record, freeze(id_))
    for vote_ in ending("2-aaaa"):
        record = with_thaw(record, vote_, ON_CALL)
    assert {kept.freeze for kept in record.thaws} == {"2-aaaa"}
    for vote_ in ending("3-bbbb"):
        record = with_thaw(record, vote_, ON_CALL)
    assert {kept.freeze for kept in record.thaws} == {"3-bbbb"}
    assert (record.freezes, record.ended) == ((), ("2-aaaa", "3-bbbb"))


@pytest.mark.parametrize(
    "second",
    [
        vote("eli", NOW - 1, reason="another"),
        vote("eli", freeze="9-bbbb"),
        vote("eli", freeze="9-bbbb", evidence=evidence("eli", thaw="9-bbbb")),
        vote("eli", evidence=evidence("eli", thaw="9-bbbb")),
        vote("eli", evidence=evidence("eli", thaw=None)),
        vote("eli", evidence=evidence("eli", at=NOW - FRESH_MS - 1)),
        vote("eli", evidence=evidence("eli", at=NOW + FRESH_MS + 1)),
        vote("eli", evidence=evidence("eli", namespace=VOTES)),
        vote("eli", evidence=evidence("dee")),
        vote("eli", evidence=replace(evidence("dee"), key=person("eli").ssh_key)),
        vote("eli", evidence=replace(evidence("eli"), key=person("dee").ssh_key)),
        vote("eli", evidence=replace(evidence("eli"), signature="")),
        vote("eli", evidence=replace(evidence("eli"), statement="yes")),
        vote("dee"),
        vote("ana"),
        vote("eli", NOW - THAW_WITHIN_MS - 1),
        vote("eli", NOW + THAW_WITHIN_MS + 1),
    ],
)
def test_a_vote_to_thaw_is_proved_again_whenever_it_is_counted(second):
    assert thawing((vote("dee"), second), "2-aaaa", NOW, ON_CALL) == ("dee",)
    assert thawing((vote("dee"), vote("eli")), "2-aaaa", NOW, ON_CALL) == ("dee", "eli")


def test_who_has_another_key_today_or_none_does_not_count():
    both = (vote("dee"), vote("eli"))
    for changed in (
        replace(person("eli"), ssh_key=person("ana").ssh_key, ssh_line=person("ana").ssh_line),
        replace(person("eli"), ssh_key=None, ssh_line=None),
        replace(person("eli"), ssh_line=None),
    ):
        people = {**ON_CALL.people, "eli": changed}
        assert thawing(both, "2-aaaa", NOW, replace(ON_CALL, people=people)) == ("dee",)


def test_a_freeze_that_is_gone_without_a_thaw_is_lacking():
    known = with_freeze(FIRST, freeze())
    assert lacking(FreezeRecord(epoch=9), known) == ("2-aaaa",)
    assert lacking(FreezeRecord(epoch=9, ended=("2-aaaa",)), known) == ()


def test_a_lost_record_is_replaced_by_all_that_either_knew_and_one_freeze_more():
    known = with_freeze(with_freeze(FIRST, freeze("2-aaaa")), freeze("3-bbbb", wallet="w"))
    stored = FreezeRecord(9, (freeze("9-cccc", source=HERE),))
    made = mended(known, stored, freeze("10-dddd"))
    assert [each.id for each in made.freezes] == ["2-aaaa", "3-bbbb", "9-cccc", "10-dddd"]
    assert made.epoch == 10
    assert mended(known, None, freeze("4-dddd")).epoch == 4
    ended = FreezeRecord(5, ended=("9-cccc",))
    assert [each.id for each in mended(ended, stored, freeze("10-dddd")).freezes] == ["10-dddd"]


def test_what_is_put_back_into_a_lost_record_has_not_ended():
    known = with_freeze(with_freeze(FIRST, freeze("2-aaaa")), freeze("3-bbbb", wallet="w"))
    stored = FreezeRecord(9, ended=("1-eeee", "2-aaaa"))
    made = mended(known, stored, freeze("10-dddd"))
    assert [each.id for each in made.freezes] == ["2-aaaa", "3-bbbb", "10-dddd"]
    assert made.ended == ("1-eeee",)
