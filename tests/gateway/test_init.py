import json
import os
import re
import textwrap
import tomllib
from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner

from approvals.aftermath.facts import Report
from approvals.findings import Passed, Unverified
from approvals.inspect import inspect
from approvals.policy.judge import judge
from approvals.policy.load import load as load_policy
from approvals.risks import RISKS, Flag
from gateway.cli.main import main
from gateway.config.file import load
from gateway.doors.event_wire import parse_event
from gateway.setup import init as starting
from gateway.setup.init import InitError, Plan
from keys import rsa, ssh, ssh_files
from tests.support.events import event
from tests.support.requests import ABSENT, sample


def plan(tmp_path, **changes):
    return replace(Plan(tmp_path / "home", "ana", None, with_test_node=True, bits=2048), **changes)


def policy_of(home):
    return load_policy((home / "policy.toml").read_text())


def files_of(home):
    return {path.relative_to(home): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_what_it_writes_loads_and_serves_as_it_is(tmp_path):
    starting.init(plan(tmp_path))
    home = tmp_path / "home"
    settings = load(home / "countersign.toml")
    assert settings.policy == home / "policy.toml"
    policy = policy_of(home)
    assert not policy.warnings
    key = ssh_files.load_private_key(home / starting.APPROVER_KEY)
    person = policy.person_by_key(ssh.public_key(key).line)
    assert person is not None
    assert person.name == "ana"


def test_the_test_nodes_events_have_a_key_of_their_own_and_a_real_nodes_are_left_to_be_set(
    tmp_path,
):
    starting.init(plan(tmp_path))
    home = tmp_path / "home"
    (node,) = load(home / "countersign.toml").nodes
    assert node.event_keys == (home / starting.EVENT_PUBLIC,)
    private = rsa.load_private_key(home / starting.TEST_EVENT_KEY)
    public = rsa.load_public_key(home / starting.EVENT_PUBLIC)
    assert rsa.fingerprint(private.public_key()) == rsa.fingerprint(public)
    bare = plan(tmp_path, folder=tmp_path / "bare", with_test_node=False)
    starting.init(bare)
    assert '# event_public_key = "' in (tmp_path / "bare" / "countersign.toml").read_text()
    (block,) = re.findall(r"^   event:\n(?:     .*\n)+", starting.what_next(bare), re.MULTILINE)
    document = yaml.safe_load(textwrap.dedent(block))
    assert document["event"]["server"] == [{"url": "http://127.0.0.1:11020/v2/event"}]
    for name in document["event"]["event_types"]:
        document = event(name.rpartition(".")[2]) | {"event_type": name}
        assert isinstance(parse_event(json.dumps(document).encode()), Report)


def test_an_approver_can_bring_a_key(tmp_path):
    public = tmp_path / "id.pub"
    line = ssh.public_key(ssh.generate_private_key()).line
    public.write_text(f'{line} bo\'s \\ "laptop"\n')
    starting.init(plan(tmp_path, approver="bo", ssh_line=starting.read_ssh_line(public)))
    home = tmp_path / "home"
    person = policy_of(home).person_by_key(line)
    assert person is not None
    assert person.name == "bo"
    assert not (home / starting.APPROVER_KEY).exists()


def test_secrets_are_only_their_owners(tmp_path):
    old = os.umask(0)
    try:
        starting.init(plan(tmp_path))
    finally:
        os.umask(old)
    home = tmp_path / "home"
    assert (home / "keys").stat().st_mode & 0o777 == 0o700
    for name in (
        starting.SERVER_KEY,
        starting.SEAL_KEY,
        starting.TEST_NODE_KEY,
        starting.TEST_EVENT_KEY,
        starting.APPROVER_KEY,
    ):
        assert (home / name).stat().st_mode & 0o777 == 0o600, name


@pytest.mark.parametrize("there", ["countersign.toml", "policy.toml", "keys/seal.key"])
def test_it_never_overwrites_and_then_writes_nothing(tmp_path, there):
    path = tmp_path / "home" / there
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(InitError, match="exists already: nothing written"):
        starting.init(plan(tmp_path))
    assert list(files_of(tmp_path / "home").values()) == [b"mine"]


def test_every_time_the_keys_are_others(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    starting.init(plan(tmp_path, folder=first))
    starting.init(plan(tmp_path, folder=second))
    one, other = files_of(first), files_of(second)
    assert one.keys() == other.keys()
    assert {str(name) for name in one if one[name] == other[name]} == {"countersign.toml"}


@pytest.mark.parametrize("name", ["", "a b", "x.y", 'a"]\n[x', "-x"])
def test_a_name_that_is_none_writes_nothing(tmp_path, name):
    with pytest.raises(InitError, match="cannot name a person"):
        starting.init(plan(tmp_path, approver=name))
    assert not (tmp_path / "home").exists()


def test_what_is_no_public_key_is_one_sentence(tmp_path):
    private = tmp_path / "id"
    ssh_files.write_private_key(private, ssh.generate_private_key())
    with pytest.raises(InitError, match=r"name its .pub file"):
        starting.read_ssh_line(private)
    with pytest.raises(InitError, match="does not exist"):
        starting.read_ssh_line(tmp_path / "absent")
    (tmp_path / "x").write_text("hello")
    with pytest.raises(InitError, match="expected an OpenSSH public key"):
        starting.read_ssh_line(tmp_path / "x")


@pytest.mark.parametrize(
    ("name", "strength"),
    [
        ("keysign_erc20_usdt", "any"),
        ("keysign_raw_message_hash", "ssh"),
        ("keysign_eip191", "ssh"),
        ("v1_keysign_eth", "ssh"),
        ("keysign_contract_call_approve", "any"),
        ("keygen_secp256k1", "ssh"),
        ("keyreshare_secp256k1", "ssh"),
    ],
)
def test_what_cannot_be_read_is_approved_by_signed_votes_only(tmp_path, name, strength):
    starting.init(plan(tmp_path))
    policy = policy_of(tmp_path / "home")
    verdict = judge(inspect(sample(name).request, policy.tables), policy)
    assert verdict.effect == "ask"
    assert verdict.strength == strength
    assert [(need.group, need.count) for need in verdict.needs] == [("approvers", 1)]


def test_what_is_known_and_not_verified_is_approved_by_signed_votes_only(tmp_path):
    starting.init(plan(tmp_path))
    policy = policy_of(tmp_path / "home")
    unclaimed = sample("keysign_erc20_usdt").with_transaction("token_id", ABSENT)
    findings = inspect(unclaimed.request, policy.tables)
    assert findings.complete
    assert isinstance(findings.integrity, Unverified)
    assert judge(findings, policy).strength == "ssh"


def test_what_lets_somebody_else_move_coins_is_approved_by_signed_votes_only(tmp_path):
    starting.init(plan(tmp_path))
    policy = policy_of(tmp_path / "home")
    permit = inspect(sample("keysign_eip712_permit").request, policy.tables)
    assert permit.integrity == Passed()
    for risk in RISKS[:4]:
        flagged = replace(permit, flags=(Flag(risk, "seen"),))
        assert judge(flagged, policy).strength == "ssh", risk
    assert judge(permit, policy).strength == "any"


def test_the_examples_in_the_policy_are_good_once_uncommented(tmp_path):
    starting.init(plan(tmp_path))
    text = (tmp_path / "home/policy.toml").read_text()
    start = text.index("# [lists]")
    rules = "\n".join(line.removeprefix("#").strip() for line in text[start:].splitlines())
    policy = load_policy(text[:start] + rules)
    assert [rule.id for rule in policy.rules] == ["risky", "key-ceremony", "sweep-home"]


def test_the_settings_it_prints_for_the_node_are_those_it_wrote(tmp_path):
    made = plan(tmp_path)
    starting.init(made)
    said = starting.what_next(made)
    (node,) = tomllib.loads((tmp_path / "home/countersign.toml").read_text())["tss_node"]
    for key in ("retry_times", "sleep_seconds", "request_timeout"):
        assert f"     {key}: {node[key]}\n" in said
    assert str(tmp_path / "home/keys/callback-server-pub.pem") in said


def test_without_a_test_node_it_says_where_the_nodes_key_goes(tmp_path):
    folder = str(tmp_path / "home")
    result = CliRunner().invoke(main, ["init", folder, "--approver", "ana", "--without-test-node"])
    assert result.exit_code == 0
    assert (
        f"public key at\n   {tmp_path / 'home/keys/tss-node-callback-pub.key'}.\n" in result.output
    )
    again = CliRunner().invoke(main, ["init", str(tmp_path / "home")])
    assert again.exit_code == 1
    assert "more files exist already: nothing written; name another folder" in again.output


SLACK = ("--slack-workspace", "T0ACME", "--slack-channel", "C0APPROVALS")


def run_init(folder, *options):
    return CliRunner().invoke(main, ["init", str(folder), "--approver", "ana", *options])


def test_slacks_ids_are_written_where_they_belong_and_the_tokens_come_next(tmp_path, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    result = run_init(tmp_path / "home", *SLACK, "--slack-user", "U024ANA")
    assert result.exit_code == 0
    slack = load(tmp_path / "home" / "countersign.toml").slack
    assert slack is not None
    assert (slack.workspace, slack.channel) == ("T0ACME", "C0APPROVALS")
    person = policy_of(tmp_path / "home").person_by_slack("U024ANA")
    assert person is not None
    assert person.name == "ana"
    steps = [line for line in result.output.splitlines() if line[:2] in {"1.", "3.", "4."}]
    assert steps == [
        "1. Make the Slack app from docs/slack-app-manifest.yaml, and in the channel type",
        "3. Look everything over:",
        "4. Start:",
    ]
    assert "export SLACK_APP_TOKEN=xapp-" in result.output


def test_without_ids_slacks_settings_wait_to_be_uncommented(tmp_path, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    starting.init(plan(tmp_path))
    config = tmp_path / "home" / "countersign.toml"
    assert load(config).slack is None
    before, slack, after = config.read_text().partition("# [slack]\n")
    settings = "\n".join(line.removeprefix("# ") for line in after.splitlines()[:4])
    config.write_text(f"{before}[slack]\n{settings}\n")
    assert slack
    assert load(config).slack is not None


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (SLACK[:2], 2, "Slack takes two ids"),
        (("--slack-user", "U024ANA"), 2, "Slack takes two ids"),
        ((*SLACK, "--slack-user", "@ana"), 1, "'@ana' is no id of a Slack person"),
        ((*SLACK[:3], "#approvals"), 1, "'#approvals' is no id of a Slack channel"),
    ],
    ids=["half", "only a person", "a name", "a channel's name"],
)
def test_what_is_no_id_of_slack_writes_nothing(tmp_path, options, status, says):
    result = run_init(tmp_path / "home", *options)
    assert result.exit_code == status
    assert says in result.stderr
    assert not (tmp_path / "home").exists()


def test_lines_of_what_comes_next_fit_a_terminal_but_for_those_to_copy(tmp_path):
    slack = starting.Slack("T0ACME", "C0APPROVALS")
    for test_node, chosen in ((True, None), (False, slack)):
        made = Plan(tmp_path / "x", "ana", with_test_node=test_node, slack=chosen)
        said = starting.what_next(made)
        prose = [line for line in said.splitlines() if str(tmp_path) not in line]
        assert max(map(len, prose)) <= 80
