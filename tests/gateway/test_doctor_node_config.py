"""A TSS Node's own configuration beside ours; and what a hostile one can do: nothing."""

import os
import re
import shutil
import time

import pytest

from gateway.doctor.check import Change
from gateway.doctor.node_config import NodeConfigError, read_node_config
from gateway.doctor.tss_node import check_node_config
from gateway.setup.node_block import REPORTED, callback_block, event_block
from tests.support.patient import ADVISED, Found

NODE = """\
main_path: somewhere
callback:
  cb_server_v2:
    - service_address: "http://127.0.0.1:PORT/v2/check"
      pubkey_path: "callback-server-pub.pem"
  token_expire_minutes: 2
  retry_times: 60
  sleep_seconds: 2
  request_timeout: 55
"""


@pytest.fixture
def node(patient):
    """The file of a node that agrees with us, with our public key beside it."""
    folder = patient.folder.parent / "node"
    folder.mkdir()
    shutil.copy(patient.folder / "keys" / "callback-server-pub.pem", folder)
    path = folder / "cobo-tss-node-config.yaml"
    listen = patient.settings.listen
    path.write_text(NODE.replace("PORT", str(listen.port)) + event_block(listen))
    return path


def compared(patient, path, name=None):
    return Found(check_node_config(patient.settings, path, name))


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_node_that_agrees_is_well_and_its_key_is_found_beside_its_file(patient, node):
    found = compared(patient, node)
    assert found.of("warning", "wrong") == []
    assert found.of("ok") == [
        f"node_config.{name}"
        for name in ("address", "events", "heartbeat", "key", "patience", "tokens")
    ]
    assert found.named("node_config.tokens", "ok").sentence == (
        "The node's tokens are good for 2 min: they pass while our clock is less than 150 s ahead"
        " of the node's."
    )


def test_it_is_compared_beside_all_the_rest(patient, node):
    found = patient.examined(node)
    assert found.of("wrong") == []
    assert found.named("node_config.key", "ok")
    assert found.named("keys.seal", "ok")


def test_what_init_and_keys_show_print_for_the_node_agrees(patient, node):
    settings = patient.settings
    block = callback_block(settings.listen, "callback-server-pub.pem", settings.nodes[0].window)
    node.write_text(block + event_block(settings.listen))
    assert compared(patient, node).of("warning", "wrong") == []


@pytest.mark.parametrize("key", ADVISED)
def test_a_number_that_differs_is_wrong_with_our_line(patient, node, key):
    change(node, f"{key}: {ADVISED[key]}", f"{key}: 7")
    found = compared(patient, node)
    assert found.of("wrong") == ["node_config.patience"]
    check = found.named("node_config.patience", "wrong")
    assert f"says {key}: 7, and we have {ADVISED[key]}:" in check.sentence
    assert check.changes == (Change(f"{key} = 7", 'countersign.toml, [[tss_node]] "node-1"'),)


def test_a_node_that_asks_once_is_not_to_be_followed(patient, node):
    change(node, "retry_times: 60", "retry_times: 0")
    check = compared(patient, node).named("node_config.patience", "wrong")
    assert check.changes == (Change("retry_times: 60", f"{node}, callback"),)


def test_what_the_node_leaves_out_is_its_own_default(patient, node):
    for key in ADVISED:
        change(node, f"  {key}: {ADVISED[key]}\n", "")
    wrong = [c for c in compared(patient, node).checks if c.level == "wrong"]
    assert [c.sentence.partition(", and")[0].rpartition("default ")[2] for c in wrong] == [
        "retry_times: 2",
        "sleep_seconds: 15",
        "request_timeout: 10",
    ]
    assert [(change.line, change.where) for c in wrong for change in c.changes] == [
        (f"{key}: {ADVISED[key]}", f"{node}, callback") for key in ADVISED
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a: 1\ncallback:\n  retry_times: 1\n  retry_times: 2", "4 (retry_times stands twice)"),
        (
            "callback:\n\tretry_times: 1",
            r"2 (found character '\t' that cannot start any token)",
        ),
    ],
)
def test_yaml_that_is_none_is_said_with_the_line_and_why(tmp_path, content, says):
    path = tmp_path / "node.yaml"
    path.write_text(content)
    with pytest.raises(NodeConfigError) as caught:
        read_node_config(path)
    assert str(caught.value) == f"{path} is no YAML that can be read in line {says}."


