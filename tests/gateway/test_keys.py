"""`countersign keys`: what is shown, proved and made, and the guide to rotation."""

import json
import re
import shlex
import shutil
from pathlib import Path

from click.testing import CliRunner

from approvals.audit import Audit
from gateway.cli.main import main
from gateway.clock import SYSTEM
from keys import rsa
from keys.signed_text import TextSigner

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"


def run(*arguments):
    return CliRunner().invoke(main, ["keys", *map(str, arguments)])


def test_show_prints_what_the_node_needs_and_whom_we_believe(patient):
    result = run("show", "--config", patient.config)
    assert result.exit_code == 0
    keys, listen = patient.folder / "keys", patient.settings.listen
    ours = rsa.fingerprint(rsa.load_public_key(keys / "callback-server-pub.pem"))
    theirs = rsa.fingerprint(rsa.load_public_key(keys / "tss-node-callback-pub.key"))
    events = rsa.fingerprint(rsa.load_public_key(keys / "tss-node-event-pub.key"))
    assert result.output == (
        "Our callback key for node-1\n"
        f"  RSA 2048, {ours}\n"
        f"  public half: {keys}/callback-server-pub.pem\n"
        "\n"
        f"{(keys / 'callback-server-pub.pem').read_text()}"
        "\n"
        "Copy that file to node-1, and into its cobo-tss-node-config.yaml:\n"
        "\n"
        "  callback:\n"
        "    cb_server_v2:\n"
        f'      - service_address: "http://{listen}/v2/check"\n'
        '        pubkey_path: "callback-server-pub.pem"\n'
        "    token_expire_minutes: 2\n"
        "    retry_times: 60\n"
        "    sleep_seconds: 2\n"
        "    request_timeout: 55\n"
        "\n"
        "Beside it, so that the node reports what became of each request:\n"
        "\n"
        "  event:\n"
        "    server:\n"
        f'      - url: "http://{listen}/v2/event"\n'
        "    event_types:\n"
        "      - request.keysign.succeeded\n"
        "      - request.keysign.failed\n"
        "      - request.keygen.succeeded\n"
        "      - request.keygen.failed\n"
        "      - request.keyreshare.succeeded\n"
        "      - request.keyreshare.failed\n"
        "      - request.keysharesign.succeeded\n"
        "      - request.keysharesign.failed\n"
        "    retry_times: 0\n"
        "\n"
        "Tokens of node-1 are accepted from\n"
        f"  {theirs}\n"
        f"    {keys}/tss-node-callback-pub.key\n"
        "\n"
        "Events of node-1 are accepted from\n"
        f"  {events}\n"
        f"    {keys}/tss-node-event-pub.key\n"
    )
    patient.change("countersign.toml", "event_public_key", "# event_public_key")
    assert "vent" not in run("show", "--config", patient.config).output


def test_show_gives_the_key_alone_for_a_file_and_all_of_it_for_machines(patient):
    pem = (patient.folder / "keys" / "callback-server-pub.pem").read_text()
    assert run("show", "--pem", "--config", patient.config).output == pem
    said = json.loads(run("show", "--json", "--config", patient.config).output)
    assert said["keys"][0]["pem"] == pem
    (node,) = said["keys"][0]["nodes"]
    assert node["name"] == "node-1"
    assert node["event_configuration"].startswith("event:\n")
    (events,) = node["accepted_events"]
    assert events["path"].endswith("/keys/tss-node-event-pub.key")
    assert run("show", "--pem", "--json", "--config", patient.config).exit_code == 2
    assert run("show", "--node", "node-9", "--config", patient.config).exit_code == 1


def test_where_we_listen_everywhere_the_host_is_left_to_people(patient):
    patient.change("countersign.toml", '\nlisten = "127.0.0.1:', '\nlisten = "0.0.0.0:')
    port = patient.settings.listen.port
    assert f'"http://GATEWAY:{port}/v2/check"' in run("show", "--config", patient.config).output


def test_check_proves_the_configured_pair_and_any_other(patient):
    keys = patient.folder / "keys"
    assert run("check", "--config", patient.config).exit_code == 0
    pair = (keys / "callback-server-pri.pem", keys / "callback-server-pub.pem")
    result = run("check", *pair)
    assert result.exit_code == 0
    assert result.output.startswith(f"{pair[0]} and {pair[1]} are a pair: RSA 2048, SHA256:")
    other = run("check", pair[0], patient.folder.parent / "other-pub.pem")
    assert other.exit_code == 1
    assert " are no pair: SHA256:" in other.stderr
    shutil.copy(patient.folder.parent / "other-pub.pem", pair[1])
    wrong = run("check", "--json", "--config", patient.config)
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["ok"] is False
    assert run("check", pair[0]).exit_code == 2


def test_a_private_key_that_others_can_read_is_refused(patient):
    keys = patient.folder / "keys"
    (keys / "callback-server-pri.pem").chmod(0o644)
    for arguments in (
        ("check", keys / "callback-server-pri.pem", keys / "callback-server-pub.pem"),
        ("check", "--config", patient.config),
        ("show", "--config", patient.config),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "can be read by others than its owner: chmod 600" in result.stderr


def test_a_new_key_is_private_and_overwrites_nothing(tmp_path):
    result = run("new", tmp_path / "a-pri.pem", "--bits", "2048")
    assert result.exit_code == 0
    assert (tmp_path / "a-pri.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a-pub.pem").stat().st_mode & 0o777 == 0o644
    assert run("check", tmp_path / "a-pri.pem", tmp_path / "a-pub.pem").exit_code == 0
    before = (tmp_path / "a-pub.pem").read_bytes()
    (tmp_path / "a-pri.pem").unlink()
    assert run("new", tmp_path / "a-pri.pem", "--bits", "2048").exit_code == 1
    assert (tmp_path / "a-pub.pem").read_bytes() == before
    assert not (tmp_path / "a-pri.pem").exists()


def test_the_commands_of_the_guide_run_as_they_are_written(patient, monkeypatch):
    section = GUIDE.read_text().split("## Rotating keys\n")[1].split("\n## ")[0]
    shells = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    lines = [line.strip() for shell in shells for line in shell.splitlines() if line.strip()]
    assert [line.split()[1] for line in lines] == ["keys", "keys", "keys", "doctor", "audit"]
    monkeypatch.chdir(patient.folder)
    old_key = rsa.load_private_key(patient.folder / "keys/callback-server-pri.pem")
    (patient.folder / "data").mkdir(mode=0o700)
    audit = Audit(
        patient.folder / "data" / "audit",
        process="00000000",
        clock=SYSTEM.now_ms,
        notary=TextSigner(old_key),
    )
    audit.close()
    for line in lines:
        if line.startswith("countersign keys show"):
            setting = 'name = "node-1"\nprivate_key = "keys/callback-server-2-pri.pem"'
            patient.change("countersign.toml", 'name = "node-1"', setting)
        if line.startswith("countersign audit"):
            old = '[keys]\nprivate_key = "keys/callback-server-pri.pem"'
            patient.change("countersign.toml", old, old.replace("server-pri", "server-2-pri"))
            (patient.folder / "keys/callback-server-pri.pem").unlink()
            assert CliRunner().invoke(main, ["audit", "verify"]).exit_code == 1
        small = ["--bits", "2048"] if " keys new " in line else []  # a large one takes its time
        result = CliRunner().invoke(main, [*shlex.split(line)[1:], *small])
        assert result.exit_code == 0, (line, result.output)
