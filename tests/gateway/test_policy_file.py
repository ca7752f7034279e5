"""The policy on disk is read in one way, with the files beside it."""

import json
import os
from pathlib import Path

import pytest

from approvals.policy import PolicyError
from gateway.policy_file import LARGEST_POLICY, PolicyUnreadable, load_policy
from tests.approvals.policy.test_contracts import ABI, contracts
from tests.approvals.policy.world import text


def written(folder, toml):
    path = folder / "policy.toml"
    path.write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    return path


def test_a_policy_is_read_and_named_by_its_path(tmp_path):
    path = written(tmp_path, text())
    assert load_policy(path).source == str(path)


def test_files_are_found_beside_the_policy(tmp_path, monkeypatch):
    (tmp_path / "abis").mkdir()
    (tmp_path / "abis/router.json").write_text(json.dumps(ABI))
    monkeypatch.chdir("/")
    (contract,) = load_policy(written(tmp_path, contracts())).tables.contracts.values()
    assert contract.name == "router"


def test_a_file_that_is_missing_beside_the_policy_is_a_mistake(tmp_path):
    with pytest.raises(PolicyError, match="No such file"):
        load_policy(written(tmp_path, contracts()))


def test_a_policy_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(PolicyUnreadable, match=r"policy\.toml cannot be read: No such file"):
        load_policy(tmp_path / "policy.toml")
    with pytest.raises(PolicyUnreadable, match="is not UTF-8 text"):
        load_policy(written(tmp_path, b"\xff"))


@pytest.mark.parametrize("kind", ["pipe", "directory", "/dev/zero"])
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path, kind):
    odd = tmp_path / "odd" if kind != "/dev/zero" else Path(kind)
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "directory":
        odd.mkdir()
    said = "is a directory" if kind == "directory" else "it is not a regular file"
    with pytest.raises(PolicyUnreadable, match=f"(?i)cannot be read: {said}"):
        load_policy(odd)
    tested = text() + f'[[test]]\ngiven = "{odd}"\nexpect = "ask"\n'
    with pytest.raises(PolicyError, match=f"(?i)which cannot be read: {said}"):
        load_policy(written(tmp_path, tested))
    with pytest.raises(PolicyError, match=f"(?i)a file that can be read .{said}"):
        load_policy(written(tmp_path, contracts(abi=f'"{odd}"')))


def test_a_policy_without_end_is_not_read_to_its_end(tmp_path):
    path = written(tmp_path, text())
    os.truncate(path, LARGEST_POLICY)
    with pytest.raises(PolicyError):
        load_policy(path)
    os.truncate(path, 1 << 40)
    with pytest.raises(PolicyUnreadable, match="larger than 10485760 bytes"):
        load_policy(path)