ADDRESSES = {
    "another path": ("/v2/check", "/v1/check", "wrong", "the path that is answered is /v2/check."),
    "another port": (":PORT", ":1", "warning", "right only where something passes it on."),
    "no host": ("127.0.0.1", "0.0.0.0", "wrong", "is no address that a node could call."),
    "another machine": ("127.0.0.1", "10.0.0.5", "warning", "which only this machine reaches."),
    "https": ("http:", "https:", "warning", "must end TLS before it."),
    "no url": ("http:", "ftp:", "wrong", "is no address that a node could call."),
    "a port that is none": (":PORT", ":http", "wrong", "is no address that a node could call."),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_an_address_that_is_not_ours_is_said(patient, node, case):
    old, new, level, says = ADDRESSES[case]
    change(node, old.replace("PORT", str(patient.settings.listen.port)), new)
    found = compared(patient, node)
    assert found.of("warning", "wrong") == ["node_config.address"]
    check = found.named("node_config.address", level)
    assert check.sentence.endswith(says)
    assert check.changes


def test_a_key_that_is_not_ours_is_wrong_and_one_that_is_not_here_a_warning(patient, node):
    shutil.copy(patient.folder.parent / "other-pub.pem", node.parent / "callback-server-pub.pem")
    check = compared(patient, node).named("node_config.key", "wrong")
    assert check.sentence.endswith("the node would refuse every answer of ours.")
    ours, theirs = (
        patient.folder / "keys/callback-server-pub.pem",
        node.parent / "callback-server-pub.pem",
    )
    assert check.changes == (Change(f"cp {ours} {theirs}"),)
    theirs.unlink()
    check = compared(patient, node).named("node_config.key", "warning")
    assert check.sentence.startswith(f"{theirs} is not here")
    theirs.write_text("-----BEGIN")
    assert compared(patient, node).of("wrong") == ["node_config.key"]
    change(node, '      pubkey_path: "callback-server-pub.pem"\n', "")
    assert (
        "names no pubkey_path" in compared(patient, node).named("node_config.key", "wrong").sentence
    )


def test_a_key_is_never_put_over_a_private_one(patient, node):
    ours = patient.folder / "keys" / "callback-server-pri.pem"
    change(node, '"callback-server-pub.pem"', f'"{ours}"')
    check = compared(patient, node).named("node_config.key", "wrong")
    assert check.sentence == f"{ours} holds a private key: name the file of its public key."
    line = 'pubkey_path: "callback-server-pub.pem"'
    assert check.changes == (Change(line, f"{node}, callback, cb_server_v2"),)


def test_of_several_servers_the_one_with_our_key_is_compared(patient, node):
    other = (
        '  cb_server_v2:\n    - service_address: "http://10.9.9.9:1/x"\n      pubkey_path: "a"\n'
    )
    change(node, "  cb_server_v2:\n", other)
    assert compared(patient, node).of("warning", "wrong") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("main: 1\n", "names no callback server: the node signs without asking anybody."),
        (
            "callback:\n  cb_server:\n    - service_address: x\n",
            "names callback servers of protocol v1 (cb_server) alone; we speak v2.",
        ),
    ],
    ids=["none", "v1"],
)
def test_a_node_that_does_not_ask_us_is_wrong(patient, node, text, says):
    node.write_text(text)
    check = compared(patient, node).named("node_config.address", "wrong")
    assert check.sentence.endswith(says)
    port = patient.settings.listen.port
    line = f'- service_address: "http://GATEWAY:{port}/v2/check"'
    assert check.changes == (Change(line, f"{node}, callback, cb_server_v2"),)


