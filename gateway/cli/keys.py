"""`countersign keys`: our callback keys, and whom we believe."""

from pathlib import Path

import click

from gateway.cli.options import FILE, config_option, json_option, settings_of

_SIZES = click.IntRange(2048, 8192)


@click.group()
def keys() -> None:
    """Show, prove and make callback keys."""


@keys.command("show")
@click.option("--node", metavar="NAME", help="Only for this [[tss_node]].")
@click.option("--pem", is_flag=True, help="Our public key alone, to be written into a file.")
@json_option
@config_option
def show(node: str | None, config: Path, *, pem: bool, as_json: bool) -> None:
    """What a TSS Node needs: our key, its configuration."""
    from gateway.setup import show_keys

    if pem and as_json:
        raise click.UsageError("--pem prints one key, --json a document: choose one.")
    show_keys.show(settings_of(config), node, pem=pem, as_json=as_json)


@keys.command("check")
@click.argument("pair", nargs=-1, type=FILE, metavar="[PRIVATE PUBLIC]")
@json_option
@config_option
def check(pair: tuple[Path, ...], config: Path, *, as_json: bool) -> None:
    """Prove that two keys are a pair: one signs, one verifies.

    Without arguments, each configured private key with the public half beside it. A private key
    that others can read is refused. Exit status 0 for pairs, 1 otherwise.
    """
    from gateway.setup import pairs

    if not pair:
        pairs.check_configured(settings_of(config), as_json=as_json)
        return
    try:
        private, public = pair
    except ValueError:
        raise click.UsageError("Name two files, PRIVATE and PUBLIC, or none.") from None
    pairs.check_pair(private, public, as_json=as_json)


@keys.command("new")
@click.argument("private", type=FILE, metavar="FILE")
@click.option("--bits", type=_SIZES, default=4096, show_default=True, help="The size of the key.")
def new(private: Path, bits: int) -> None:
    """Make a key pair.

    The private key goes into FILE, mode 0600, its public half beside it. Nothing is overwritten,
    and no configuration is changed.
    """
    from gateway.setup import pairs

    pairs.new(private, bits)
