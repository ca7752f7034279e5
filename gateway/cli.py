"""The `countersign` command: its group, and who brings which command.

Nothing heavy is imported before a command runs.
"""

import click

from gateway import (
    cli_audit,
    cli_completion,
    cli_doctor,
    cli_examples,
    cli_init,
    cli_keys,
    cli_notify,
    cli_oncall,
    cli_policy,
    cli_serve,
    cli_simulate,
    cli_watch,
)


@click.group(epilog=cli_examples.EXIT_STATUS)
@click.version_option(
    package_name="countersign", prog_name="countersign", message="%(prog)s %(version)s"
)
def main() -> None:
    """Ask people before an MPC wallet signs."""


for _command in (
    cli_audit.audit,
    cli_completion.completion,
    cli_doctor.doctor,
    cli_init.init,
    cli_keys.keys,
    cli_notify.notify,
    cli_oncall.approve,
    cli_oncall.freeze,
    cli_oncall.list_,
    cli_oncall.reject,
    cli_oncall.show,
    cli_oncall.thaw,
    cli_policy.policy,
    cli_serve.demo,
    cli_serve.serve,
    cli_simulate.simulate,
    cli_watch.watch,
):
    main.add_command(_command)

cli_examples.give(main)
