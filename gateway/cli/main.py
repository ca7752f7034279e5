"""The `countersign` command: its group, and who brings which command.

Nothing heavy is imported before a command runs.
"""

import click

from gateway.cli import (
    audit,
    completion,
    doctor,
    examples,
    init,
    keys,
    notify,
    oncall,
    policy,
    serve,
    simulate,
    watch,
)


@click.group(epilog=examples.EXIT_STATUS)
@click.version_option(
    package_name="countersign", prog_name="countersign", message="%(prog)s %(version)s"
)
def main() -> None:
    """Ask people before an MPC wallet signs."""


for _command in (
    audit.audit,
    completion.completion,
    doctor.doctor,
    init.init,
    keys.keys,
    notify.notify,
    oncall.approve,
    oncall.freeze,
    oncall.list_,
    oncall.reject,
    oncall.show,
    oncall.thaw,
    policy.policy,
    serve.demo,
    serve.serve,
    simulate.simulate,
    watch.watch,
):
    main.add_command(_command)

examples.give(main)
