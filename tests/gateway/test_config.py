import os
from pathlib import Path

import pytest

from approvals.window import Window
from gateway.config.file import Address, ConfigError, load, load_for_operator
from keys import rsa
from keys.secret import Secret

NODE = """
[[tss_node]]
name = "node-1"
callback_public_key = "keys/node.pub"
retry_times = 60
sleep_seconds = 60
request_timeout = 10
"""
KEYS = """
[keys]
private_key = "keys/server.pem"
seal_key = "keys/seal.key"
"""
SLACK = """
[slack]
workspace = "T0ACME"
channel = "C0APPROVALS"
bot_token = { env = "TEST_BOT_TOKEN" }
app_token = { file = "app_token" }
"""


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("server", "other"):
        key = rsa.generate_private_key(2048)
        rsa.write_private_key(folder / f"{name}.pem", key)
        (folder / f"{name}.pub").write_bytes(rsa.public_pem(key.public_key()))
    (folder / "node.pub").write_bytes((folder / "other.pub").read_bytes())
    (folder / "seal.key").write_text("ab" * 32 + "\n")
    (folder / "seal.key").chmod(0o600)
    return folder


@pytest.fixture
def home(tmp_path, key_folder):
    (tmp_path / "keys").symlink_to(key_folder)
    (tmp_path / "app_token").write_text("xapp-1-secret\n")
    return tmp_path


def write(home: Path, text: str) -> Path:
    path = home / "countersign.toml"
    path.write_text(text)
    return path


def mistakes(home, text, how=load):
    with pytest.raises(ConfigError) as caught:
        how(write(home, text))
    return caught.value.mistakes


def one_mistake(home, text, how=load):
    (sentence,) = mistakes(home, text, how)
    return sentence


def test_the_smallest_configuration_fills_in_what_is_safe(home):
    settings = load(write(home, NODE + KEYS))
    assert settings.listen == Address("127.0.0.1", 11020)
    assert settings.operator_listen == Address("127.0.0.1", 11021)
    assert settings.data_dir == home / "data"
    assert settings.policy == home / "policy.toml"
    assert settings.redis.url is None
    assert settings.redis.keep_days == 30
    assert not settings.redis.may_forget
    assert settings.slack is None
    (node,) = settings.nodes
    assert node.window == Window(retry_times=60, sleep_ms=60_000, timeout_ms=10_000)
    assert node.keys == (home / "keys/node.pub",)
    assert node.private_key is None


def test_relative_paths_are_relative_to_the_file_they_stand_in(home, monkeypatch):
    monkeypatch.chdir("/")
    path = write(home, NODE + KEYS.replace('"keys/server.pem"', f'"{home}/keys/server.pem"'))
    settings = load(Path(os.path.relpath(path, "/")))
    assert settings.seal_key == home / "keys/seal.key"
    assert settings.private_key == home / "keys/server.pem"


def test_times_may_have_fractions(home):
    text = NODE.replace("= 10", "= 0.25").replace("sleep_seconds = 60", "sleep_seconds = 1.5")
    (node,) = load(write(home, text + KEYS)).nodes
    assert (node.window.sleep_ms, node.window.timeout_ms) == (1500, 250)


def test_one_attempt_is_a_legal_window(home):
    text = NODE.replace("retry_times = 60", "retry_times = 0")
    assert load(write(home, text + KEYS)).nodes[0].window.retry_times == 0


@pytest.mark.parametrize(
    "value", ["true", '"60"', "0", "0.0", "-1", "nan", "inf", "1e9", "0.0001", "[1]"]
)
@pytest.mark.parametrize("key", ["sleep_seconds = 60", "request_timeout = 10"])
def test_a_time_is_a_finite_number_above_zero(home, key, value):
    name = key.split(" ")[0]
    sentence = one_mistake(home, NODE.replace(key, f"{name} = {value}") + KEYS)
    assert f"[[tss_node]] number 1 {name}: expected" in sentence


@pytest.mark.parametrize("value", ["true", "1.0", "-1", '"3"', "1000000000"])
def test_retry_times_is_a_whole_number(home, value):
    text = NODE.replace("retry_times = 60", f"retry_times = {value}")
    assert "retry_times: expected a whole number" in one_mistake(home, text + KEYS)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "x" * 65, "a\\n"])
def test_a_node_name_is_short_and_plain(home, name):
    text = NODE.replace('"node-1"', f'"{name}"')
    assert "number 1 name: expected text" in one_mistake(home, text + KEYS)


def test_at_least_one_node_is_needed(home):
    assert "every TSS Node" in one_mistake(home, KEYS)
    assert "every TSS Node" in one_mistake(home, KEYS + "\n[tss_node]\nname='x'\n")


def test_two_nodes_have_two_names_and_two_keys(home):
    sentences = mistakes(home, NODE + NODE + KEYS)
    assert len(sentences) == 1
    assert 'name: "node-1" is taken' in sentences[0]
    other = NODE.replace("node-1", "node-2")
    assert "node-2 and node-1 share this callback key" in one_mistake(home, NODE + other + KEYS)
    load(write(home, NODE + other.replace("node.pub", "server.pub") + KEYS))


