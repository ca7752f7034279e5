"""The app manifests ask for what the gateway uses, and no more."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from gateway.doctor.slack import CHANNEL_SCOPES, NEEDED, PEOPLE_SCOPE
from gateway.doors.slack import PATH

DOCS = Path(__file__).parents[2] / "docs"
SOCKET_MODE = DOCS / "slack-app-manifest.yaml"
HTTP = DOCS / "slack-app-manifest-http.yaml"


@pytest.mark.parametrize("manifest", [SOCKET_MODE, HTTP], ids=["socket mode", "http"])
def test_a_manifest_asks_to_post_and_for_what_the_doctor_reads(manifest: Path) -> None:
    asked = yaml.safe_load(manifest.read_text())
    assert asked["oauth_config"] == {"scopes": {"bot": [NEEDED, *CHANNEL_SCOPES, PEOPLE_SCOPE]}}
    assert asked["settings"]["interactivity"]["is_enabled"] is True
    assert asked["settings"]["token_rotation_enabled"] is False  # the bot token stays as it is


def test_by_socket_mode_slack_is_given_no_address() -> None:
    settings = yaml.safe_load(SOCKET_MODE.read_text())["settings"]
    assert settings["socket_mode_enabled"] is True
    assert "request_url" not in settings["interactivity"]


def test_by_http_slack_calls_the_path_at_which_it_is_heard() -> None:
    settings = yaml.safe_load(HTTP.read_text())["settings"]
    assert settings["socket_mode_enabled"] is False
    address = urlsplit(settings["interactivity"]["request_url"])
    assert (address.scheme, address.path) == ("https", PATH)


def test_the_two_differ_in_how_clicks_come_alone() -> None:
    one, other = (yaml.safe_load(each.read_text()) for each in (SOCKET_MODE, HTTP))
    del other["settings"]["interactivity"]["request_url"]
    other["settings"]["socket_mode_enabled"] = True
    assert one == other
