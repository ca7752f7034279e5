import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.completing import complete
from gateway.cli.main import main
from gateway.desk.cookie import Cookie
from gateway.oncall import listing, page, votes
from keys import ssh, ssh_files
from tests.support.home import Home, made
from tests.support.requests import sample
from tests.support.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = made(tmp_path_factory.mktemp("oncall") / "home")
    with home.served():
        yield home


@pytest.fixture
def asked(home):
    with home.asked() as asked:
        yield asked


def run(*arguments, **options):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], **options)


def vote(home, verb, wanted, *more, key=None):
    key = key or home.key
    return run(
        verb, wanted, "--reason", "known payee", "--key", key, "--config", home.config, *more
    )


def test_a_person_in_the_group_approves_from_the_terminal(home, asked):
    result = vote(home, "approve", asked.request_id)
    assert result.exit_code == 0, result.output
    assert "Send 2,500 USDT -> 0xd631…2A2c on Ethereum\n" in result.output
    whole = "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"
    assert f"Send 2,500 USDT to {whole} on Ethereum\n" in result.output
    assert f"Counted: approve node-1/{asked.request_id}" in result.output
    assert (asked.conclusion.action, asked.conclusion.by) == ("APPROVE", "server")


def test_a_person_in_the_group_rejects_from_the_terminal(home, asked):
    result = vote(home, "reject", f"node-1/{asked.request_id}")
    assert result.exit_code == 0, result.output
    assert "Rejected by ana" in result.output
    assert asked.conclusion.error == "person: refused by an approver"
    assert "known payee" not in asked.conclusion.error


def test_a_vote_that_does_not_count_is_no_success(home, asked):
    assert vote(home, "reject", asked.request_id).exit_code == 0
    again = vote(home, "approve", asked.request_id)
    assert again.exit_code == 1
    assert "Already decided. Rejected by ana" in again.output


def test_a_stranger_is_told_that_nobody_has_this_key(home, asked, tmp_path):
    ssh_files.write_private_key(tmp_path / "id", ssh.generate_private_key())
    result = vote(home, "approve", asked.request_id, key=tmp_path / "id")
    assert result.exit_code == 1
    assert "No person of the policy in force has the key SHA256:" in result.output


def test_the_key_may_come_from_the_environment_and_options_from_anywhere(home, asked):
    environment = {"COUNTERSIGN_SSH_KEY": str(home.key)}
    arguments = ["--config", home.config, "reject", "--reason", "no", asked.request_id]
    assert run("reject", *arguments[3:], *arguments[:2], env=environment).exit_code == 0


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_vote_without_reason_or_key_is_a_usage_error(home, verb):
    assert run(verb, "x", "--key", home.key, "--config", home.config).exit_code == 2
    assert run(verb, "x", "--reason", "y", "--config", home.config).exit_code == 2
    blank = run(verb, "x", "--reason", " \n", "--key", home.key, "--config", home.config)
    assert blank.exit_code == 2
    assert "a reason is needed" in blank.output


def test_list_and_show_carry_the_full_request_id(home, asked):
    for arguments in (["list"], ["show", asked.request_id]):
        result = run(*arguments, "--config", home.config)
        assert result.exit_code == 0, result.output
        assert asked.request_id in result.output
        assert "Send 2,500 USDT" in result.output


def test_a_state_may_be_typed_in_any_case_and_pending_is_what_waits(home, asked):
    def listed(state):
        output = run("list", "--state", state, "--config", home.config).output
        return asked.request_id in output

    assert [listed(state) for state in ("pending", "Open", "rejected")] == [True, True, False]
    vote(home, "reject", asked.request_id)
    assert [listed(state) for state in ("pending", "REJECTED")] == [False, True]


def test_show_is_what_an_approver_sees(home, asked):
    shown = run("show", asked.request_id, "--config", home.config).output
    for text in (
        "VERIFIED: decoded from the bytes",
        "2,500 USDT",
        "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c",
        "0 of 1 · waiting for approvers",
        "Cobo says · none of this is proved",
        "treasury-api-key",
        "Deadline:",
    ):
        assert text in shown


