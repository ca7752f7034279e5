"""`countersign simulate` against a real gateway, whose policy approves small transfers of USDT."""

import json
import signal
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.simulate.book import BOOK
from tests.support.home import made
from tests.support.requests import FOLDER
from tests.support.world import APPROVE_SMALL

SMALL, REFUSED, ASKED = "keysign_erc20_usdt", "bad_hash_mismatch", "keysign_eip191"
ONCE = ("--retry-times", "0", "--timeout", "0.2")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = made(tmp_path_factory.mktemp("simulate") / "home")
    with home.settings.policy.open("a") as policy:
        policy.write(APPROVE_SMALL)
    with home.served():
        yield home


@pytest.fixture
def simulate(home):
    def run(*arguments):
        words = ["simulate", *arguments, "--config", home.config]
        return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    return run


def of(*names):
    return [word for name in names for word in ("--sample", name)]


def document(result):
    return json.loads(result.stdout)


def test_whatever_a_node_or_a_stranger_does_gets_what_it_should(simulate):
    result = simulate("--misbehave", "all", "--json")
    said = document(result)
    assert [line for line in said["lines"] if not line["ok"]] == []
    assert [line["name"] for line in said["lines"]] == [each.name for each in BOOK]
    assert (said["ok"], said["played"], said["of"]) == (True, len(BOOK), len(BOOK))
    assert result.exit_code == 0


def test_a_misbehavior_is_told_in_a_table(simulate):
    result = simulate("--misbehave", "wrong-key", "--misbehave", "altered")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines[2] == "ok wrong-key signs with a key nobody knows HTTP 401"
    assert lines[-1] == "2 misbehaviors played. All as they should."
    assert max(map(len, result.output.splitlines())) <= 80


def test_a_sample_is_a_new_request_each_time_unless_it_is_asked_as_it_is(simulate):
    ids = [document(simulate(*of(REFUSED), "--json"))["request_id"] for _ in range(2)]
    recorded = json.loads((FOLDER / f"{REFUSED}.json").read_text())["request_id"]
    assert len({*ids, recorded}) == 3
    file = FOLDER / f"{REFUSED}.json"
    assert document(simulate(file, "--json"))["request_id"] == recorded


def test_several_are_asked_at_the_same_time_and_counted(simulate):
    result = simulate(*of(SMALL, REFUSED, "ping.json"), FOLDER / f"{REFUSED}.json", "--json")
    said = document(result)
    assert result.exit_code == 0, result.output
    rows = [(row["action"], row["cause"], row["count"]) for row in said["answers"]]
    assert rows == [("", "", 1), ("APPROVE", "", 1), ("REJECT", "contradiction", 2)]
    assert (said["ok"], said["requests"], said["unanswered"]) == (True, 4, 0)
    assert all(check["ok"] for check in said["checks"])
    assert len({each["request_id"] for each in said["each"]}) == 4


def test_what_is_told_of_several_fits_a_terminal(simulate):
    result = simulate(*of(SMALL, REFUSED, "keysign_eth_transfer_eip1559"), *ONCE)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("3 requests -> http://127.0.0.1:")
    assert max(map(len, lines)) <= 80
    head = ["answer", "cause", "count", "p50", "p90", "p99", "max"]
    assert head in [line.split() for line in lines]
    assert "1 request went without an answer." in lines
    assert lines[-1] == "FAIL  every request was answered within its window (1 time not)"
    assert "The gateway reckons with 20 / 1 / 10 " in result.stderr
    assert "this node plays 0 / 1 / 0.2," in result.stderr


def test_one_request_many_times_at_once_gets_one_answer(simulate):
    result = simulate(*of(SMALL), "--as-is", "--at-once", "5", "--expect", "approve", "--json")
    said = document(result)
    assert result.exit_code == 0, result.output
    assert len({each["request_id"] for each in said["each"]}) == 1
    assert said["answers"][0]["count"] == 5


def test_a_load_keeps_its_rate_and_is_timed(simulate):
    result = simulate(*of(SMALL, REFUSED), "--rate", "100", "--for", "0.2", "--json")
    said = document(result)
    assert result.exit_code == 0, result.output
    assert (said["requests"], [row["count"] for row in said["answers"]]) == (20, [10, 10])
    took = said["took"]
    assert 0 < took["p50"] <= took["p90"] <= took["p99"] <= took["most"]
    assert "each" not in said


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ((*of(SMALL), "--expect", "reject"), 1),
        ((*of(REFUSED), "--expect", "reject"), 0),
        ((*of(ASKED), *ONCE, "--expect", "none"), 0),
        ((*of(SMALL, REFUSED), "--expect", "approve"), 1),
    ],
)
def test_scripts_say_what_they_expect(simulate, words, status):
    assert simulate(*words).exit_code == status


