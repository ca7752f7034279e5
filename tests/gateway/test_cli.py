import hashlib
import json
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from keys.rsa import load_private_key, public_pem
from tests.support.home import made
from tests.support.requests import FOLDER

ERC20 = FOLDER / "keysign_erc20_usdt.json"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = made(tmp_path_factory.mktemp("cli") / "home")
    with home.served():
        yield home


@pytest.fixture
def stopped(tmp_path):
    return made(tmp_path / "home", retry_times="1", sleep_seconds="0.1", request_timeout="1")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_help_imports_nothing_heavy():
    code = (
        "import sys, click\n"
        "from gateway.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = 'aiohttp cryptography redis rich slack_sdk starlette structlog uvicorn'.split()\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_gateway_imports_what_a_family_of_chains_needs_when_it_first_meets_one():
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import gateway.run, gateway.serve\n"
        "from approvals.inspect import inspect\n"
        "from approvals.chains.tables import SHIPPED\n"
        "from tests.support.requests import sample\n"
        "heavy = 'apprise btclib_libsecp256k1 eth_abi eth_account nacl solders'.split()\n"
        "chains = 'evm tron solana bitcoin'.split()\n"
        "def met():\n"
        "    print([name for name in heavy if name in sys.modules],\n"
        "          [name for name in chains if f'approvals.inspect.{name}' in sys.modules])\n"
        "met()\n"
        "inspect(sample('keysign_sol_transfer').request, SHIPPED)\n"
        "met()\n"
    )
    command = [sys.executable, "-c", code]
    root = FOLDER.parent.parent
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=root)
    assert done.stdout.splitlines() == ["[] []", "['nacl'] ['solana']"]


@pytest.mark.parametrize(
    "command",
    [
        "serve",
        "list",
        "show",
        "approve",
        "reject",
        "policy check",
        "policy explain",
        "policy reload",
        "simulate",
    ],
)
def test_every_command_takes_a_configuration(command):
    assert "--config FILE" in run(*command.split(), "--help").output


def test_policy_check_says_what_it_holds(stopped):
    result = run("policy", "check", "--config", stopped.config)
    assert result.exit_code == 0
    assert "policy.toml is fine: 2 rules, 1 person, otherwise ask" in result.output


def test_policy_check_names_file_line_and_what_was_expected(stopped):
    path = stopped.settings.policy
    path.write_text(path.read_text().replace('within = "30m"', 'within = "soon"\ncolour = 1'))
    result = run("policy", "check", "--config", stopped.config)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{path}:") and "expected" in line for line in lines)
    path.unlink()
    assert "cannot be read" in run("policy", "check", "--config", stopped.config).output


def test_policy_check_speaks_json(stopped):
    path = stopped.settings.policy
    good = path.read_text()
    result = run("policy", "check", "--json", "--config", stopped.config)
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert said["ok"] is True
    assert said["digest"] == hashlib.sha256(good.encode()).hexdigest()
    assert [rule["id"] for rule in said["rules"]] == ["risky", "key-ceremony"]
    assert (said["warnings"], said["mistakes"], said["tests"]) == ([], [], 0)

    path.write_text(good.replace('within = "30m"', 'within = "soon"\ncolour = 1'))
    result = run("policy", "check", "--json", "--config", stopped.config)
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["ok"] is False
    within = said["mistakes"][0]
    assert within["file"] == str(path)
    assert path.read_text().splitlines()[within["line"] - 1] == 'within = "soon"'
    assert (within["key"], within["found"]) == ("ask.within", '"soon"')
    assert within["expected"].startswith("a time above zero")
    assert len(said["mistakes"]) == 2

    path.unlink()
    result = run("policy", "check", "--json", "--config", stopped.config)
    assert result.exit_code == 1
    assert "cannot be read" in json.loads(result.stdout)["error"]


def test_policy_reload_says_what_came_of_it(home):
    path = home.settings.policy
    good = path.read_text()
    try:
        same = run("policy", "reload", "--config", home.config)
        assert (same.exit_code, "in force already" in same.output) == (0, True)
        path.write_text(good + "\n# edited\n")
        done = run("policy", "reload", "--json", "--config", home.config)
        assert done.exit_code == 0
        said = json.loads(done.stdout)
        new = hashlib.sha256(path.read_bytes()).hexdigest()
        assert (said["ok"], said["outcome"], said["digest"]) == (True, "changed", new)
        path.write_text('default = "approve"\ncolour = 1\n')
        result = run("policy", "reload", "--config", home.config)
        assert result.exit_code == 1
        *mistakes, last = result.output.splitlines()
        assert len(mistakes) == 3
        assert all(line.startswith(f"{path}:") and "expected" in line for line in mistakes)
        assert last == f"{path} has 3 mistakes. The policy in force stays {new[:16]}."
        result = run("policy", "reload", "--json", "--config", home.config)
        assert (result.exit_code, json.loads(result.stdout)["ok"]) == (1, False)
        assert json.loads(result.stdout)["mistakes"] == mistakes
    finally:
        path.write_text(good)
        run("policy", "reload", "--config", home.config)