def test_show_raw_prints_the_bytes_whose_hash_is_signed(home, asked):
    info = sample("keysign_erc20_usdt").extra["transaction"]["raw_tx_info"]
    raw = bytes.fromhex(info["unsigned_raw_tx"].removeprefix("0x"))
    sha256 = hashlib.sha256(raw).hexdigest()
    shown = run("show", asked.request_id, "--raw", "--config", home.config)
    assert shown.exit_code == 0, shown.output
    digest, measured, digits = shown.output.splitlines()
    assert digest.startswith("Digest ")
    assert measured == f"unsigned_raw_tx: {len(raw)} bytes, SHA-256 {sha256}"
    assert digits == raw.hex()
    told = json.loads(
        run("show", asked.request_id, "--raw", "--json", "--config", home.config).output
    )
    assert told["raw"] == [{"name": "unsigned_raw_tx", "sha256": sha256, "hex": raw.hex()}]


def test_what_could_not_be_recomputed_is_shown_loudly(home):
    with home.asked("keysign_raw_message_hash") as asked:
        shown = run("show", asked.request_id, "--config", home.config).output
        first, *rest = shown.splitlines()
        assert first == "NOT VERIFIED: Sign a bare hash 0x907e…e50e as 0xe461…03EE (raw)"
        assert any(line.startswith("NOT VERIFIED: A bare hash is to be signed") for line in rest)


def test_show_tells_how_it_ended_and_who_said_what(home, asked):
    vote(home, "reject", asked.request_id)
    assert asked.conclusion.action == "REJECT"
    shown = run("show", asked.request_id, "--config", home.config).output
    assert "ana signed:" in shown
    assert "known payee" in shown
    assert ", ended " in shown


def test_machines_read_json(home, asked):
    (listed,) = [
        each
        for each in json.loads(run("list", "--json", "--config", home.config).output)
        if each["request_id"] == asked.request_id
    ]
    shown = json.loads(run("show", asked.request_id, "--json", "--config", home.config).output)
    assert listed.items() <= shown.items()
    assert (listed["state"], listed["verified"], listed["final"]) == ("open", True, None)
    amount = {"label": "Amount", "value": "2,500 USDT", "exact": True, "whole": True}
    assert shown["sheet"]["proved"][0] == {**amount, "loud": False, "begins": True}


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_machines_vote_and_read_json(home, asked, verb):
    result = vote(home, verb, asked.request_id, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["counted"], said["choice"]) == (True, verb)
    assert said["member"] == f"node-1/{asked.request_id}"
    assert said["state"] in {"closing", "closed"}
    assert "by ana" in said["status"]
    assert len(said["digest"]) == 64

    again = vote(home, verb, asked.request_id, "--json")
    assert again.exit_code == 1
    said = json.loads(again.stdout)
    assert (said["counted"], said["choice"]) == (False, verb)
    assert "Already decided" in said["error"]


def test_machines_read_json_of_a_vote_that_could_not_be_cast(home):
    result = vote(home, "approve", "nothing-like-it", "--json")
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["counted"] is False
    assert "No approval is called nothing-like-it" in said["error"]


def test_a_terminal_gets_tables_that_fit(home, asked, monkeypatch, capsys):
    monkeypatch.setattr(page, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    listing.list_approvals(home.settings, listing.Filter(), as_json=False)
    votes.show(home.settings, asked.request_id, as_json=False)
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert asked.request_id in shown.replace("\n", "")
    assert "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c" in shown


def test_an_empty_list_is_said(monkeypatch, capsys):
    monkeypatch.setattr(page, "on_terminal", lambda: True)
    page.print_list((), 0, "Nothing is waiting for people.")
    assert capsys.readouterr().out == "Nothing is waiting for people.\n"


def test_a_pipe_gets_plain_lines(home, asked):
    result = subprocess.run(
        [sys.executable, "-m", "gateway", "list", "--config", home.config],
        capture_output=True,
        check=True,
        text=True,
    )
    (line,) = [line for line in result.stdout.splitlines() if asked.request_id in line]
    assert line.split("\t")[0] == f"node-1/{asked.request_id}"
    assert "\x1b" not in result.stdout


def test_an_id_that_is_too_short_says_how_long_one_is(home):
    result = run("show", "2", "--config", home.config)
    assert result.exit_code == 1
    assert "see `countersign list`; a beginning counts from 6 characters on." in result.output


def test_an_id_that_means_nothing_or_several_is_refused(home, asked):
    result = run("show", "20991231", "--config", home.config)
    assert result.exit_code == 1
    assert "No approval is called 20991231: see `countersign list`." in result.output
    with home.asked() as other:
        result = vote(home, "approve", "node-1/20")
        assert result.exit_code == 1
        assert "name one of them" in result.output
        assert other.request_id in result.output
        assert asked.request_id in result.output
    assert not asked.done


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_an_encrypted_key_needs_a_terminal(home, asked, tmp_path):
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "opens", "-f", str(key)], check=True)
    result = vote(home, "approve", asked.request_id, key=key)
    assert result.exit_code == 1
    assert "is encrypted: its passphrase is needed: run this on a terminal." in result.output


