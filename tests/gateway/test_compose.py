"""compose.yaml and Dockerfile hold together: no engine runs here, so each part is tried by hand."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import click
import jsonschema
import pytest
import redis
import yaml
from typing_extensions import override

from gateway import valkey
from gateway.cli.main import main
from gateway.config import file as config
from gateway.setup.init import Plan, init
from gateway.valkey import SOCKET

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "countersign"]
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())

WORDS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
DURATION = {"type": "string", "pattern": "^([0-9]+(h|m|s|ms))+$"}
FILLED = {"type": "string", "minLength": 1}

# The part of the Compose Specification that we use, and nothing else: a misspelled key is an error.
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "services"],
    "patternProperties": {"^x-": True},
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
        "networks": {
            "type": "object",
            "additionalProperties": {
                "type": ["object", "null"],
                "properties": {"internal": {"type": "boolean"}},
                "additionalProperties": False,
            },
        },
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["image", "command"],
                "not": {"required": ["network_mode", "networks"]},
                "properties": {
                    "build": FILLED,
                    "image": FILLED,
                    "command": WORDS,
                    "user": FILLED,
                    "init": {"type": "boolean"},
                    "read_only": {"type": "boolean"},
                    "tmpfs": WORDS,
                    "cap_drop": WORDS,
                    "security_opt": WORDS,
                    "environment": {
                        "type": "object",
                        "additionalProperties": {"type": ["string", "null"]},
                    },
                    "volumes": {
                        **WORDS,
                        "items": {"type": "string", "pattern": "^[^:]+:/[^:]*(:(ro|rw))?$"},
                    },
                    "networks": WORDS,
                    "network_mode": {"type": "string", "pattern": "^(none|host|service:[a-z]+)$"},
                    "ports": {
                        **WORDS,
                        "items": {"type": "string", "pattern": "^([0-9.]+:)?[0-9]+:[0-9]+$"},
                    },
                    "profiles": WORDS,
                    "depends_on": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "required": ["condition"],
                            "additionalProperties": False,
                            "properties": {
                                "condition": {
                                    "enum": [
                                        "service_started",
                                        "service_healthy",
                                        "service_completed_successfully",
                                    ]
                                }
                            },
                        },
                    },
                    "healthcheck": {
                        "type": "object",
                        "required": ["test"],
                        "additionalProperties": False,
                        "properties": {
                            "test": {
                                **WORDS,
                                "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}],
                                "minItems": 2,
                            },
                            "interval": DURATION,
                            "timeout": DURATION,
                            "start_period": DURATION,
                            "retries": {"type": "integer", "minimum": 1},
                        },
                    },
                    "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
                    "stop_grace_period": DURATION,
                },
            },
        },
    },
}


def instructions(name: str) -> list[str]:
    """The arguments of each such line of the Dockerfile, in order."""
    return re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)


def mounts(service: str) -> dict[str, str]:
    """Where a path in the container comes from: a host path or a volume's name."""
    pairs = (mount.split(":") for mount in SERVICES[service]["volumes"])
    return {pair[1]: pair[0] for pair in pairs}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder after `setup` ran."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "compose", folder / "compose", ignore=lambda *_: ["made"])
    init(Plan(folder / "compose" / "made", "ana", None, with_test_node=True, bits=2048))
    return folder


def test_it_is_a_compose_file():
    jsonschema.Draft202012Validator(SCHEMA).validate(COMPOSE)


@pytest.mark.parametrize("wrong", [{"comand": ["x"]}, {"tmpfs": "/tmp"}, {"restart": False}])
def test_the_check_itself_refuses_what_compose_would(wrong):
    broken = json.loads(json.dumps(COMPOSE))
    broken["services"]["gateway"].update(wrong)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(broken)


def test_everything_that_is_named_is_there():
    for service in SERVICES.values():
        assert set(service.get("networks", ())) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", ())) <= set(SERVICES)
        mode = service.get("network_mode", "none")
        assert mode == "none" or mode.removeprefix("service:") in SERVICES
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), source


def test_who_is_waited_for_can_say_that_it_is_healthy():
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert "healthcheck" in SERVICES[name] or name in OURS
    assert "HEALTHCHECK" in DOCKERFILE


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_runs_with_more_than_it_needs(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"(\$\{COUNTERSIGN_USER:-)?[1-9][0-9]*:[1-9][0-9]*\}?", service["user"])


def test_only_setup_may_write_into_the_configuration():
    writable = {
        name
        for name in OURS
        for mount in SERVICES[name]["volumes"]
        if mount.startswith("./") and not mount.endswith(":ro")
    }
    assert writable == {"setup"}


def test_the_gateway_has_longer_to_stop_than_it_takes():
    assert int(SERVICES["gateway"]["stop_grace_period"].removesuffix("s")) > 10


def test_redis_is_reached_by_the_gateway_alone():
    assert "ports" not in SERVICES["redis"]
    assert COMPOSE["networks"]["store"] == {"internal": True}
    on_store = {
        name for name, service in SERVICES.items() if "store" in service.get("networks", ())
    }
    assert on_store == {"gateway", "redis"}


