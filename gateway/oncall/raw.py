"""`show --raw`: the bytes behind the hashes, whole, for whoever checks them with other tools."""

import click

from approvals.raw_bytes import raw_of
from approvals.request import Request
from approvals.wording import counted
from gateway.oncall.terminal import print_json
from notifiers.words.readable import visible


def print_raw(request: Request, *, as_json: bool) -> None:
    """A line that measures, then one of hex, for each; nothing is cut."""
    raws = raw_of(request)
    if as_json:
        found = [{"name": raw.name, "sha256": raw.sha256, "hex": raw.data.hex()} for raw in raws]
        print_json({"digest": request.digest, "raw": found})
        return
    click.echo(f"Digest {request.digest}")
    for raw in raws:
        click.echo(f"{visible(raw.name)}: {counted(len(raw.data), 'byte')}, SHA-256 {raw.sha256}")
        click.echo(raw.data.hex())
