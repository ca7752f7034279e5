import json

import pytest

from tests.support.requests import ABSENT, FOLDER, sample


@pytest.mark.parametrize("name", ["keysign_erc20_usdt", "keygen_ed25519", "v1_keysign_eth"])
def test_an_unchanged_sample_keeps_its_recorded_texts(name):
    outer = json.loads((FOLDER / f"{name}.json").read_text())
    assert json.loads(sample(name).package) == outer


def test_an_edit_changes_one_thing_in_a_copy():
    before = sample("keysign_erc20_usdt")
    after = before.with_transaction("destination.account_output.amount", "7")
    assert after.extra["transaction"]["destination"]["account_output"]["amount"] == "7"
    assert before.extra["transaction"]["destination"]["account_output"]["amount"] == "2500"
    assert before.request.digest != after.request.digest


def test_absent_takes_the_key_away():
    after = sample("keysign_erc20_usdt").with_extra("source_addresses.0.path", ABSENT)
    assert "path" not in after.extra["source_addresses"][0]


def test_a_fresh_request_differs_only_in_its_ids():
    first, second = sample("keysign_erc20_usdt").fresh(1), sample("keysign_erc20_usdt").fresh(2)
    assert first.request_id != second.request_id
    assert first.detail["biz_task_id"] == first.extra["transaction"]["transaction_id"]
    assert first.detail["msg_hash_list"] == second.detail["msg_hash_list"]
