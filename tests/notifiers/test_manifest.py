"""The app manifest asks for what the gateway uses, and no more."""

from pathlib import Path

import yaml

from gateway.doctor.slack import CHANNEL_SCOPES, NEEDED, PEOPLE_SCOPE

MANIFEST = Path(__file__).parents[2] / "docs" / "slack-app-manifest.yaml"


def test_the_manifest_asks_to_post_and_for_what_the_doctor_reads() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text())
    scopes = manifest["oauth_config"]["scopes"]
    assert scopes == {"bot": [NEEDED, *CHANNEL_SCOPES, PEOPLE_SCOPE]}
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert manifest["settings"]["socket_mode_enabled"] is True


def test_the_http_variant_is_a_comment_away() -> None:
    text = MANIFEST.read_text()
    wanted = "# request_url: https://countersign.example.com/slack/interactions"
    manifest = yaml.safe_load(text.replace(wanted, wanted.removeprefix("# ")))
    assert manifest["settings"]["interactivity"]["request_url"].endswith("/slack/interactions")
