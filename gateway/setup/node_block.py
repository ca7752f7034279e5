"""What a TSS Node's own configuration must say about us, as text to copy into it."""

from typing import Final

from approvals.window import Window
from approvals.wording import in_seconds
from gateway.config.settings import Address

CHECK_PATH: Final = "/v2/check"
EVENT_PATH: Final = "/v2/event"
REPORTED: Final = tuple(
    f"request.{kind}.{stage}"
    for kind in ("keysign", "keygen", "keyreshare", "keysharesign")
    for stage in ("succeeded", "failed")
)
"""What is worth telling people, or alarms them; a node that names no types sends nothing."""

_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - names that are no addresses to call
_SOMEWHERE: Final = "GATEWAY"


def callback_block(listen: Address, key_file: str, window: Window) -> str:
    """The `callback:` block of cobo-tss-node-config.yaml (Cobo's guide to callback servers).

    `key_file` is the name of our public key there. Where we listen on every address, the host is
    left to whoever copies this.
    """
    return f"""\
callback:
  cb_server_v2:
    - service_address: "{_address(listen, CHECK_PATH)}"
      pubkey_path: "{key_file}"
  token_expire_minutes: 2
  retry_times: {window.retry_times}
  sleep_seconds: {in_seconds(window.sleep_ms)}
  request_timeout: {in_seconds(window.timeout_ms)}
"""


def event_block(listen: Address) -> str:
    """The `event:` block, with which a node reports what it did (Cobo's guide to such events).

    Left to itself a node gives up after an hour; with 0 it repeats a report until we took it.
    """
    types = "".join(f"    - {name}\n" for name in REPORTED)
    return f"""\
event:
  server:
    - url: "{_address(listen, EVENT_PATH)}"
  event_types:
{types}  retry_times: 0
"""


def _address(listen: Address, path: str) -> str:
    host = _SOMEWHERE if listen.host in _EVERYWHERE else listen.host
    return f"http://{Address(host, listen.port)}{path}"
