"""countersign.toml -> frozen settings; every mistake is one sentence, all of them at once."""

import ipaddress
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from approvals.window import Window
from gateway.config.notify import read_notifiers
from gateway.config.redis import read_redis
from gateway.config.settings import Address, ConfigError, Node, Settings
from gateway.config.tables import Reader
from keys.secret import Secret
from notifiers.settings import SlackSettings

__all__ = [
    "Address",
    "ConfigError",
    "Node",
    "Settings",
    "load",
    "load_for_notify_test",
    "load_for_operator",
]

SLACK_WORKSPACE: Final = r"[TE][A-Z0-9]{1,20}"
SLACK_CHANNEL: Final = r"[CG][A-Z0-9]{1,20}"
NODE_NAME: Final = r"[A-Za-z0-9_.-]{1,64}"
_HOST_AND_PORT: Final = re.compile(r"(?:\[([^\]]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})", re.ASCII)
_MOST_PORT: Final = 65_535
_MOST_SECONDS: Final = 86_400
_MOST_RETRIES: Final = 100_000
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def load(path: Path) -> Settings:
    """Read what a gateway needs: secrets are fetched, key files are opened and checked.

    Raises:
        ConfigError: with every mistake found.
    """
    return _load(path, serving=True)


def load_for_operator(path: Path) -> Settings:
    """Read what a command at a terminal needs: neither secrets nor key files are opened.

    Raises:
        ConfigError: with every mistake found.
    """
    return _load(path, serving=False)


def load_as_far(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """Read what an examination needs: also what a gateway would not start with.

    Key files are not opened. A secret that is not there is `Secret(None)`, and one of the
    mistakes that are returned.

    Raises:
        ConfigError: with every mistake found, where there are others than of secrets.
    """
    load_for_operator(path)
    return _read(path, secrets="")


def load_for_notify_test(path: Path) -> Settings:
    """Read what `notify test` needs: the secrets of [[notify]], and nothing else that is secret.

    Raises:
        ConfigError: with every mistake found.
    """
    settings, mistakes = _read(path, secrets="[[notify]]")
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def _load(path: Path, *, serving: bool) -> Settings:
    settings, found = _read(path, secrets="" if serving else None)
    mistakes = list(found)
    if serving:
        from gateway.config.key_check import key_mistakes

        mistakes += (f"{path}: {mistake}" for mistake in key_mistakes(settings))
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def _read(path: Path, *, secrets: str | None) -> tuple[Settings, tuple[str, ...]]:
    """The settings and the mistakes; `secrets` are fetched in tables whose name begins so."""
    document = _document(path)
    mistakes: list[str] = []
    folder = path.absolute().parent

    def reader(table: object, where: str) -> Reader:
        fetched = secrets is not None and where.startswith(secrets)
        return Reader(table, where, folder, mistakes, secrets=fetched)

    top = reader(document, "")
    settings = _settings(path, top, reader)
    top.close()
    return settings, tuple(f"{path}: {mistake}" for mistake in mistakes)


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        raise ConfigError(
            [f"{path} does not exist: name it with --config, or make one with `countersign init`"]
        ) from None
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path} is not UTF-8 text: save it as UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path} is not TOML: {error}"]) from None


def _settings(path: Path, top: Reader, reader: Callable[[object, str], Reader]) -> Settings:
    gateway = reader(top.take("gateway") if top.has("gateway") else {}, "[gateway]")
    listen = _address(gateway, "listen", "127.0.0.1:11020")
    operator_listen = _address(gateway, "operator_listen", "127.0.0.1:11021")
    if listen.port and listen == operator_listen:
        gateway.mistake("operator_listen", f"{listen} is taken by listen: choose another port")
    data_dir = gateway.path("data_dir", "data", default="data")
    policy = gateway.path("policy", "policy.toml", default="policy.toml")
    gateway.close()
    nodes = _nodes(top, reader)
    keys = reader(top.take("keys") if top.has("keys") else {}, "[keys]")
    private_key = keys.path("private_key", "keys/callback-server-pri.pem")
    seal_key = keys.path("seal_key", "keys/seal.key")
    keys.close()
    return Settings(
        path=path,
        listen=listen,
        operator_listen=operator_listen,
        data_dir=data_dir,
        policy=policy,
        nodes=nodes,
        private_key=private_key,
        seal_key=seal_key,
        redis=read_redis(reader(top.take("redis") if top.has("redis") else {}, "[redis]")),
        notify=read_notifiers(top, reader),
        slack=_slack(reader(top.take("slack"), "[slack]")) if top.has("slack") else None,
    )


