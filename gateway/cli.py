"""The `countersign` command."""

import click


@click.group()
@click.version_option(
    package_name="countersign", prog_name="countersign", message="%(prog)s %(version)s"
)
def main() -> None:
    """Ask people before an MPC wallet signs."""