@pytest.mark.parametrize("minutes", [0, 61])
def test_tokens_that_would_be_refused_are_wrong(patient, node, minutes):
    change(node, "token_expire_minutes: 2", f"token_expire_minutes: {minutes}")
    check = compared(patient, node).named("node_config.tokens", "wrong")
    assert check.changes == (Change("token_expire_minutes: 2", f"{node}, callback"),)


def test_which_node_it_is_must_be_known(patient, node):
    check = compared(patient, node, "node-9").named("node_config.node", "wrong")
    assert check.sentence == "No [[tss_node]] is called node-9. Configured: node-1."
    second = '[[tss_node]]\nname = "node-2"\ncallback_public_key = "../other-pub.pem"\n'
    numbers = "retry_times = 1\nsleep_seconds = 2\nrequest_timeout = 55\n\n[keys]"
    patient.change("countersign.toml", "[keys]", second + numbers)
    check = compared(patient, node).named("node_config.node", "wrong")
    assert check.sentence == "Which node is it? Say --node, one of: node-1, node-2."
    assert compared(patient, node, "node-1").of("wrong") == []
    assert compared(patient, node, "node-2").of("wrong") == [
        "node_config.event_key",
        "node_config.patience",
    ]


EVENTS = {
    "another path": ("/v2/event", "/event", "events", "wrong",
                     "the path that is answered is /v2/event."),
    "another port": (":PORT/v2/event", ":1/v2/event", "events", "warning",
                     "right only where something passes it on."),
    "another server": (":PORT/v2/event", ":1/elsewhere", "events", "warning",
                       "nor of a signature that had no approval."),
    "no types": ("  event_types:\n" + "".join(f"    - {name}\n" for name in REPORTED), "",
                 "event_types", "warning", "it names no event_types, so nobody hears of that."),
    "a type less": (f"    - {REPORTED[0]}\n", "", "event_types", "warning",
                    f"event: it does not name {REPORTED[0]}, so nobody hears of that."),
    "tokens for ever": ("  event_types", "  token_expire_minutes: 600\n  event_types",
                        "event_tokens", "wrong", "tokens that are good for 600 min are refused."),
    "no patience": ("  retry_times: 0", "  retry_times: 2", "event_patience",
                    "warning", "after 120 s, less than an upgrade of the gateway may take."),
}  # fmt: skip


@pytest.mark.parametrize("case", EVENTS)
def test_events_that_would_not_reach_us_are_said_with_the_line(patient, node, case):
    old, new, name, level, says = EVENTS[case]
    change(node, old.replace("PORT", str(patient.settings.listen.port)), new)
    found = compared(patient, node)
    assert found.of("warning", "wrong") == [f"node_config.{name}"]
    check = found.named(f"node_config.{name}", level)
    assert check.sentence.endswith(says)
    assert check.changes


def test_events_from_a_node_whose_event_key_we_lack_would_be_refused(patient, node):
    patient.change("countersign.toml", "event_public_key", "# event_public_key")
    check = compared(patient, node).named("node_config.event_key", "wrong")
    assert check.changes == (
        Change(
            'event_public_key = "keys/tss-node-event-pub.key"',
            'countersign.toml, [[tss_node]] "node-1"',
        ),
    )
    node.write_text(node.read_text().partition("event:")[0])
    assert compared(patient, node).of("warning", "wrong") == []


def laughs():
    """Merges of merges: each line would be ten times what the one before is."""
    lines = ["a0: &a0 {x: 1}"]
    for number in range(1, 12):
        merged = ", ".join([f"*a{number - 1}"] * 10)
        lines.append(f"a{number}: &a{number}\n  <<: [{merged}]\n  k{number}: 1")
    return "\n".join(lines)


