"""`countersign doctor`: what is wrong is named, with the line to change; what is well is left."""

import http.server
import json
import os
import shutil
import socket
import textwrap
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.config.file import load_as_far
from gateway.doctor import page
from gateway.doctor.check import Change, Section, warn, wrong
from gateway.doctor.examining import Wanted, _section, examine
from gateway.doctor.files import check_private
from gateway.doctor.notifiers import check_notifiers
from keys import ssh
from tests.support.patient import Found
from tests.support.receiver import receiving

# What only people can do after `init`: name two of on-call, bring the node's key, a passphrase.
GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
UNAVOIDABLE = ["keys.approver", "keys.test_node", "policy.on_call"]


def run(*arguments):
    return CliRunner().invoke(main, ["doctor", *map(str, arguments)])


def everything(folder):
    return {
        path.relative_to(folder): (path.stat().st_mode, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def test_what_init_writes_passes_and_nothing_is_changed(patient):
    before = everything(patient.folder)
    result = run("--config", patient.config)
    assert result.exit_code == 0
    assert result.output.endswith("25 checks: 22 ok, 3 warnings, 0 wrong.\n")
    assert everything(patient.folder) == before
    assert patient.examined().of("warning", "wrong") == UNAVOIDABLE


def test_the_guide_lists_every_subject(patient):
    table = GUIDE.read_text().split("| what it looks at | |\n|---|---|\n")[1].split("\n\n")[0]
    listed = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]
    found = [section.title for section in examine(Wanted(patient.config, patient.config))]
    assert listed == found


def test_strict_counts_warnings(patient):
    assert run("--strict", "--config", patient.config).exit_code == 1


def test_what_people_have_finished_passes_strictly(patient):
    keys = patient.folder / "keys"
    shutil.copy(patient.folder.parent / "other-pub.pem", keys / "tss-node-callback-pub.key")
    (keys / "test-node-pri.pem").unlink()
    (keys / "test-node-event-pri.pem").unlink()
    (keys / "approver_ed25519").unlink()
    line = ssh.public_key(ssh.generate_private_key()).line
    patient.change("policy.toml", "[groups]", f'[people.bo]\nssh_key = "{line}"\n\n[groups]')
    patient.change("policy.toml", "# on_call = ", "on_call = ")
    result = run("--strict", "--json", "--config", patient.config)
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert said["ok"] is True
    assert said["counts"]["warning"] == said["counts"]["wrong"] == 0


@pytest.mark.parametrize("name", ["callback-server-pri.pem", "seal.key"], ids=["private", "seal"])
def test_a_secret_that_others_can_read_is_wrong(patient, name):
    path = patient.folder / "keys" / name
    path.chmod(0o640)
    found = patient.examined()
    assert found.of("wrong") == ["files.private"]
    check = found.named("files.private", "wrong")
    assert check.sentence == f"{path} can be read by others than its owner."
    assert check.changes == (Change(f"chmod 600 {path}"),)


def test_a_secret_of_another_user_is_warned_of(patient):
    path = patient.folder / "keys" / "seal.key"
    if os.geteuid() == 0:
        os.chown(path, 4_294, -1)
    (check,) = check_private(path, os.geteuid() + 1)
    assert (check.name, check.level) == ("files.owner", "warning")
    assert check.changes[0].line.startswith("chown ")


def put(patient, source, name):
    shutil.copy(patient.folder.parent / source, patient.folder / "keys" / name)


KEYS = {
    "no private key": (lambda p: (p.folder / "keys/callback-server-pri.pem").unlink(),
                       "keys.private", "does not exist"),
    "no seal": (lambda p: (p.folder / "keys/seal.key").unlink(), "keys.seal", "does not exist"),
    "a damaged seal": (lambda p: p.change("keys/seal.key", "\n", "0\n"), "keys.seal", "64 hex"),
    "another public half": (lambda p: put(p, "other-pub.pem", "callback-server-pub.pem"),
                            "keys.public", "is not the public half of"),
    "a private key in public": (lambda p: put(p, "other-pri.pem", "callback-server-pub.pem"),
                                "keys.public", "holds a private key"),
    "no key of the node": (lambda p: (p.folder / "keys/tss-node-callback-pub.key").unlink(),
                           "keys.node", "does not exist"),
    "our own key as the node's": (
        lambda p: put(p, "home/keys/callback-server-pub.pem", "tss-node-callback-pub.key"),
        "keys.node", "is our own public key: put that of node-1 there."),
    "no key of its events": (lambda p: (p.folder / "keys/tss-node-event-pub.key").unlink(),
                             "keys.event", "does not exist"),
    "no RSA key of its events": (lambda p: p.change("keys/tss-node-event-pub.key", "M", "-"),
                                 "keys.event", "tss-node-event-pub.key"),
    "the callback key for its events": (
        lambda p: put(p, "home/keys/tss-node-callback-pub.key", "tss-node-event-pub.key"),
        "keys.event", "node-1 has this key for events, and node-1 for callbacks"),
}  # fmt: skip


@pytest.mark.parametrize("case", KEYS)
def test_a_key_that_is_not_what_it_should_be_is_wrong(patient, case):
    hurt, name, says = KEYS[case]
    hurt(patient)
    found = patient.examined()
    assert found.of("wrong") == [name]
    assert says in found.named(name, "wrong").sentence


def test_a_node_that_has_the_key_of_another_is_wrong(patient):
    node = '[[tss_node]]\nname = "node-2"\ncallback_public_key = "keys/tss-node-callback-pub.key"\n'
    numbers = "retry_times = 60\nsleep_seconds = 2\nrequest_timeout = 55\n\n[keys]"
    patient.change("countersign.toml", "[keys]", node + numbers)
    check = patient.examined().named("keys.node", "wrong")
    assert check.sentence.endswith(
        "node-2 and node-1 share this callback key: each node has its own."
    )


def test_the_test_nodes_keys_are_named_with_all_that_is_to_do(patient):
    check = patient.examined().named("keys.test_node", "warning")
    assert check.sentence.endswith(
        "whose private keys lie here: before real use, put your TSS Node's public keys in their"
        " place and delete test-node-event-pri.pem and test-node-pri.pem."
    )
    keys = patient.folder / "keys"
    assert [change.line for change in check.changes] == [
        f"cp YOUR-NODES-EVENT-KEY {keys}/tss-node-event-pub.key",
        f"cp YOUR-NODES-CALLBACK-KEY {keys}/tss-node-callback-pub.key",
        f"rm {keys}/test-node-event-pri.pem",
        f"rm {keys}/test-node-pri.pem",
    ]
    (keys / "test-node-event-pri.pem").unlink()
    check = patient.examined().named("keys.test_node", "warning")
    assert check.sentence.endswith("public key in its place and delete test-node-pri.pem.")


@pytest.mark.parametrize("name", ["countersign.toml", "policy.toml", "keys"])
def test_what_everybody_may_change_is_wrong(patient, name):
    path = patient.folder / name
    path.chmod(path.stat().st_mode | 0o002)
    found = patient.examined()
    assert found.of("wrong") == ["files.writable"]
    assert found.named("files.writable", "wrong").changes == (Change(f"chmod o-w {path}"),)


def test_a_folder_that_everybody_may_use_is_not_everybodys(tmp_path, patient):
    keys = patient.folder / "keys"
    keys.chmod(0o1777)
    assert patient.examined().of("wrong") == []


WINDOWS = {
    "one attempt": (
        ("retry_times = 60", "retry_times = 0"),
        "window.one_attempt",
        {"retry_times": "60"},
    ),
    "Cobo's examples": (
        ("sleep_seconds = 2\nrequest_timeout = 55", "sleep_seconds = 60\nrequest_timeout = 10"),
        "window.listening",
        {"sleep_seconds": "2", "request_timeout": "55"},
    ),
    "little time": (
        ("retry_times = 60", "retry_times = 2"),
        "window.short",
        {"retry_times": "60"},
    ),
}


@pytest.mark.parametrize("case", WINDOWS)
def test_a_window_that_leaves_people_little_is_warned_of_with_the_lines_of_both(patient, case):
    (old, new), name, numbers = WINDOWS[case]
    patient.change("countersign.toml", old, new)
    patient.change("policy.toml", 'within = "30m"', 'within = "40s"')
    found = patient.examined()
    assert found.of("warning") == sorted([*UNAVOIDABLE, name])
    theirs = "the node's cobo-tss-node-config.yaml, callback"
    ours = 'countersign.toml, [[tss_node]] "node-1"'
    assert found.named(name, "warning").changes == (
        *(Change(f"{key}: {number}", theirs) for key, number in numbers.items()),
        *(Change(f"{key} = {number}", ours) for key, number in numbers.items()),
    )


def test_the_arithmetic_of_the_window_is_said(patient):
    patient.change("countersign.toml", "sleep_seconds = 2\n", "sleep_seconds = 60\n")
    patient.change("countersign.toml", "request_timeout = 55", "request_timeout = 10")
    found = patient.examined()
    assert found.named("window.length", "ok").sentence == (
        "Node node-1 (retry_times 60, sleep_seconds 60, request_timeout 10): people have up to"
        " 70 min, and it listens 14% of that time; a decision reaches it at most 60 s late."
    )
    assert "up to 60 s late" in found.named("window.listening", "warning").sentence


def test_more_time_than_the_node_has_is_warned_of_where_the_policy_gives_it(patient):
    patient.change("policy.toml", 'within = "30m"', 'within = "2h"')
    patient.change("policy.toml", 'id = "risky"', 'id = "risky"\nwithin = "3h"')
    warned = [c for c in patient.examined().checks if c.name == "window.deadline"]
    assert [check.changes for check in warned] == [
        (Change('within = "57m"', "policy.toml, [ask]"),),
        (Change('within = "57m"', 'policy.toml, rule "risky"'),),
    ]
    assert warned[0].sentence == (
        "policy.toml gives people 120 min in [ask], and node node-1 gives up 58 min after it"
        " asked: people have the shorter of the two."
    )


def test_every_mistake_of_the_configuration_is_wrong_and_nothing_is_guessed(patient):
    patient.change("countersign.toml", "retry_times = 60", 'retry_times = "60"\nfoo = 1')
    found = patient.examined()
    assert [(check.name, check.level) for check in found.checks] == [("config.loads", "wrong")] * 2
    assert found.checks[0].sentence.endswith("found '60'.")
    (patient.config).unlink()
    assert patient.examined().of("wrong") == ["config.loads"]


def test_every_mistake_of_the_policy_is_wrong_and_the_rest_is_looked_at(patient):
    patient.change("policy.toml", 'effect = "ask"', 'effect = "sk"')
    found = patient.examined()
    assert found.of("wrong") == ["policy.loads", "policy.loads"]
    assert {"keys.seal", "window.length", "data.fsync"} <= set(found.of("ok"))


def test_what_policy_check_warns_of_is_a_warning(patient):
    with (patient.folder / "policy.toml").open("a") as policy:
        policy.write('[[rule]]\nid = "one"\nwhy = "x"\neffect = "reject"\nwhen.wallet = "cold"\n')
    check = patient.examined().named("policy.warning", "warning")
    assert '"one"' in check.sentence or "one" in check.sentence


def test_who_is_asked_for_a_signature_and_has_no_key_is_named(patient):
    patient.change("policy.toml", "# [people.bo]\n# slack", "[people.bo]\nslack")
    patient.change("policy.toml", 'approvers = ["ana"]', 'approvers = ["ana", "bo"]')
    check = patient.examined().named("policy.voters", "warning")
    assert (
        check.sentence == "bo is asked by [ask] and has no ssh_key, without which no vote is taken."
    )
    assert check.changes == (Change('ssh_key = "ssh-ed25519 …"', "policy.toml, [people.bo]"),)


def test_a_data_directory_that_is_open_to_others_is_wrong(patient):
    data = patient.folder / "data"
    data.mkdir(mode=0o755)
    (data / "operator.cookie").write_text("x")
    (data / "operator.cookie").chmod(0o644)
    found = patient.examined()
    assert found.of("wrong") == ["data.directory", "files.private"]
    assert found.named("data.directory", "wrong").changes == (Change(f"chmod 700 {data}"),)


@pytest.mark.parametrize("inside", ["", "audit", "redis"])
def test_a_directory_that_the_gateway_could_not_write_is_wrong(patient, inside, monkeypatch):
    folder = patient.folder / "data" / inside
    folder.mkdir(mode=0o700, parents=True)
    folder.parent.chmod(0o700)
    monkeypatch.setattr(os, "access", lambda path, _how: path != folder)  # nobody keeps root out
    check = patient.examined().named("data.directory", "wrong")
    assert check.sentence == f"{folder} cannot be written, though it is ours."
    assert check.changes == (Change(f"chmod 700 {folder}"),)


def test_a_data_directory_that_is_a_file_is_wrong(patient):
    (patient.folder / "data").write_text("x")
    assert patient.examined().of("wrong") == ["data.directory"]


@pytest.mark.parametrize(
    ("key", "name"),
    [("listen", "machine.listen"), ("operator_listen", "machine.operator_listen")],
)
def test_an_address_that_everybody_reaches_is_warned_of(patient, key, name):
    patient.change("countersign.toml", f'\n{key} = "127.0.0.1:', f'\n{key} = "0.0.0.0:')
    found = patient.examined()
    assert found.of("warning") == sorted([*UNAVOIDABLE, name])
    assert found.of("wrong") == []


def test_an_address_of_another_machine_is_wrong_with_one_of_ours(patient):
    patient.change("countersign.toml", '\nlisten = "127.0.0.1:', '\nlisten = "203.0.113.9:')
    port = patient.settings.listen.port
    check = patient.examined().named("machine.ports", "wrong")
    assert check.sentence == (
        f"listen = 203.0.113.9:{port} cannot be listened on: this machine has no such address."
    )
    here = Change(f'listen = "127.0.0.1:{port}"', "countersign.toml, [gateway]")
    assert check.changes == (here,)


def test_a_port_that_another_program_holds_is_wrong(patient):
    listen = patient.settings.listen
    with http.server.HTTPServer(
        (listen.host, listen.port), http.server.BaseHTTPRequestHandler
    ) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        found = patient.examined()
        server.shutdown()
        thread.join()
    check = found.named("machine.ports", "wrong")
    assert check.sentence.startswith(f"Something else than our gateway holds {listen}:")


def test_what_hangs_is_said_and_keeps_nothing_from_being_told(patient, monkeypatch):
    monkeypatch.setattr("gateway.doctor.machine._WITHIN_S", 60)
    listen = patient.settings.listen
    with socket.create_server((listen.host, listen.port)):  # takes connections, says nothing
        began = time.monotonic()
        found = patient.examined(limit_s=3)
        assert time.monotonic() - began < 20
    assert found.of("wrong") == ["machine.time"]
    assert "data.fsync" in found.of("ok")


SLACK = """
[slack]
workspace = "T0ACME"
channel = "C0APPROVALS"
bot_token = { env = "SLACK_BOT_TOKEN" }
app_token = { env = "SLACK_APP_TOKEN" }
api_url = "http://127.0.0.1:9/api/"
"""


def test_a_secret_that_is_missing_is_wrong_and_the_rest_is_looked_at(patient, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1-hush")
    monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
    with patient.config.open("a") as config:
        config.write(SLACK)
    found = patient.examined()
    assert found.of("wrong") == ["config.secrets", "slack.token"]
    assert "SLACK_APP_TOKEN is not set" in found.named("config.secrets", "wrong").sentence
    assert "data.fsync" in found.of("ok")


HOOK = """
[[notify]]
name = "siem"
kind = "webhook"
url = { env = "HOOK_URL" }
secret = { env = "HOOK_SECRET" }

[[notify]]
name = "pager"
kind = "apprise"
url = { env = "PAGER_URL" }
"""


async def notified(patient):
    """What is found of [[notify]], and which mistakes the configuration has."""
    settings, mistakes = load_as_far(patient.config)
    return Found(await check_notifiers(settings)), mistakes


async def test_another_notifier_is_looked_at_and_hears_nothing(patient, monkeypatch):
    with patient.config.open("a") as config:
        config.write(HOOK)
    monkeypatch.setenv("HOOK_SECRET", "hush")
    monkeypatch.setenv("PAGER_URL", "pagerduty://SECRETPART@SECRETPART/a/b")
    async with receiving() as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.url)
        found, mistakes = await notified(patient)
    assert mistakes == ()
    assert found.of("warning", "wrong") == []
    assert found.named("notify.reach", "ok").sentence == (
        "siem: its server answers; nothing was sent."
    )
    assert found.named("notify.address", "ok").sentence.startswith("pager: apprise takes its")
    assert receiver.posted == []
    gone, _ = await notified(patient)
    check = gone.named("notify.reach", "wrong")
    assert check.sentence == "siem: its server does not answer (ConnectionRefusedError)."
    config = patient.config
    assert check.changes == (Change(f"countersign notify test siem --config {config}"),)


async def test_a_notifier_without_its_secret_or_whose_address_is_none_is_wrong(
    patient, monkeypatch
):
    with patient.config.open("a") as config:
        config.write(HOOK)
    monkeypatch.setenv("HOOK_URL", "https://127.0.0.1:9/hook")
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    monkeypatch.setenv("PAGER_URL", "nonsense://hush")
    found, mistakes = await notified(patient)
    assert found.of("ok", "wrong") == ["notify.address", "notify.secret"]
    said = [*mistakes, *(check.sentence for check in found.checks)]
    assert len(mistakes) == 2
    assert not any("hush" in sentence for sentence in said)


def test_a_redis_whose_address_is_missing_is_not_taken_for_our_own_server(patient, monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    with patient.config.open("a") as config:
        config.write('[redis]\nurl = { env = "REDIS_URL" }\n')
    found = patient.examined()
    assert found.of("wrong") == ["config.secrets", "store.reach"]
    check = found.named("store.reach", "wrong")
    assert check.sentence == "Redis is not asked: its url cannot be read."


def test_no_secret_is_printed_whatever_is_wrong(patient, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1-hush")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xoxb-2-hush")
    monkeypatch.setenv("REDIS_URL", "redis://user:a-hush@127.0.0.1:9/0")
    with patient.config.open("a") as config:
        config.write(SLACK + '[redis]\nurl = { env = "REDIS_URL" }\n')
    seal = (patient.folder / "keys" / "seal.key").read_text().strip()
    for flags in ([], ["--json"]):
        result = run("--config", patient.config, *flags)
        assert result.exit_code == 1
        assert "hush" not in result.output
        assert seal not in result.output
    assert patient.examined().of("wrong") == ["slack.token", "store.reach"]
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-2-hush")
    found = patient.examined()
    assert found.of("wrong") == ["slack.reach", "store.reach"]
    assert not any("hush" in check.sentence for check in found.checks)


def test_on_a_terminal_sentences_fit_and_what_is_to_be_copied_is_whole():
    long = "A sentence that says much of what is wrong with this and that " * 3
    line = 'pubkey_path: "' + "x" * 100 + '"'
    lines = list(page._on_screen(wrong("a.b", long + "\x1b[2J.", Change(line, "a.yaml"))))
    plain = [text.replace("\x1b[31m\x1b[1m", "").replace("\x1b[0m", "") for text in lines]
    assert plain[0].startswith("  ✗ A sentence")
    assert all(len(text) <= 80 for text in plain[:-1])
    assert not any("\x1b" in text for text in plain)
    assert plain[-2:] == ["      change: a.yaml", f"        {line}"]


def test_what_belongs_to_one_place_stands_below_its_name_and_paths_are_short(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changes = (Change("a:", "x.yaml"), Change("  - b: 2", "x.yaml"), Change(f"rm {tmp_path}/y"))
    assert list(page._in_pipe(wrong("a.b", f"{tmp_path}/y is wrong.", *changes))) == [
        "  wrong   y is wrong.",
        "          change: x.yaml",
        "            a:",
        "              - b: 2",
        "          change: rm y",
    ]


def test_a_block_to_be_copied_keeps_the_indentation_that_yaml_means():
    block = 'event:\n  server:\n    - url: "x"\n'
    changes = [Change(line, "a.yaml") for line in block.splitlines()]
    for lines in (page._in_pipe, page._on_screen):
        copied = [*lines(wrong("a.b", "It.", *changes))][2:]
        assert textwrap.dedent("\n".join(copied)) + "\n" == block


def test_in_a_pipe_each_check_is_a_line_without_colors(patient):
    result = CliRunner().invoke(main, ["doctor", "--config", str(patient.config)], color=True)
    assert "\x1b" not in result.output
    assert f"  ok      {patient.config} can be read, with 1 TSS Node.\n" in result.output
    sections = [Section("One", (warn("a", "b."), wrong("c", "d.")))]
    assert page.summary(sections) == "2 checks: 0 ok, 1 warning, 1 wrong."


def test_json_names_every_check_with_its_section_and_changes(patient):
    result = run("--json", "--config", patient.config)
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert said["counts"] == {"ok": 22, "warning": 3, "wrong": 0}
    by_name = {check["name"]: check for check in said["checks"]}
    assert by_name["keys.approver"]["section"] == "Keys"
    assert by_name["keys.approver"]["level"] == "warning"
    assert by_name["keys.approver"]["changes"] == [
        {"line": f"ssh-keygen -p -f {patient.folder}/keys/approver_ed25519", "where": ""}
    ]


def test_whose_configuration_it_is_needs_one():
    assert run("--node", "node-1").exit_code == 2


async def test_an_error_that_nobody_foresaw_is_one_check_and_shows_nothing():
    async def failing():
        raise RuntimeError("xoxb-hush")

    section = await _section("Slack", "slack", failing(), 1.0)
    (check,) = section.checks
    assert (check.name, check.level) == ("slack.bug", "wrong")
    assert check.sentence == "This could not be looked at (RuntimeError): please report it."
