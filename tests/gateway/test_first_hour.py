"""The README's first commands, as they stand there: from nothing to a click that a node hears."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from pathlib import Path

from tests.support.ports import free_ports
from tests.support.slack_server import APP_TOKEN, BOT_TOKEN, local_slack
from tests.support.waiting import until

README = Path(__file__).parents[2] / "README.md"
ACTIVATE = ". .venv/bin/activate\n"


def steps():
    section = README.read_text("utf-8").partition("## Ten minutes")[2].partition("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


async def shell(commands, home, said):
    """A shell of somebody who has nothing but Countersign; what it prints goes into a file."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with said.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            "bash",
            "-ec",
            commands,
            env={"HOME": str(home), "PATH": path, "LANG": "C.UTF-8"},
            cwd=home,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )


def moved(config, slack):
    """Slack and the ports of this test in the place of everybody's."""
    listen, operators = (f"127.0.0.1:{port}" for port in free_ports(2))
    text = config.read_text()
    for there, here in (("127.0.0.1:11020", listen), ("127.0.0.1:11021", operators)):
        assert text.count(there) == 1
        text = text.replace(there, here)
    config.write_text(text.replace("[slack]\n", f'[slack]\napi_url = "{slack.base}/api/"\n'))


async def test_the_first_ten_minutes(tmp_path):
    install, write, start, play = steps()
    assert install == f"make setup\n{ACTIVATE}"
    assert play.startswith(ACTIVATE)
    start = start.replace("xoxb-...", BOT_TOKEN).replace("xapp-...", APP_TOKEN)
    start = start.replace("countersign serve", "exec countersign serve")
    async with asyncio.timeout(60), local_slack() as slack, contextlib.AsyncExitStack() as stack:
        slack.directory.add("U024BE7LH", "Ana")
        writing = await shell(write, tmp_path, tmp_path / "init.txt")
        assert await writing.wait() == 0, (tmp_path / "init.txt").read_text()
        moved(tmp_path / "countersign" / "countersign.toml", slack)

        starting = await shell(start, tmp_path, tmp_path / "serve.txt")
        stack.push_async_callback(ended, starting)
        await until(lambda: slack.sockets == 2 or starting.returncode is not None)
        assert ", 0 wrong." in (tmp_path / "serve.txt").read_text()

        playing = await shell(play.removeprefix(ACTIVATE), tmp_path, tmp_path / "node.txt")
        stack.push_async_callback(ended, playing)
        await until(lambda: slack.messages or playing.returncode is not None)
        await slack.click(slack.message, "Approve", "U024BE7LH", via="socket")
        assert await playing.wait() == 0
        heard = (tmp_path / "node.txt").read_text()
        assert "APPROVE, verified and signed by the gateway" in heard


async def ended(process):
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    await process.wait()