HOSTILE = {
    "nested": "[" * 60_000,
    "nested tables": "{a: " * 15_000,
    "nested blocks": "\n".join(" " * depth + "- " for depth in range(300)),
    "whole and deep": "a: " + "[" * 40 + "]" * 40,
    "laughs": laughs(),
    "many": "- " * 32_000,
    "long": "callback: " + "x" * 65_000,
    "larger": "callback: " + "x" * 70_000,
    "recursive": "&a [*a]",
    "object": "!!python/object/apply:os.system ['true']",
    "not text": "\udcff\x00",
    "a tab": "callback:\n\tretry_times: 1",
    "twice": "callback: {retry_times: 1, retry_times: 2}",
    "no table": "7",
    "empty": "",
    "unhashable": "{[a]: 1}",
    "a day that is none": "a: 2026-99-99",
    "a long number": "callback: {retry_times: " + "9" * 20_000 + "}",
    "sixties": "a: " + "1:" * 20_000 + "1",
}


HARMLESS = {"long", "sixties"}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_yaml_is_a_sentence_and_costs_little(tmp_path, case):
    path = tmp_path / "node.yaml"
    path.write_bytes(HOSTILE[case].encode("utf-8", "surrogateescape"))
    began = time.process_time()
    if case in HARMLESS:
        assert read_node_config(path).servers == ()
    else:
        with pytest.raises(NodeConfigError) as caught:
            read_node_config(path)
        assert re.fullmatch(rf"{path} (is|holds) [^\n]+[.]", str(caught.value))
    assert time.process_time() - began < 3


def test_what_is_well_formed_and_mistyped_is_a_sentence_each(patient, node):
    node.write_text(
        "callback:\n  cb_server_v2: [7, {service_address: [1], pubkey_path: {a: 1}}]\n"
        "  retry_times: sixty\n  sleep_seconds: true\n  request_timeout: 5.5\nevent: 7\n"
    )
    said = [c.sentence for c in compared(patient, node).checks if c.name == "node_config.reads"]
    assert said == [
        f"{node}: event is no table of settings.",
        f"{node}: an entry of callback, cb_server_v2 is no table of settings.",
        f"{node}: callback, retry_times is no whole number.",
        f"{node}: callback, sleep_seconds is no whole number.",
        f"{node}: callback, request_timeout is no whole number.",
    ]


def test_of_what_cannot_be_read_nothing_else_is_said_but_the_line(patient, node):
    change(node, "sleep_seconds: 2", "sleep_seconds: 2s")
    change(node, "token_expire_minutes: 2", "token_expire_minutes: [2]")
    found = compared(patient, node)
    assert found.of("wrong") == ["node_config.reads", "node_config.reads"]
    assert "node_config.patience" not in found.of("ok")
    assert "node_config.tokens" not in found.of("ok")
    assert [check.changes for check in found.checks if check.level == "wrong"] == [
        (Change("sleep_seconds: 2", f"{node}, callback"),),
        (Change("token_expire_minutes: 2", f"{node}, callback"),),
    ]
    for servers in ("cb_server_v2: {}", "cb_server_v2: here", "- 1"):
        node.write_text(f"callback:\n  {servers}\n")
        assert "node_config.address" not in compared(patient, node).of("wrong")
    assert compared(patient, node).of("wrong") == ["node_config.reads"]


def test_a_file_that_is_missing_or_no_file_is_wrong(patient, tmp_path):
    found = compared(patient, tmp_path / "absent.yaml")
    assert found.named("node_config.reads", "wrong").sentence.endswith("No such file or directory.")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert compared(patient, pipe).of("wrong") == ["node_config.reads"]


def test_a_path_with_a_zero_byte_is_none(patient, node):
    change(node, '"callback-server-pub.pem"', '"a\\0b"')
    assert (
        "names no pubkey_path" in compared(patient, node).named("node_config.key", "wrong").sentence
    )


def test_a_path_that_is_too_long_for_a_name_is_not_here(patient, node):
    change(node, '"callback-server-pub.pem"', '"' + "a" * 5_000 + '"')
    assert compared(patient, node).named("node_config.key", "warning")


def test_a_few_aliases_are_followed(tmp_path):
    path = tmp_path / "node.yaml"
    path.write_text("x: &x {retry_times: 7}\ncallback:\n  <<: *x\n  sleep_seconds: '3'\n")
    assert read_node_config(path).numbers == {"retry_times": 7, "sleep_seconds": 3}