def test_a_key_file_that_is_none_is_one_sentence(home, asked, tmp_path):
    result = vote(home, "approve", asked.request_id, key=tmp_path / "absent")
    assert result.exit_code == 1
    assert "absent does not exist" in result.output
    (tmp_path / "open").write_bytes(home.key.read_bytes())
    (tmp_path / "open").chmod(0o644)
    assert "chmod 600" in vote(home, "approve", asked.request_id, key=tmp_path / "open").output


def test_a_gateway_that_is_not_there_is_exit_status_3(tmp_path):
    home = made(tmp_path / "home")
    for arguments in (["list"], ["show", "x"]):
        result = run(*arguments, "--config", home.config)
        assert result.exit_code == 3
        assert "`countersign serve` is not running" in result.output
    home.settings.data_dir.mkdir()
    Cookie.bake(home.settings.data_dir)
    result = vote(home, "approve", "abcdef")
    assert result.exit_code == 3
    assert "is `countersign serve` running?" in result.output


CLASSES = {
    "list": (["list"], []),
    "list --freezes": (["list", "--freezes"], []),
    "show": (["show", "nothing-like-it"], []),
    "approve": (["approve", "nothing-like-it"], ["--reason", "x"]),
    "reject": (["reject", "nothing-like-it"], ["--reason", "x"]),
    "freeze": (["freeze"], ["--reason", "x"]),
    "thaw": (["thaw", "1-abcd"], ["--reason", "x"]),
    "policy reload": (["policy", "reload"], []),
}


@pytest.mark.parametrize("name", CLASSES)
def test_the_exit_status_says_what_sort_of_end_it_was(home, tmp_path, name):
    """3: nobody is there; 2: wrong usage; 1: refused or not found; 0: done."""
    words, signed = CLASSES[name]
    signing = [*signed, "--key", home.key] if signed else []
    assert run(*words, *signing, "--config", made_stopped(tmp_path)).exit_code == 3
    assert run(*words, *signing, "--no-such-option", "--config", home.config).exit_code == 2
    if signed:
        assert run(*words, "--key", home.key, "--config", home.config).exit_code == 2
    found = name in {"list", "list --freezes", "policy reload"}
    assert run(*words, *signing, "--config", home.config).exit_code == (0 if found else 1)
    assert run(*words, *signing, "--config", tmp_path / "absent.toml").exit_code == 1


def made_stopped(folder):
    """The configuration of a gateway that does not run; its keys need not be there."""
    (folder / "countersign.toml").write_text(
        '[gateway]\noperator_listen = "127.0.0.1:1"\n'
        '[keys]\nprivate_key = "a"\nseal_key = "b"\n'
        '[[tss_node]]\nname = "n"\ncallback_public_key = "c"\n'
        "retry_times = 1\nsleep_seconds = 1\nrequest_timeout = 1\n"
    )
    return folder / "countersign.toml"


def test_the_help_says_what_an_exit_status_means():
    shown = run("--help").output
    assert [line[:7] for line in shown.splitlines()[-4:]] == [
        "    0  ",
        "    1  ",
        "    2  ",
        "    3  ",
    ]


