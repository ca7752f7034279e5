"""Run every measurement and print one line for each."""

import click

click.echo("Nothing is measured yet.")
