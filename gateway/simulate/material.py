"""What misbehavior is made of: tokens, forms and packages, right but for what is asked for."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway.setup.node_block import CHECK_PATH
from gateway.simulate.node import FIELD, FORM, Echo, NodeSettings, Post, compact
from gateway.simulate.requests import Wish, sample

HEADER: Final = b'{"alg":"RS256","typ":"JWT"}'
NOWHERE: Final = Echo("", is_ping=False)
"""The answer to what has no request_id that could be repeated."""

_LIVES_S: Final = 120
_NO_TYPE: Final = 99
_TRANSFER: Final = "keysign_erc20_usdt"
_ELSEWHERE: Final = "00000000-0000-4000-8000-000000000000"

Change = Callable[[dict[str, Any], dict[str, Any]], None]
"""A change to request_detail and extra_info, in place."""


@dataclass(frozen=True, slots=True)
class Step:
    """One HTTP request, what its answer must echo, and what should come."""

    post: Post
    echo: Echo
    expected: str


@dataclass(frozen=True, slots=True)
class Material:
    """The node that misbehaves."""

    node: NodeSettings

    def step(self, package: bytes, expected: str, **token: Any) -> Step:
        """Ask with a package; `token` says in what its token differs."""
        return self.posted(self.token(package, **token), echo_of(package), expected)

    def posted(self, token: str, echo: Echo, expected: str) -> Step:
        """Send a token as a node does."""
        return self.sent(FIELD + token.encode(), expected, echo=echo)

    def sent(
        self,
        body: bytes,
        expected: str,
        *,
        echo: Echo = NOWHERE,
        kind: str = FORM,
        method: str = "POST",
        path: str = CHECK_PATH,
        asks_first: bool = False,
    ) -> Step:
        """Send a body as it is."""
        url = self.node.url.removesuffix(CHECK_PATH) + path
        return Step(Post(url, body, kind, method, asks_first), echo, expected)

    def token(
        self,
        package: bytes,
        *,
        header: bytes = HEADER,
        key: RSAPrivateKey | None = None,
        lives_s: int = _LIVES_S,
        without: str = "",
        **claims: Any,
    ) -> str:
        """A token of this node: `lives_s` from now, more `claims`, or one left out."""
        now_s = self.node.clock.now_ms() // 1000
        whole = {
            "package_data": base64.b64encode(package).decode(),
            "exp": now_s + lives_s,
            **claims,
        }
        whole.pop(without, None)
        return compact(header, json.dumps(whole).encode(), key or self.node.key)


def harmless() -> bytes:
    """A request that every gateway refuses at once, under any policy, without telling anybody.

    Its type does not exist; the rest is a transfer with ids of its own.
    """
    return json.dumps(_fresh(_TRANSFER) | {"request_type": _NO_TYPE}).encode()


def contradictory(change: Change = lambda *_: None, *, base: bytes | None = None) -> bytes:
    """A request of which nothing is wrong but that it is for another transaction than it says.

    So every gateway refuses it, with the same sentence however its other fields are spelled.
    """
    outer = _fresh(_TRANSFER) if base is None else json.loads(base)
    detail, extra = json.loads(outer["request_detail"]), json.loads(outer["extra_info"])
    detail["biz_task_id"] = _ELSEWHERE
    change(detail, extra)
    inner = {"request_detail": json.dumps(detail), "extra_info": json.dumps(extra)}
    return json.dumps(outer | inner).encode()


def numbered(package: bytes, number: int) -> bytes:
    """The same request as another attempt of its task: `<task id>:<number>`."""
    outer = json.loads(package)
    task = outer["request_id"].partition(":")[0]
    return json.dumps(outer | {"request_id": f"{task}:{number}"}).encode()


def with_outer(package: bytes, **changes: Any) -> bytes:
    """With other outer fields."""
    return json.dumps(json.loads(package) | changes).encode()


def echo_of(package: bytes) -> Echo:
    """What the answer to a package must repeat."""
    try:
        outer = json.loads(package)
    except ValueError:
        return NOWHERE
    request_id = outer.get("request_id")
    return Echo(request_id if type(request_id) is str else "", not outer.get("request_type"))


def _fresh(name: str) -> dict[str, Any]:
    outer: dict[str, Any] = json.loads(Wish(name, sample(name), fresh=True).asked())
    return outer