def _address(table: Reader, key: str, default: str) -> Address:
    text = table.text(key, r"[^\n]+", default, default=default)
    match = _HOST_AND_PORT.fullmatch(text)
    host = (match[1] or match[2]) if match else ""
    if not match or int(match[3]) > _MOST_PORT or (match[1] and not _is_ipv6(host)):
        table.mistake(
            key, f'expected "host:port" such as "{default}" or "[::1]:11020", found "{text}"'
        )
        return Address("127.0.0.1", 0)
    return Address(host, int(match[3]))


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6  # noqa: PLR2004 - the protocol's number
    except ValueError:
        return False


def _nodes(top: Reader, reader: Callable[[object, str], Reader]) -> tuple[Node, ...]:
    tables = top.take("tss_node")
    if type(tables) is not list or not tables:
        top.mistake("[[tss_node]]", "is missing: every TSS Node that may ask needs one")
        return ()
    nodes: list[Node] = []
    for number, table in enumerate(tables, 1):
        one = reader(table, f"[[tss_node]] number {number}")
        node = _node(one)
        if node.name in {other.name for other in nodes}:
            one.mistake("name", f'"{node.name}" is taken by another [[tss_node]]: choose another')
        one.close()
        nodes.append(node)
    return tuple(nodes)


def _node(table: Reader) -> Node:
    return Node(
        name=table.text("name", NODE_NAME, "node-1"),
        keys=table.paths("callback_public_key", "keys/tss-node-callback-pub.key"),
        window=Window(
            retry_times=table.whole("retry_times", 0, _MOST_RETRIES),
            sleep_ms=table.seconds("sleep_seconds", _MOST_SECONDS),
            timeout_ms=table.seconds("request_timeout", _MOST_SECONDS),
        ),
        private_key=(
            table.path("private_key", "keys/callback-server-pri.pem")
            if table.has("private_key")
            else None
        ),
        event_keys=(
            table.paths("event_public_key", "keys/tss-node-event-pub.key")
            if table.has("event_public_key")
            else ()
        ),
    )


def _slack(table: Reader) -> SlackSettings:
    had_way_in = table.has("app_token") or table.has("signing_secret")
    settings = SlackSettings(
        workspace=table.text("workspace", SLACK_WORKSPACE, "T0ACME"),
        channel=table.text("channel", SLACK_CHANNEL, "C0APPROVALS"),
        bot_token=table.secret("bot_token", required=True) or Secret(None),
        app_token=table.secret("app_token", required=False),
        signing_secret=table.secret("signing_secret", required=False),
        api_url=_api_url(table),
    )
    if not had_way_in:
        table.mistake(
            "app_token",
            "is missing, and so is signing_secret: clicks need Socket Mode (app_token)"
            " or HTTP interactivity (signing_secret)",
        )
    table.close()
    return settings


def _api_url(table: Reader) -> str:
    """Slack's address; in clear text only to this machine, for the token travels along."""
    default = "https://slack.com/api/"
    url = table.text("api_url", r"[!-~]+", default, default=default)
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        scheme, host = "", None
    if not host or not (scheme == "https" or (scheme == "http" and host in _LOOPBACK)):
        table.mistake("api_url", f'expected an https:// URL such as "{default}"')
    return url if url.endswith("/") else f"{url}/"