def test_a_node_may_have_several_keys_while_it_rotates(home):
    text = NODE.replace('"keys/node.pub"', '["keys/node.pub", "keys/server.pub"]')
    assert len(load(write(home, text + KEYS)).nodes[0].keys) == 2
    for bad in ("[]", '["keys/node.pub", "keys/node.pub"]', "[1]"):
        text = NODE.replace('"keys/node.pub"', bad)
        assert "callback_public_key" in mistakes(home, text + KEYS)[0]


def test_a_node_may_have_its_own_answering_key(home):
    text = NODE + 'private_key = "keys/other.pem"\n'
    assert load(write(home, text + KEYS)).nodes[0].private_key == home / "keys/other.pem"


def test_unknown_keys_and_tables_are_mistakes(home):
    text = 'colour = "red"\n' + NODE + "retires = 3\n" + KEYS + "[freeze]\nby = 1\n"
    found = "\n".join(mistakes(home, text))
    assert "colour: is no setting" in found
    assert "[[tss_node]] number 1 retires: is no setting" in found
    assert "freeze: is no setting" in found


def test_all_mistakes_are_told_at_once(home):
    text = '[gateway]\nlisten = "nowhere"\n' + NODE.replace("= 60", "= -1") + SLACK
    found = mistakes(home, text)
    assert len(found) >= 5
    assert all(sentence.startswith(str(home / "countersign.toml")) for sentence in found)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:11020", Address("0.0.0.0", 11020)),
        ("[::1]:9", Address("::1", 9)),
        ("localhost:0", Address("localhost", 0)),
    ],
)
def test_addresses_are_host_and_port(home, text, address):
    settings = load(write(home, f'[gateway]\nlisten = "{text}"\n' + NODE + KEYS))
    assert settings.listen == address
    assert str(settings.listen) == text


@pytest.mark.parametrize("text", ["", "11020", "a:", ":1", "a:65536", "[::1]", "::1:9", "[x]:9"])
def test_anything_else_is_no_address(home, text):
    assert "listen" in one_mistake(home, f'[gateway]\nlisten = "{text}"\n' + NODE + KEYS)


def test_the_two_doors_have_two_addresses(home):
    text = '[gateway]\nlisten = "127.0.0.1:11021"\n'
    assert "taken by listen" in one_mistake(home, text + NODE + KEYS)
    both = '[gateway]\nlisten = "127.0.0.1:0"\noperator_listen = "127.0.0.1:0"\n'
    load(write(home, both + NODE + KEYS))


def test_secrets_come_from_the_environment_or_a_file(home, monkeypatch):
    monkeypatch.setenv("TEST_BOT_TOKEN", "xoxb-secret")
    slack = load(write(home, NODE + KEYS + SLACK)).slack
    assert slack is not None
    assert slack.bot_token.reveal() == "xoxb-secret"
    assert slack.app_token == Secret("xapp-1-secret")
    assert slack.signing_secret is None
    assert slack.api_url == "https://slack.com/api/"


def test_a_secret_is_never_shown(home, monkeypatch):
    monkeypatch.setenv("TEST_BOT_TOKEN", "xoxb-secret")
    settings = load(write(home, NODE + KEYS + SLACK))
    assert settings.slack is not None
    shown = (
        repr(settings)
        + str(settings.slack.bot_token)
        + f"{settings.slack.bot_token:>30}"
        + f"{settings.slack.bot_token!r}"
    )
    assert "xoxb" not in shown
    assert "xapp" not in shown
    assert "Secret(…)" in shown


def test_a_secret_is_not_written_into_the_file(home):
    text = SLACK.replace('{ env = "TEST_BOT_TOKEN" }', '"xoxb-literal"')
    sentence = one_mistake(home, NODE + KEYS + text)
    assert "bot_token: a secret is not written into this file" in sentence
    assert "xoxb-literal" not in sentence


@pytest.mark.parametrize(
    "value", ["{}", "{ env = 1 }", '{ env = "A", file = "b" }', '{ vault = "x" }', '{ env = "" }']
)
def test_a_reference_to_a_secret_has_one_source(home, value):
    text = SLACK.replace('{ env = "TEST_BOT_TOKEN" }', value)
    assert "bot_token: is no reference" in one_mistake(home, NODE + KEYS + text)


def test_a_secret_that_is_not_there_stops_the_start(home, monkeypatch):
    monkeypatch.delenv("TEST_BOT_TOKEN", raising=False)
    (home / "app_token").write_text("\n")
    found = "\n".join(mistakes(home, NODE + KEYS + SLACK))
    assert "the environment variable TEST_BOT_TOKEN is not set" in found
    assert "app_token is empty" in found
    (home / "app_token").unlink()
    assert "cannot be read" in "\n".join(mistakes(home, NODE + KEYS + SLACK))