def completed(home, *words):
    """What bash offers for the last word, by the script that `completion` prints."""
    script = (
        'eval "$(python -m gateway completion bash)"\n'
        'countersign() { python -m gateway "$@"; }\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
        '_countersign_whole countersign "${COMP_WORDS[$COMP_CWORD]}" ""\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", script, "bash", "countersign", *words],
        capture_output=True,
        check=True,
        text=True,
        cwd=home.folder,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_the_ids_of_open_approvals(home, asked):
    pressed = (completed(home, "show", asked.request_id[:9]) for _ in range(10))
    assert any(asked.request_id in found for found in pressed)  # a busy machine: press it again


def test_bash_goes_on_after_the_colon_of_an_id_with_what_is_missing(home, asked):
    task, _, attempt = asked.request_id.partition(":")
    assert completed(home, "show", task, ":") == [attempt]
    assert completed(home, "show", "node-1/" + task, ":", attempt) == [attempt]
    assert completed(home, "show", "--js") == ["--json"]


def test_fish_cuts_only_what_an_id_is_told_by():
    script = run("completion", "fish").output
    assert 'string split --max 1 ","' in script
    assert 'string split ","' not in script


def test_fish_reads_the_whole_amount_beside_an_id(home, asked):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    begun = f"complete -C 'countersign show {asked.request_id[:20]}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"python -m gateway completion fish | source; {begun}"],
        capture_output=True,
        check=True,
        text=True,
        cwd=home.folder,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert f"{asked.request_id}\tSend 2,500 USDT -> 0xd631…2A2c on Ethereum" in done.stdout


def test_a_tab_offers_ids_nodes_and_nothing_that_a_shell_would_run(home, asked, monkeypatch):
    monkeypatch.setattr("gateway.cli.completing._WITHIN_S", PATIENCE_S)
    found = complete("approvals", home.config, "")
    assert asked.request_id in [each.value for each in found]
    assert not any("/" in each.value for each in found)
    (item,) = [each for each in found if each.value == asked.request_id]
    assert item.help == "Send 2,500 USDT -> 0xd631…2A2c on Ethereum"
    members = [each.value for each in complete("approvals", home.config, "node-1/2")]
    assert f"node-1/{asked.request_id}" in members
    assert [each.value for each in complete("nodes", home.config, "no")] == ["node-1"]


def drip(server):
    """Answers without an end, a byte at a time, so that no single wait is long."""
    caller, _ = server.accept()
    with caller, contextlib.suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"." * 200:
            caller.sendall(bytes([byte]))
            time.sleep(0.1)


def test_a_tab_that_finds_nobody_is_silent_and_quick(tmp_path):
    home = other_home(tmp_path)
    long = {"approval": {"request_id": "x1"}, "member": "n/x1", "headline": "word " * 40}
    with LyingDesk(home, long):
        assert [each.help for each in complete("approvals", home.config, "")] == [
            f"{'word ' * 11}word…"
        ]
    evil = {"approval": {"request_id": "x$(id)"}, "member": "n/`id`", "headline": "\x1b[2J"}
    with LyingDesk(home, evil):
        assert complete("approvals", home.config, "") == []
    with LyingDesk(home, {"approval": 3}):
        assert complete("approvals", home.config, "") == []
    address = home.settings.operator_listen
    with socket.create_server((address.host, address.port)) as server:
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        began = time.monotonic()
        assert complete("approvals", home.config, "") == []
        assert 0.4 < time.monotonic() - began < 10
    for config in (home.config, tmp_path / "absent.toml", None):
        assert complete("approvals", config, "") == []


def test_a_missing_configuration_is_one_sentence(tmp_path):
    result = run("list", "--config", tmp_path / "countersign.toml")
    assert result.exit_code == 1
    assert "does not exist: name it with --config" in result.output
    assert "Traceback" not in result.output


def test_a_command_that_is_none_is_wrong_usage():
    assert run("nonsense").exit_code == 2


def test_a_policy_edited_meanwhile_is_pointed_out(home, asked):
    path = home.settings.policy
    text = path.read_text()
    try:
        path.write_text(text + "\n# edited\n")
        assert (
            "policy.toml differs" in run("show", asked.request_id, "--config", home.config).output
        )
        path.write_text("nonsense")
        result = vote(home, "reject", asked.request_id)
        assert "has mistakes" in result.output
        assert result.exit_code == 0
    finally:
        path.write_text(text)


class LyingDesk:
    """Answers `find` as told and counts the votes that reach it."""

    def __init__(self, home: Home, answer):
        self.votes: list[bytes] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.reply({"approvals": [answer], "more": 0})

            def do_POST(self):
                desk.votes.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.reply({"error": "no"})

            def reply(self, document):
                content = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        address = home.settings.operator_listen
        self.server = HTTPServer((address.host, address.port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def entry(home, asked):
    (found,) = home.desk.find(asked.request_id)
    return found


def other_home(tmp_path):
    home = made(tmp_path / "other")
    home.settings.data_dir.mkdir()
    Cookie.bake(home.settings.data_dir)
    return home


@pytest.mark.parametrize(
    "lie",
    [
        lambda entry: entry["request"].update(detail=entry["request"]["detail"] + " "),
        lambda entry: entry["request"].update(request_id="20261001120003341000000000000009:1"),
        lambda entry: entry["request"].update(type=1),
        lambda entry: entry["approval"].update(digest="ab" * 32),
        lambda entry: entry["approval"].update(node="node-2"),
        lambda entry: entry.update(request=None),
        lambda entry: entry.update(gateway=None),
        lambda entry: entry.update(gateway="x\nchoice: approve"),
        lambda entry: entry.pop("approval"),
    ],
)
def test_nothing_is_signed_for_a_desk_that_lies(entry, tmp_path, lie):
    home = other_home(tmp_path)
    wanted = entry["approval"]["request_id"]
    with LyingDesk(home, entry) as honest:
        vote(home, "approve", wanted)
        assert len(honest.votes) == 1
    lie(entry)
    with LyingDesk(home, entry) as desk:
        result = vote(home, "approve", wanted)
        assert result.exit_code == 1
        assert desk.votes == []
        assert "Traceback" not in result.output


def test_another_approval_than_asked_is_not_signed(entry, tmp_path):
    home = other_home(tmp_path)
    with LyingDesk(home, entry) as desk:
        result = vote(home, "approve", "20991231000000000000000000000000:1")
        assert result.exit_code == 1
        assert "another approval than asked" in result.output
        assert desk.votes == []


def test_the_signed_digest_is_of_the_bytes_and_not_of_what_the_gateway_says(entry, tmp_path):
    home = other_home(tmp_path)
    entry.update(headline="Send 1 USDT -> a friend", verified=True)
    with LyingDesk(home, entry) as desk:
        result = vote(home, "approve", entry["approval"]["request_id"])
        assert "Send 2,500 USDT" in result.output
        assert "a friend" not in result.output
        (body,) = desk.votes
        assert f"digest: {entry['approval']['digest']}\n" in json.loads(body)["statement"]


def test_an_id_of_several_says_what_each_is_and_none_at_all_is_said(home, asked):
    with home.asked("keysign_raw_message_hash") as other:
        both = next(
            asked.request_id[:n]
            for n in range(40, 5, -1)
            if other.request_id.startswith(asked.request_id[:n])
        )
        done = run("show", both, "--config", home.config)
    assert done.exit_code == 1
    lines = done.output.splitlines()
    for each, headline in (
        (asked, "open: Send 2,500 USDT -> 0xd631…2A2c on Ethereum"),
        (other, "open: NOT VERIFIED: Sign a bare hash 0x907e…e50e as 0xe461…03EE (raw)"),
    ):
        (number,) = [n for n, line in enumerate(lines) if f"/{each.request_id} " in line]
        assert lines[number + 1] == f"    {headline}"
    done = run("show", "", "--config", home.config)
    assert (done.exit_code, done.output) == (
        1,
        "Name an approval: `countersign list` has their ids.\n",
    )


def test_the_cookie_of_another_gateway_says_what_to_do(home, tmp_path):
    other = other_home(tmp_path)
    path = other.config
    listen = str(home.settings.operator_listen)
    path.write_text(path.read_text().replace(str(other.settings.operator_listen), listen))
    done = run("list", "--config", path)
    assert done.exit_code == 1
    assert "does not take the cookie of this data_dir" in done.output
    assert "--config FILE." in done.output


def test_what_must_be_said_stands_first_in_the_help():
    lines = run("approve", "--help").output.splitlines()
    options = [line.split()[0] for line in lines if line.startswith("  --")]
    assert options == ["--reason", "--key", "--override", "--json", "--config", "--help"]
    commands = run("--help").output.splitlines()[1:]
    assert not [line for line in commands if line.endswith("...")]