def test_policy_reload_without_a_gateway_is_exit_status_3(stopped):
    result = run("policy", "reload", "--config", stopped.config)
    assert result.exit_code == 3
    assert "`countersign serve` is not running" in result.output


def test_policy_explain_prints_findings_rules_and_verdict(stopped):
    result = run("policy", "explain", ERC20, "--config", stopped.config)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "Send 2,500 USDT -> 0xd631…2A2c on Ethereum"
    assert lines[1] == "checks: passed"
    assert "unsigned_raw_tx, 113 bytes:" in lines
    start = lines.index("  rule risky (ask): no")
    assert lines[start + 1] == "    flags_any: no"
    assert lines[-1] == "verdict: ask 1 of approvers, within 30 min"


def test_policy_explain_shows_which_bytes_say_so(stopped):
    arguments = ["policy", "explain", ERC20, "--json", "--config", stopped.config]
    document = json.loads(run(*arguments).output)
    outer = json.loads(ERC20.read_text())
    raw_tx_info = json.loads(outer["extra_info"])["transaction"]["raw_tx_info"]
    raw = bytes.fromhex(raw_tx_info["unsigned_raw_tx"].removeprefix("0x"))
    outermost = [span for span in document["bytes"] if span["depth"] == 0]
    assert "".join(span["hex"] for span in outermost) == raw.hex()


def test_policy_explain_speaks_json(stopped):
    arguments = ["policy", "explain", FOLDER / "keysign_raw_message_hash.json", "--json"]
    document = json.loads(run(*arguments, "--config", stopped.config).output)
    assert document["checks"] == "unverified"
    assert document["reasons"][0]["check"] == 9
    answers = {rule["id"]: rule["answer"] for rule in document["rules"]}
    assert answers == {"risky": "yes", "key-ceremony": "no"}
    assert document["verdict"]["strength"] == "ssh"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("ping.json", "This is a ping"), ("manifest.json", "This is no CallbackRequest")],
)
def test_policy_explain_needs_a_request(stopped, name, sentence):
    result = run("policy", "explain", FOLDER / name, "--config", stopped.config)
    assert result.exit_code == 1
    assert sentence in result.output


def test_an_unknown_node_is_one_sentence(stopped):
    for command in (["policy", "explain"], ["simulate"]):
        result = run(*command, ERC20, "--node", "x", "--config", stopped.config)
        assert result.exit_code == 1
        assert "No [[tss_node]] is called x. Configured: node-1." in result.output


def test_simulate_prints_attempts_and_the_verified_answer(home):
    result = run("simulate", FOLDER / "bad_hash_mismatch.json", "--fresh", "--config", home.config)
    assert result.exit_code == 1, result.output
    lines = result.output.splitlines()
    assert lines[1] == "attempt 1 of 21: waiting"
    assert lines[2].startswith("attempt 1 of 21: REJECT after ")
    assert lines[3].startswith("REJECT, verified and signed by the gateway, after ")
    assert ": contradiction: " in lines[3]


def test_simulate_speaks_json(home):
    arguments = ["simulate", FOLDER / "bad_hash_mismatch.json", "--json", "--fresh"]
    document = json.loads(run(*arguments, "--config", home.config).output)
    assert (document["action"], document["by"], document["attempts"]) == ("REJECT", "server", 1)


@pytest.mark.parametrize("name", ["ping.json", "ping_empty_objects.json", "ping_omitempty.json"])
def test_simulate_pings(home, name):
    result = run("simulate", FOLDER / name, "--config", home.config)
    assert result.exit_code == 0, result.output
    assert "the answer to a ping, verified and signed by the gateway" in result.output


def test_simulate_without_a_gateway_keeps_the_window_and_exits_3(stopped):
    result = run("simulate", ERC20, "--config", stopped.config)
    assert result.exit_code == 3
    first, _, rest = result.output.partition("attempt 2 of 2")
    assert "attempt 1 of 2: connection refused after 0.0 s; again in 0.1 s" in first
    assert "is `countersign serve` running? It is asked again until the window ends" in first
    assert "It is asked again" not in rest
    assert "REJECT, because the node gave up" in result.output
    assert "is `countersign serve` running?" in result.output


def test_simulate_signs_with_the_nodes_own_key_only(stopped):
    result = run(
        "simulate", ERC20, "--key", stopped.settings.private_key, "--config", stopped.config
    )
    assert result.exit_code == 1
    assert "is not the private half of a callback key of node-1." in result.output
    result = run("simulate", ERC20, "--key", "absent.pem", "--config", stopped.config)
    assert "absent.pem does not exist" in result.output