def test_trying_it_is_not_part_of_running_it():
    started = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert started == {"gateway", "redis"}


def test_the_gateway_listens_where_compose_looks_for_it(made):
    settings = config.load(made / "compose" / "countersign.toml")
    (port,) = SERVICES["gateway"]["ports"]
    assert settings.listen == config.Address("0.0.0.0", int(port.split(":")[-1]))
    assert port.startswith("127.0.0.1:")
    assert settings.operator_listen.host == "127.0.0.1"
    assert mounts("gateway")[str(settings.data_dir.parent)] in COMPOSE["volumes"]
    assert settings.redis.url is not None
    assert settings.redis.url.reveal() == "redis://redis:6379/0"
    assert not settings.redis.may_forget


def test_the_slack_part_loads_once_it_is_filled_in(made, monkeypatch):
    for name in SERVICES["gateway"]["environment"]:
        monkeypatch.setenv(name, "xoxb-0")
    path = made / "compose" / "countersign.toml"
    text, commented = path.read_text().split("# [slack]")
    slack = made / "compose" / "slack.toml"
    slack.write_text(f"{text}[slack]{commented.replace('# ', '')}")
    assert config.load(slack).slack is not None


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_one_that_countersign_has(name, made):
    places = {
        inside: str(made / source if source == "./compose" else ROOT / source)
        for inside, source in mounts(name).items()
    }
    words = [
        next(
            (word.replace(at, place, 1) for at, place in places.items() if word.startswith(at)),
            word,
        )
        for word in SERVICES[name]["command"]
    ]
    with click.Context(main) as context:
        _, command, rest = main.resolve_command(context, words)
        assert command is not None
        command.make_context(words[0], rest, parent=context)


def test_redis_takes_its_flags_and_keeps_what_it_is_told():
    command = SERVICES["redis"]["command"]
    assert command[0] == "valkey-server"
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        process = subprocess.Popen(
            [valkey.binary(), *command[1:], "--port", "0", "--unixsocket", SOCKET],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        try:
            client = redis.Redis(unix_socket_path=f"{folder}/{SOCKET}", decode_responses=True)
            with client:
                answers = answered(client)
        finally:
            process.kill()
            process.wait()
    assert answers == {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
    }


def answered(client: redis.Redis) -> object:
    for _ in range(200):
        try:
            return client.config_get("appendonly", "appendfsync", "maxmemory-policy", "save")
        except redis.ConnectionError:
            time.sleep(0.01)
    raise AssertionError("it did not start")


def test_the_image_is_built_from_hashes_and_from_this_tree():
    for line in instructions("RUN"):
        for command in re.split(r"&&|\|\|", line):
            words = shlex.split(command)
            if any(word.endswith("/pip") for word in words[:1]):
                assert {"--require-hashes", "--no-index"} & set(words), command
                if "wheel" in words:
                    assert "--no-build-isolation" in words
    ignored = (ROOT / ".dockerignore").read_text().split()
    for line in instructions("COPY"):
        *sources, _ = line.split()
        if sources[0].startswith("--from"):
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignored, f".dockerignore leaves {source} out"


def test_the_image_holds_every_room():
    copied = {word.rstrip("/") for line in instructions("COPY") for word in line.split()}
    assert {"approvals", "gateway", "keys", "notifiers"} <= copied


def test_no_key_nor_configuration_can_slip_into_the_image():
    ignored = [line for line in (ROOT / ".dockerignore").read_text().split("\n") if line]
    allowed = [line[1:].rstrip("/") for line in ignored if line.startswith("!")]
    assert "*" in ignored
    assert not any(fnmatch(name, rule) for rule in allowed for name in ("compose", ".env", "tests"))


def test_the_image_runs_as_nobody_special():
    assert instructions("USER") == ["10001:10001"]


def test_the_images_command_is_one_that_countersign_has():
    (entry,), (command,) = instructions("ENTRYPOINT"), instructions("CMD")
    words = [*json.loads(entry), *json.loads(command)]
    assert words[0] == "countersign"
    assert words[1] in main.commands
    program = Path(sys.executable).parent / words[0]
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("countersign ")


class Healthy(BaseHTTPRequestHandler):
    """Answers /healthz and nothing else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    @override
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def healthy() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_health_check_tells_a_live_gateway_from_none(healthy):
    check = json.loads(DOCKERFILE.split("HEALTHCHECK ")[1].split("CMD ")[1].split("\n")[0])
    port = str(config.load_for_operator(ROOT / "compose" / "countersign.toml").listen.port)
    for real, status in ((healthy, 0), (1, 1)):
        words = [sys.executable, *(word.replace(port, str(real)) for word in check[1:])]
        assert check[0] == "python"
        done = subprocess.run(words, capture_output=True, check=False, env={"PATH": os.defpath})
        assert done.returncode == status, done.stderr
