"""What a TSS Node's own configuration must say about us, as text to copy into it."""

from typing import Final

from approvals.window import Window
from approvals.wording import in_seconds
from gateway.settings import Address

CHECK_PATH: Final = "/v2/check"
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - names that are no addresses to call
_SOMEWHERE: Final = "GATEWAY"


def callback_block(listen: Address, key_file: str, window: Window) -> str:
    """The `callback:` block of cobo-tss-node-config.yaml (Cobo's guide to callback servers).

    `key_file` is the name of our public key there. Where we listen on every address, the host is
    left to whoever copies this.
    """
    host = _SOMEWHERE if listen.host in _EVERYWHERE else listen.host
    return f"""\
callback:
  cb_server_v2:
    - service_address: "http://{Address(host, listen.port)}{CHECK_PATH}"
      pubkey_path: "{key_file}"
  token_expire_minutes: 2
  retry_times: {window.retry_times}
  sleep_seconds: {in_seconds(window.sleep_ms)}
  request_timeout: {in_seconds(window.timeout_ms)}
"""
