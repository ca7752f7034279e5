"""The command line's calls to the desk. Standard library only: `list` must start fast."""

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from gateway.config.settings import Address, Settings
from gateway.desk.cookie import NAME, Cookie
from gateway.oncall.terminal import UNREACHABLE, Failure

WITHIN_S: Final = 20.0
_OK: Final = 200
_STRANGER: Final = 401
_OWN: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names to replace


class DeskClient:
    """Talks to one gateway on this machine; every failure is a `Failure` with its sentence."""

    def __init__(self, address: Address, cookie: Cookie, within_s: float = WITHIN_S) -> None:
        self._address = Address(_OWN.get(address.host, address.host), address.port)
        self._cookie = cookie
        self._within_s = within_s

    @classmethod
    def of(cls, settings: Settings, within_s: float = WITHIN_S) -> "DeskClient":
        """The gateway of a configuration; `within_s` is its time for each answer, in seconds."""
        return cls(settings.operator_listen, _cookie(settings.data_dir), within_s)

    def open_approvals(self) -> dict[str, Any]:
        """`{"approvals": […], "more": n, …}`, earliest deadline first."""
        return self.approvals({})

    def approvals(self, query: Mapping[str, str | int]) -> dict[str, Any]:
        """The same for a selection: `state`, `since`, `until`, `wallet`, `limit`."""
        behind = f"?{urlencode(query)}" if query else ""
        return self._call("GET", f"/approvals{behind}")

    def find(self, wanted: str) -> list[dict[str, Any]]:
        """Everything that an id may mean; one match comes with its request."""
        found: list[dict[str, Any]] = self._call("GET", f"/approvals?id={quote(wanted, safe='')}")[
            "approvals"
        ]
        return found

    def vote(self, statement: str, signature: str) -> dict[str, Any]:
        """Hand in a signed vote; what the approval amounts to with it."""
        return self._call("POST", "/votes", {"statement": statement, "signature": signature})

    def freezes(self) -> dict[str, Any]:
        """`{"gateway": …, "freezes": […]}`, oldest first."""
        return self._call("GET", "/freezes")

    def change_freezes(self, statement: str, signature: str) -> dict[str, Any]:
        """Hand in a signed freeze or vote to thaw; the same, and what came of it."""
        return self._call("POST", "/freezes", {"statement": statement, "signature": signature})

    def reload_policy(self) -> dict[str, Any]:
        """Let the gateway read its policy again; `{"outcome": …, "sentence": …, …}`."""
        return self._call("POST", "/policy/reload")

    def _call(self, method: str, target: str, body: object = None) -> dict[str, Any]:
        status, answer = self._exchange(method, target, body)
        if status == _STRANGER:
            raise Failure(
                f"The gateway on {self._address} does not take the cookie of this data_dir: it was"
                " started again meanwhile, or runs with another one. Try again, or name the"
                " configuration that it runs with: --config FILE."
            )
        if status != _OK:
            raise Failure(str(answer.get("error", f"The gateway answered HTTP {status}.")))
        return answer

    def _exchange(self, method: str, target: str, body: object) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(
            self._address.host, self._address.port, timeout=self._within_s
        )
        headers = {"Authorization": self._cookie.header, "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        try:
            self._connect(connection)
            try:
                connection.request(method, target, content, headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException) as error:
                raise self._silent(method, error) from None
        except ValueError:
            raise Failure(
                f"What answers on {self._address} is no countersign gateway:"
                " check operator_listen.",
                UNREACHABLE,
            ) from None
        finally:
            connection.close()
        return response.status, answer if isinstance(answer, dict) else {}

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except OSError:
            raise Failure(
                f"The gateway does not answer on {self._address}: is `countersign serve` running?",
                UNREACHABLE,
            ) from None

    def _silent(self, method: str, error: Exception) -> Failure:
        """It listened and did not answer: what was sent may have been stored all the same."""
        late = isinstance(error, TimeoutError)
        how = f"did not answer within {self._within_s:g} s" if late else "ended the connection"
        what = f"The gateway on {self._address} took the call and {how}"
        if method != "POST":
            return Failure(f"{what}: try again, and look into its log.", UNREACHABLE)
        return Failure(
            f"{what}. Nobody knows whether what you sent was stored: look with `countersign show`"
            " or `list`, and do it again only if it is not there.",
            UNREACHABLE,
        )


def _cookie(data_dir: Path) -> Cookie:
    path = data_dir / NAME
    try:
        return Cookie.read(data_dir)
    except FileNotFoundError:
        sentence = (
            f"{path} is not there: `countersign serve` is not running with this data_dir. Start it,"
            " or name the configuration that it runs with: --config FILE."
        )
    except (OSError, UnicodeDecodeError):
        sentence = f"{path} cannot be read: run this as the user that runs the gateway."
    raise Failure(sentence, UNREACHABLE)