def test_a_request_that_is_no_json_object_is_a_usage_error(stopped, tmp_path):
    path = tmp_path / "request.json"
    path.write_text("[1]")
    assert run("simulate", path, "--config", stopped.config).exit_code == 2
    assert run("simulate", tmp_path / "absent", "--config", stopped.config).exit_code == 2


def test_serve_refuses_to_start_half_configured(stopped):
    stopped.settings.private_key.chmod(0o644)
    stopped.settings.seal_key.unlink()
    result = run("serve", "--config", stopped.config)
    assert result.exit_code == 1
    assert "chmod 600" in result.output
    assert "seal.key does not exist" in result.output
    assert "Traceback" not in result.output


def test_serve_refuses_a_policy_with_mistakes(stopped):
    stopped.settings.policy.write_text('default = "approve"\n')
    result = run("serve", "--config", stopped.config)
    assert result.exit_code == 1
    assert "policy.toml:1: default: found" in result.output


def test_a_second_gateway_on_the_same_data_is_refused(home):
    result = run("serve", "--config", home.config)
    assert result.exit_code == 1
    assert "is in use by another gateway" in result.output


def test_the_audit_tells_what_happened_to_a_request(home):
    with home.asked() as asked:
        arguments = ["reject", asked.request_id, "--reason", "not ours", "--key", home.key]
        assert run(*arguments, "--config", home.config).exit_code == 0
        assert asked.conclusion.action == "REJECT"
    result = run("audit", "show", asked.request_id, "--config", home.config)
    assert result.exit_code == 0, result.output
    shown = result.output.splitlines()
    assert max(map(len, shown)) <= 80
    events = [line[23:46].strip() for line in shown if not line.startswith(" ")]
    assert events == ["asked", "voted", "finalized", "answered"]
    for said in (
        "Send 2,500 USDT",
        "checks: passed",
        "1 of approvers (ana)",
        "ana: reject",
        "signed with SHA256:",
        "because: not ours",
        "REJECT person: refused by an approver",
        "REJECT, signed for attempt 1 ",
    ):
        assert said in result.output
    lines = json.loads(
        run("audit", "show", asked.request_id, "--json", "--config", home.config).output
    )
    assert [line["event"] for line in lines] == events
    assert lines[0]["request"]["detail"].startswith("{")
    nothing = run("audit", "show", "20991231", "--config", home.config)
    assert nothing.exit_code == 1
    assert "holds nothing about 20991231" in nothing.output


def test_the_audit_verifies_while_the_gateway_runs_and_with_its_public_key_alone(home, tmp_path):
    """The heads that the log has are checked too."""
    running = run(
        "audit", "verify", "--heads", home.folder / "gateway.log", "--config", home.config
    )
    assert running.exit_code == 0, running.output
    assert running.output.endswith("The audit is whole.\n")
    public = tmp_path / "public.pem"
    public.write_bytes(public_pem(load_private_key(home.settings.private_key).public_key()))
    places = (home.settings.data_dir / "audit", "--public-key", public)
    absent = ("--config", tmp_path / "absent.toml")
    said = json.loads(run("audit", "verify", *places, "--json", *absent).output)
    assert (said["whole"], said["chains"], said["findings"]) == (True, 1, [])
    nothing = run("audit", "verify", "--heads", home.config, "--config", home.config)
    assert nothing.exit_code == 1
    assert "holds no head of an audit" in nothing.output


def test_an_audit_that_was_changed_is_told_with_file_and_line(home, tmp_path):
    folder = tmp_path / "audit"
    shutil.copytree(home.settings.data_dir / "audit", folder)
    (path,) = folder.glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"why":"start"', b'"why":"START"', 1))
    result = run("audit", "verify", folder, "--config", home.config)
    assert result.exit_code == 1
    assert f"{path}, line 1 was changed" in result.output
    assert "The audit is not whole: 2 findings. Keep it as it is." in result.output


def test_auditors_get_every_line_with_its_request_and_readable_times(home, tmp_path):
    with home.asked():
        pass
    audit, archive = tmp_path / "audit", tmp_path / "archive"
    shutil.copytree(home.settings.data_dir / "audit", audit)  # where nothing more is written
    shutil.copytree(audit, archive)
    result = run("audit", "export", audit, "--since", "1d", "--config", home.config)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    (asked, *_) = [line for line in lines if line["event"] == "asked"]
    assert asked["request"]["request_id"] == asked["approval"]["request_id"]
    assert asked["approval"]["deadline_iso"].endswith("Z")
    assert f"{len(lines)} lines written. The audit is whole." in result.stderr
    together = run("audit", "export", archive, audit, "--since", "1d", "--config", home.config)
    assert (together.exit_code, together.stdout) == (0, result.stdout)
    none = run("audit", "export", "--since", "1d", "--until", "1d", "--config", home.config)
    assert (none.exit_code, none.stdout) == (0, "")
    assert run("audit", "export", "--since", "soon", "--config", home.config).exit_code == 2
