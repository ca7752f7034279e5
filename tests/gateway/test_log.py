"""The log tells what happened and keeps secrets out, whichever way they come."""

import io
import json
import logging
import re

import pytest

from gateway.observe.log import LONGEST, LONGEST_ON_SCREEN, make_log, scrub, take_library_logs

NOW = 1_790_000_000_123
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl"
SECRETS = [
    JWT,
    "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
    "xapp-1-A0123-456-abcdef",
    "xoxe.xoxp-1-Mi0yLTEyMzQ1",
    "https://hooks.slack.com/services/T0/B0/abcdef",
    "redis://user:hunter2@10.0.0.1:6379/0",
    "redis://:hunter2@10.0.0.1:6379/0",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBg",
    f"TSS_JWT_MSG={JWT}",
]
TELLTALES = ["c2lnbmF0dXJl", "pdFZKVe", "abcdef", "Mi0yLTEyMzQ1", "hunter2", "MIIEvQ"]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(params=[False, True], ids=["json", "terminal"])
def log(request, stream):
    return make_log(lambda: NOW, stream, terminal=request.param)


def assert_clean(stream: io.StringIO) -> None:
    assert stream.getvalue()
    assert [word for word in TELLTALES if word in stream.getvalue()] == []


def test_a_line_is_one_json_object_stamped_by_our_clock(stream):
    make_log(lambda: NOW, stream, terminal=False).info("asked", node="node-1", number=1)
    assert json.loads(stream.getvalue()) == {
        "time": "2026-09-21T14:13:20.123Z",
        "level": "info",
        "event": "asked",
        "node": "node-1",
        "number": 1,
    }


def test_on_a_terminal_a_line_is_for_reading(stream):
    make_log(lambda: NOW, stream, terminal=True).warning("unanswered", why="the disk is full", n=1)
    assert stream.getvalue() == "14:13:20.123 ! unanswered why='the disk is full' n=1\n"


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_any_value_is_taken_out(log, stream, secret):
    log.info("said", why=f"could not use {secret} here")
    assert_clean(stream)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_a_traceback_is_taken_out(log, stream, secret):
    with pytest.raises(ValueError, match="could not") as caught:
        raise ValueError(f"could not use {secret} here")
    log.error("bug", exc_info=caught.value)
    assert "ValueError" in stream.getvalue()
    assert_clean(stream)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_the_sentence_itself_is_taken_out(log, stream, secret):
    sentence = f"connected with {secret}"
    log.info(sentence)
    assert_clean(stream)


@pytest.mark.parametrize("name", ["token", "bot_token", "Authorization", "seal_key", "password"])
def test_a_field_named_like_a_secret_is_taken_out(log, stream, name):
    log.info("said", **{name: "harmless to look at"})
    assert "harmless" not in stream.getvalue()
    assert "[removed]" in stream.getvalue()


def test_what_libraries_warn_of_is_written_and_scrubbed(log, stream):
    end = take_library_logs(log)
    try:
        logging.getLogger("slack_sdk").warning("refused %s", SECRETS[1])
        logging.getLogger("slack_sdk").info("chatter")
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    finally:
        end()
    assert stream.getvalue().count("\n") == 1
    assert "slack_sdk" in stream.getvalue()
    assert_clean(stream)


def test_a_value_has_an_end(log, stream):
    log.info("said", why="a" * 100_000)
    assert len(stream.getvalue()) < LONGEST + 200


def test_a_screen_is_not_filled_with_one_value_and_the_document_has_it_whole():
    for terminal, shown in ((True, LONGEST_ON_SCREEN), (False, 800)):
        stream = io.StringIO()
        make_log(lambda: NOW, stream, terminal=terminal).info("audit_head", head="a" * 800)
        assert max(map(len, re.findall("a+", stream.getvalue()))) == shown


@pytest.mark.parametrize("longest", [LONGEST_ON_SCREEN, LONGEST])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_taken_out_before_a_value_is_cut(log, stream, secret, longest):
    for left in range(len(secret)):
        log.info("said", why=f"{'a' * (longest - left)} {secret} {'b' * LONGEST}")
    assert_clean(stream)


def test_a_value_cannot_write_a_line_or_move_the_cursor(log, stream):
    log.info("said", why="one\ntwo\x1b[2Jthree", sly="a=b c")
    log.info("said\x1b[2J\nagain")
    assert stream.getvalue().count("\n") == 2
    assert "\x1b" not in stream.getvalue()


def test_what_is_no_secret_stays():
    sentence = (
        "node-1 20261001120003341000000000000003:1 redis://127.0.0.1:6379/0 -----BEGIN PUBLIC"
    )
    assert scrub(sentence) == sentence