def test_a_node_may_differ_and_is_believed(simulate):
    result = simulate(*of(SMALL), "--iss", "TEST_CHECKER", "--no-typ", "--clock-skew", "20")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("odd", [("--expires-in", "-120"), ("--clock-skew", "-3600")])
def test_a_node_whose_tokens_are_not_believed_is_told_so(simulate, odd):
    result = simulate(*of(SMALL), *odd, "--on-http-error", "reject")
    assert result.exit_code == 1
    assert "attempt 1 of 21: HTTP 401" in result.output
    assert "This does not hold: every answer came with HTTP 200." in result.output
    again = simulate(*of(SMALL), *odd, "--retry-times", "1", "--sleep", "0.1")
    assert again.output.count("Is that the gateway of this configuration? It takes no token") == 1
    crowd = simulate(*of(SMALL), *odd, "--at-once", "2")
    assert crowd.exit_code == 1
    assert "answers a ping with: HTTP 401. Nothing more was asked." in crowd.output


def test_whoever_ends_it_gets_the_counts_so_far(home):
    words = ["simulate", *of(REFUSED, ASKED), "--at-once", "2", "--config", home.config]
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "gateway", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        answered = 0
        while answered < 2:
            answered += "REJECT" in process.stdout.readline()
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (1, "")
    assert "2 requests not waited for: you ended it." in told
    assert "ok    no request got both APPROVE and REJECT" in told


def test_the_samples_are_named_with_what_they_do(simulate):
    listed = document(simulate("--list-samples", "--json"))
    names = {path.stem for path in FOLDER.glob("*.json")} - {"manifest"}
    assert {each["sample"] for each in listed} == names
    told = simulate("--list-samples").output
    assert "Send 2,500 USDT -> 0xd631…2A2c on ETH" in told
    result = simulate("--sample", "keysign_erc20")
    assert result.exit_code == 1
    assert "No sample is called keysign_erc20. Did you mean keysign_erc20_usdt?" in result.output
    assert "No sample is called manifest." in simulate("--sample", "manifest").output


def test_help_stands_under_headings_and_names_every_misbehavior(simulate):
    told = simulate("--help").output
    assert all(f"\n  {each.name} " in told for each in BOOK)
    assert len({each.name for each in BOOK}) == len(BOOK)
    headings = [line for line in told.splitlines() if line.endswith(":") and line[0] != " "]
    assert headings[0] == "What is asked:"
    assert headings[-1] == "Exit status:"


@pytest.mark.parametrize(
    ("option", "begun", "found"),
    [
        ("--sample", "keygen", ["keygen_ed25519", "keygen_secp256k1"]),
        ("--misbehave", "al", ["all", "alg-none", "alg-hs256", "altered"]),
    ],
)
def test_a_shell_completes_the_names_of_samples_and_misbehaviors(option, begun, found):
    complete = ShellComplete(main, {}, "countersign", "_COUNTERSIGN_COMPLETE")
    items = complete.get_completions(["simulate", option], begun)
    assert [item.value for item in items] == found


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Name what to ask"),
        (("--misbehave", "all", "--all"), "makes its own requests"),
        (("--misbehave", "politely"), "No misbehavior is called politely"),
        ((*of(SMALL), "--rate", "1"), "takes both"),
        ((*of(SMALL), "--for", "1"), "takes both"),
        ((*of(SMALL), "--rate", "1", "--for", "1", "--at-once", "2"), "not both"),
        ((*of(SMALL), "--rate", "500", "--for", "201"), "at most 100,000 requests"),
        ((*of(SMALL), "--rate", "501", "--for", "1"), "501.0 is not in the range"),
        ((*of(SMALL), "--at-once", "501"), "501 is not in the range"),
    ],
)
def test_what_contradicts_itself_is_a_usage_error(simulate, words, sentence):
    result = simulate(*words)
    assert result.exit_code == 2
    assert sentence in result.output


def test_events_need_a_key_of_their_own(simulate, tmp_path):
    absent = tmp_path / "absent.pem"
    result = simulate(*of(SMALL), "--events", "succeeded", "--event-key", absent)
    assert result.exit_code == 1
    assert result.output.startswith(f"{absent} does not exist")
    sentence = "Events are signed with a key of their own: name it with --event-key."
    assert result.output.endswith(f". {sentence}\n")


def test_where_no_gateway_is_nothing_is_asked_a_thousand_times(tmp_path):
    absent = made(tmp_path / "home")
    for words in (("--misbehave", "all"), (*of(SMALL), "--rate", "9", "--for", "9")):
        result = CliRunner().invoke(main, ["simulate", *words, "--config", str(absent.config)])
        assert result.exit_code == 3
        assert "is `countersign serve` running?" in result.output
