"""What the Slack notifier needs to know from the configuration."""

from dataclasses import dataclass

from keys.secret import Secret


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
