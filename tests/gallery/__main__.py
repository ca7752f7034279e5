"""`make gallery`: draws what approvers are shown, at the widths of a phone and of a desktop.

Slack itself draws for nobody but Slack. slack-blocks-to-jsx (MIT) comes close, and Chromium lays
out what it makes. What the renderer lacks or gets wrong is our own work, in render.mjs and
look.css:
- it reads markup in `plain_text`, which Slack never does: those texts are put in as they are;
- it takes `verbatim` for "no markup at all", where Slack only leaves links alone: it is not told;
- it has no narrow screen: on a phone, fields stand in one column, each value below its label;
- it draws no forms, confirm dialogs and notifications: their frames are ours;
- Lato stands for Slack's own fonts, the system's emoji for Slack's, New York for the reader's zone.
So a picture shows what is said, in which order and how much room it takes; not every pixel.
"""

import html
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import click

from tests.gallery.pictures import Picture, pictures

HERE: Final = Path(__file__).parent
OUT: Final = HERE.parents[1] / "build" / "gallery"
WIDTHS: Final = ("phone", "desktop")

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PACKAGES: Final = ("chromium", "fonts-noto-color-emoji")
_TIMEOUT: Final = 900


def main() -> None:
    """Install what is missing, draw, and say where the pictures are."""
    browser = _browser()
    _install()
    drawn = pictures()
    _clear(OUT)
    (OUT / "pictures.json").write_text(json.dumps(drawn), "utf-8")
    _run("node", str(HERE / "render.mjs"), str(OUT), browser)
    (OUT / "index.html").write_text(_index(drawn), "utf-8")
    click.echo(f"{len(drawn)} pictures, each at {' and '.join(WIDTHS)} width: {OUT / 'index.html'}")


def _browser() -> str:
    """Chromium's path; as root on Debian it is installed, elsewhere asked for."""
    found = _on_path(*_BROWSERS)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        click.echo(f"Installing {' and '.join(_PACKAGES)}")
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *_PACKAGES)
        found = _on_path(*_BROWSERS)
    return found or sys.exit("Chromium is missing: install it, so that it is found on PATH.")


def _install() -> None:
    """The locked packages of the renderer, once per lock; none of them runs a script of its own."""
    for tool in ("node", "npm"):
        if _on_path(tool) is None:
            sys.exit(f"{tool} is missing: install Node.js 20 or newer, with npm.")
    lock, stamp = HERE / "package-lock.json", HERE / "node_modules" / ".stamp"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return
    click.echo("Installing the renderer")
    _run("npm", "ci", "--silent", "--prefix", str(HERE))
    stamp.write_bytes(lock.read_bytes())


def _on_path(*names: str) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _run(*command: str) -> None:
    # apt-get talks much, and only what went wrong matters.
    done = subprocess.run(
        command,
        cwd=HERE,
        timeout=_TIMEOUT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}{done.stderr}\n`{command[0]}` failed.")


def _clear(folder: Path) -> None:
    """Pictures of cases that are no more would only mislead."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _index(drawn: list[Picture]) -> str:
    """One page: every picture by its name, the phone's beside the desktop's."""
    names = [html.escape(picture["name"]) for picture in drawn]
    links = "\n".join(f'<a href="#{name}">{name}</a>' for name in names)
    rows = "\n".join(
        f'<section id="{name}"><h2>{name}</h2>'
        + "".join(
            f'<img class="{width}" loading="lazy" src="{width}/{name}.png" alt="{name}, {width}">'
            for width in WIDTHS
        )
        + "</section>"
        for name in names
    )
    style = """body { font: 15px sans-serif; margin: 24px; background: #e8e8ec; }
nav { columns: 4 220px; } nav a { display: block; }
section { margin-top: 40px; } img { vertical-align: top; margin-right: 24px; background: #fff; }
.phone { width: 390px; } .desktop { width: 900px; }"""
    return f"""<!doctype html><meta charset="utf-8"><title>Countersign's gallery</title>
<style>{style}</style>
<h1>What approvers are shown</h1>
<nav>{links}</nav>
{rows}
"""


if __name__ == "__main__":
    main()
