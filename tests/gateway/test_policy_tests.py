"""A policy is read in one place, and does not load where what its author expects does not hold."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from approvals.policy import PolicyError
from gateway import policy_file
from gateway.cli.main import main
from gateway.oncall.dossier import Reader
from gateway.policy_file import PolicyUnreadable, load_policy
from tests.approvals.policy.world import SWEEP, text
from tests.support.home import Home, made
from tests.support.requests import FOLDER

ERC20 = FOLDER / "keysign_erc20_usdt.json"


def case(given: object, expect: str = '"approve"', *more: str) -> str:
    return "\n".join(["[[test]]", f'given = "{given}"', f"expect = {expect}", *more])


@pytest.fixture
def stopped(tmp_path: Path) -> Home:
    return made(tmp_path / "home", retry_times="1", sleep_seconds="0.1", request_timeout="1")


@pytest.fixture
def write(tmp_path: Path):
    """Write a policy beside a folder of requests; the path."""
    folder = tmp_path / "requests"
    folder.mkdir()
    for name in ("keysign_erc20_usdt", "keysign_raw_message_hash", "ping", "manifest"):
        (folder / f"{name}.json").write_bytes((FOLDER / f"{name}.json").read_bytes())

    def writing(*rules: str) -> Path:
        path = tmp_path / "policy.toml"
        path.write_text(text(*rules))
        return path

    return writing


def mistakes(path: Path) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return [mistake.sentence for mistake in caught.value.mistakes]


def test_a_policy_whose_tests_pass_loads_from_wherever_it_is_read(write, monkeypatch):
    good = case("requests/keysign_erc20_usdt.json", '"approve"', 'rule = "sweep"')
    asks = case("requests/keysign_raw_message_hash.json", '{ verdict = "ask" }', 'node = "n"')
    path = write(SWEEP, good, asks)
    monkeypatch.chdir("/")
    assert len(load_policy(path).tests) == 2


def test_every_test_that_fails_is_told_with_what_was_found(write):
    wrong = case("requests/keysign_erc20_usdt.json", '"reject"')
    right = case("requests/keysign_erc20_usdt.json")
    other = case("requests/keysign_raw_message_hash.json", '"ask"', 'rule = "sweep"')
    path = write(SWEEP, wrong, right, other)
    first, second = mistakes(path)
    line = path.read_text().splitlines().index('expect = "reject"') + 1
    assert first == (
        f"{path}:{line}: test[1].expect:"
        " found approve, by sweep; expected reject, for requests/keysign_erc20_usdt.json"
    )
    assert "test[3].expect: found ask 1 of treasury, within 30 min (by default)" in second
    assert "expected ask, by sweep" in second


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("requests/absent.json", "cannot be read: No such file"),
        ("requests", "cannot be read: Is a directory"),
        ("requests/ping.json", "which is a ping"),
        ("requests/manifest.json", "which is no CallbackRequest"),
        ("policy.toml", "which is no CallbackRequest"),
    ],
)
def test_a_file_that_gives_no_request_is_a_mistake_too(write, given, why):
    path = write(SWEEP, case(given))
    (said,) = mistakes(path)
    rows = path.read_text().splitlines()
    line = rows.index(f'given = "{given}"') + 1
    assert said.startswith(f'{path}:{line}: test[1].given: found "{given}", ')
    assert why in said


def test_a_file_that_is_too_large_for_a_request_is_not_read_to_its_end(write, monkeypatch):
    monkeypatch.setattr(policy_file, "LARGEST_REQUEST", 100)
    (said,) = mistakes(write(SWEEP, case("requests/keysign_erc20_usdt.json")))
    assert "larger than any request" in said


def test_what_cannot_be_read_has_one_sentence(tmp_path):
    absent = tmp_path / "policy.toml"
    with pytest.raises(PolicyUnreadable, match="cannot be read: No such file"):
        load_policy(absent)
    absent.write_bytes(b"\xff")
    with pytest.raises(PolicyUnreadable, match="is not UTF-8 text"):
        load_policy(absent)


def run(*arguments: object):
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_policy_check_counts_the_tests_that_passed(stopped: Home):
    path = stopped.settings.policy
    path.write_text(path.read_text() + case(ERC20, '"ask"') + "\n" + case(ERC20, '"ask"'))
    result = run("policy", "check", "--config", stopped.config)
    assert result.exit_code == 0
    assert "2 rules, 1 person, 2 tests passed, otherwise ask" in result.output


def test_a_policy_whose_tests_fail_is_used_by_nobody(stopped: Home):
    path = stopped.settings.policy
    good = path.read_text()
    path.write_text(good + case(ERC20) + "\n" + case(ERC20, '"reject"'))
    for command in (["policy", "check"], ["serve"], ["policy", "explain", ERC20]):
        result = run(*command, "--config", stopped.config)
        assert result.exit_code == 1
        assert "test[1].expect: found ask 1 of approvers, within 30 min" in result.output
        assert "test[2].expect" in result.output
    warning = Reader.of(stopped.settings).warning
    assert warning is not None
    assert "has mistakes (countersign policy check)" in warning
