"""`python -m gateway`: the command, where no script is installed."""

from gateway.cli import main

main()
