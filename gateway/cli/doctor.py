"""`countersign doctor`: what is wrong, and the line to change."""

from pathlib import Path

import click

from gateway.cli.options import FILE, config_option, json_option


@click.command(short_help="What is wrong, and the line to change.")
@click.option("--strict", is_flag=True, help="Exit status 1 for warnings too.")
@click.option(
    "--node-config",
    type=FILE,
    metavar="FILE",
    help="A TSS Node's own cobo-tss-node-config.yaml, to compare with ours.",
)
@click.option("--node", metavar="NAME", help="Which [[tss_node]] that is, where there are several.")
@json_option
@config_option
def doctor(
    node_config: Path | None, node: str | None, config: Path, *, strict: bool, as_json: bool
) -> None:
    """Look over everything a gateway rests on, and say what to change.

    The gateway need not be running. Exit status 0 when nothing is wrong, 1 otherwise; warnings
    count with --strict. Nothing is changed, and nothing is posted.
    """
    from gateway.doctor import page
    from gateway.doctor.examining import Wanted, examine
    from gateway.oncall.terminal import print_json

    if node is not None and node_config is None:
        raise click.UsageError("--node says whose --node-config it is: name that too.")
    sections = examine(Wanted(config, node_config, node))
    counts = page.count(sections)
    good = not counts["wrong"] and not (strict and counts["warning"])
    if as_json:
        print_json(page.document(sections, good=good))
    else:
        page.print_sections(sections)
    if not good:
        raise click.exceptions.Exit(1)