def test_a_command_at_a_terminal_needs_no_secrets_and_no_keys(home, monkeypatch):
    monkeypatch.delenv("TEST_BOT_TOKEN", raising=False)
    path = write(home, NODE.replace("node.pub", "absent.pub") + KEYS + SLACK)
    settings = load_for_operator(path)
    assert settings.slack is not None
    with pytest.raises(RuntimeError):
        settings.slack.bot_token.reveal()


def test_slack_needs_one_way_to_hear_clicks(home, monkeypatch):
    monkeypatch.setenv("TEST_BOT_TOKEN", "xoxb-secret")
    text = SLACK.replace("app_token = { file", "#")
    assert "so is signing_secret" in one_mistake(home, NODE + KEYS + text)


def test_how_long_slacks_ids_are_is_slacks_affair(home, monkeypatch):
    monkeypatch.setenv("TEST_BOT_TOKEN", "xoxb-secret")
    text = SLACK.replace("T0ACME", "T1").replace("C0APPROVALS", "C1")
    assert load(write(home, NODE + KEYS + text)).slack is not None


@pytest.mark.parametrize("line", ['workspace = "acme"', 'workspace = "T"', 'channel = "#general"'])
def test_slack_ids_are_ids(home, line, monkeypatch):
    monkeypatch.setenv("TEST_BOT_TOKEN", "xoxb-secret")
    key = line.split(" ")[0]
    text = "\n".join(line if row.startswith(key) else row for row in SLACK.splitlines())
    assert f"[slack] {key}: expected text such as" in one_mistake(home, NODE + KEYS + text)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("http://127.0.0.1:8080/api/", True),
        ("https://slack.example/api", True),
        ("http://slack.com/api/", False),
        ("ftp://slack.com/", False),
        ("https://", False),
        ("http://[::1", False),
    ],
)
def test_slack_is_spoken_to_in_clear_text_only_on_this_machine(home, url, good, monkeypatch):
    monkeypatch.setenv("TEST_BOT_TOKEN", "xoxb-secret")
    text = NODE + KEYS + SLACK + f'api_url = "{url}"\n'
    if good:
        slack = load(write(home, text)).slack
        assert slack is not None
        assert slack.api_url.endswith("/")
    else:
        assert "api_url: expected an https:// URL" in one_mistake(home, text)


def test_a_redis_url_may_be_plain_or_secret_but_holds_no_plain_password(home, monkeypatch):
    monkeypatch.setenv("TEST_REDIS", "redis://:hunter2@r/0")
    plain = load(write(home, NODE + KEYS + '[redis]\nurl = "redis://127.0.0.1:6379/0"\n'))
    assert plain.redis.url == Secret("redis://127.0.0.1:6379/0")
    hidden = load(write(home, NODE + KEYS + '[redis]\nurl = { env = "TEST_REDIS" }\n'))
    assert hidden.redis.url == Secret("redis://:hunter2@r/0")
    sentence = one_mistake(home, NODE + KEYS + '[redis]\nurl = "redis://:hunter2@r/0"\n')
    assert "holds a password" in sentence
    assert "hunter2" not in sentence
    assert "expected a URL" in one_mistake(home, NODE + KEYS + '[redis]\nurl = "localhost"\n')


def test_sentinels_are_named_in_one_url_under_the_same_rules(home, monkeypatch):
    url = "redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster/0"
    plain = load(write(home, NODE + KEYS + f'[redis]\nurl = "{url}"\n'))
    assert plain.redis.url == Secret(url)
    secret = url.replace("://", "://gateway:hunter2@")
    sentence = one_mistake(home, NODE + KEYS + f'[redis]\nurl = "{secret}"\n')
    assert "url: holds a password" in sentence
    monkeypatch.setenv("TEST_REDIS", secret)
    hidden = load(write(home, NODE + KEYS + '[redis]\nurl = { env = "TEST_REDIS" }\n'))
    assert hidden.redis.url == Secret(secret)


@pytest.mark.parametrize("url", ["redis+sentinel://:hunter2@h/m", "hunter2.example", "redis://["])
def test_a_secret_url_that_is_none_stops_the_start_and_stays_secret(home, monkeypatch, url):
    monkeypatch.setenv("TEST_REDIS", url)
    sentence = one_mistake(home, NODE + KEYS + '[redis]\nurl = { env = "TEST_REDIS" }\n')
    assert "[redis] url: expected" in sentence
    assert "hunter2" not in sentence


def test_a_missing_or_broken_file_is_one_sentence(home):
    with pytest.raises(ConfigError, match=r"countersign.toml does not exist: name it with"):
        load(home / "countersign.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(home)
    assert "is not TOML" in one_mistake(home, "[gateway")
    path = home / "countersign.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(path)


def test_key_files_are_opened_before_the_start(home, key_folder, tmp_path):
    text = KEYS.replace("server.pem", "server.pub").replace("seal.key", "absent.key")
    found = "\n".join(mistakes(home, NODE.replace("node.pub", "server.pem") + text))
    assert "server.pem holds a private key" in found
    assert "server.pub" in found
    assert "absent.key does not exist" in found
