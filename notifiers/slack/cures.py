"""What to do about the errors of Slack's API that a person must mend.

The words are those of https://docs.slack.dev/reference/methods/chat.postMessage and
https://docs.slack.dev/reference/methods/auth.test.
"""

from collections.abc import Mapping
from typing import Final

_TOKEN: Final = "make another token, set it in the environment, and start again"
_CHANNEL: Final = "name another channel in [slack] channel, and start again"

CURES: Final[Mapping[str, str]] = {
    "account_inactive": _TOKEN,
    "channel_not_found": "is channel in [slack] right, and was /invite @Countersign typed there?",
    "invalid_auth": _TOKEN,
    "is_archived": f"unarchive the channel, or {_CHANNEL}",
    "missing_scope": "give the app the scopes of its manifest, and reinstall it",
    "not_allowed_token_type": "bot_token takes xoxb-, app_token takes xapp-",
    "not_authed": _TOKEN,
    "not_in_channel": "type /invite @Countersign in the channel",
    "restricted_action": f"let apps post in the channel, or {_CHANNEL}",
    "token_expired": _TOKEN,
    "token_revoked": _TOKEN,
}


def with_cure(word: str) -> str:
    """Slack's word, and what to do: `not_in_channel: type /invite …`."""
    cure = CURES.get(word)
    return word if cure is None else f"{word}: {cure}"
