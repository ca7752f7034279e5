"""What the notifiers need to know from the configuration."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from keys.secret import Secret

NotifyEvent: TypeAlias = Literal["asked", "escalated", "decided", "frozen", "alarm"]
NotifyKind: TypeAlias = Literal["webhook", "apprise"]
NotifyWhen: TypeAlias = Literal["always", "slack_down"]

NOTIFY_EVENTS: Final[tuple[NotifyEvent, ...]] = get_args(NotifyEvent)
NOTIFY_DEFAULT: Final[tuple[NotifyEvent, ...]] = ("asked", "escalated", "frozen", "alarm")


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """One workspace, one channel, one app. At least one of `app_token` and `signing_secret` is set.

    `app_token` opens Socket Mode, `signing_secret` verifies HTTP interactivity. `api_url` ends
    with a slash.
    """

    workspace: str
    channel: str
    bot_token: Secret
    app_token: Secret | None
    signing_secret: Secret | None
    api_url: str


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """One more place where people are told, and where nobody can answer.

    `url` is an address that apprise understands, or where the webhook posts to, signed with
    `secret`. `on` are the stories it hears of; `slack_down`: only those that Slack does not show.
    """

    name: str
    kind: NotifyKind
    url: Secret
    secret: Secret | None
    on: frozenset[NotifyEvent]
    when: NotifyWhen
