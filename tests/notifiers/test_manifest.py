"""The app manifest asks for what the gateway uses, and no more."""

from pathlib import Path

import yaml

MANIFEST = Path(__file__).parents[2] / "docs" / "slack-app-manifest.yaml"


def test_the_manifest_asks_for_one_scope_and_turns_interactivity_on() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text())
    assert manifest["oauth_config"]["scopes"] == {"bot": ["chat:write"]}
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert manifest["settings"]["socket_mode_enabled"] is True


def test_the_http_variant_is_a_comment_away() -> None:
    text = MANIFEST.read_text()
    wanted = "# request_url: https://countersign.example.com/slack/interactions"
    manifest = yaml.safe_load(text.replace(wanted, wanted.removeprefix("# ")))
    assert manifest["settings"]["interactivity"]["request_url"].endswith("/slack/interactions")
