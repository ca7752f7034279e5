"""ssh-agents: OpenSSH's own, and one that holds software security keys (its PROTOCOL.agent)."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.wire import string, take
from tests.support.security_key import Token

HAVE_AGENT = all(shutil.which(name) for name in ("ssh-agent", "ssh-add", "ssh-keygen"))
needs_agent = pytest.mark.skipif(not HAVE_AGENT, reason="OpenSSH's client is not installed")

_IDENTITIES, _ANSWER, _SIGN, _SIGNED, _FAILURE = 11, 12, 13, 14, 5


@contextlib.contextmanager
def openssh_agent(folder: Path) -> Iterator[Path]:
    """A fresh ssh-agent; its socket."""
    path = folder / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while not path.exists():
            assert time.monotonic() < until
            time.sleep(0.005)
        yield path
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def token_agent(folder: Path, *tokens: Token) -> Iterator[Path]:
    """An agent that holds these tokens, and touches them itself; its socket."""
    path = folder / "tokens"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=_serve, args=(listening, tokens), daemon=True)
        thread.start()
        yield path
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listening: socket.socket, tokens: tuple[Token, ...]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, connection.makefile("rwb") as stream:
            while size := stream.read(4):
                answer = _answer(stream.read(int.from_bytes(size, "big")), tokens)
                stream.write(string(answer))
                stream.flush()


def _answer(message: bytes, tokens: tuple[Token, ...]) -> bytes:
    if message[0] == _IDENTITIES:
        held = b"".join(string(token.blob) + string(b"a token") for token in tokens)
        return bytes([_ANSWER]) + len(tokens).to_bytes(4, "big") + held
    if message[0] == _SIGN:
        blob, rest = take(message[1:])
        data, _flags = take(rest)
        for token in tokens:
            if token.blob == blob:
                return bytes([_SIGNED]) + string(token.signature(data))
    return bytes([_FAILURE])
