import json

import pytest

from gateway.simulate.fresh import freshen
from tests.support.requests import FOLDER

NOW = 1_790_848_800_000


def inside(package):
    document = json.loads(package)
    return document, json.loads(document["request_detail"]), json.loads(document["extra_info"])


@pytest.mark.parametrize(
    "name", [*sorted(p.name for p in FOLDER.glob("key*.json")), "bad_hash_mismatch.json"]
)
def test_only_the_ids_change_and_they_still_agree(name):
    package = (FOLDER / name).read_bytes()
    old, old_detail, old_extra = inside(package)
    new, detail, extra = inside(freshen(package, NOW))
    assert new["request_id"] == f"{detail['task_id']}:1" != old["request_id"]
    assert len(new["request_id"]) == len(old["request_id"])
    assert detail["biz_task_id"] != old_detail["biz_task_id"]
    other = extra.get("transaction", {}).get("transaction_id")
    other = other or extra.get("tss_request", {}).get("tss_request_id")
    if other:
        assert other == detail["biz_task_id"]
    old_ids = {old_detail["task_id"], old_detail["biz_task_id"]}
    text = json.dumps([detail, extra])
    assert not any(each in text for each in old_ids)
    restored = text.replace(detail["task_id"], old_detail["task_id"])
    restored = restored.replace(detail["biz_task_id"], old_detail["biz_task_id"])
    assert json.loads(restored) == [old_detail, old_extra]


def test_two_times_are_two_requests():
    package = (FOLDER / "keysign_erc20_usdt.json").read_bytes()
    assert freshen(package, NOW) != freshen(package, NOW)


@pytest.mark.parametrize("name", ["ping.json", "ping_empty_objects.json", "ping_omitempty.json"])
def test_a_ping_stays_a_ping(name):
    package = (FOLDER / name).read_bytes()
    assert not json.loads(freshen(package, NOW)).get("request_id")
    assert freshen(b"[]", NOW) == b"[]"


def test_a_detail_that_is_no_json_is_left_alone():
    package = b'{"request_id":"a","request_type":2,"request_detail":"x","extra_info":"y"}'
    document = json.loads(freshen(package, NOW))
    assert (document["request_detail"], document["extra_info"]) == ("x", "y")
