"""The program `dns-appliance`: each command parses its arguments, calls one function, and prints the result.

Exit status: 0 success, 1 error or problem found, 2 wrong usage. Data goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

import appliance
from appliance.cli import (
    accounts,
    config,
    doctor,
    history,
    host,
    imports,
    recovery,
    screen,
    services,
    status,
    tokens,
    zones,
)
from appliance.cli.options import location_options
from appliance.errors import ApplianceError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(appliance.__version__, prog_name="dns-appliance")
@location_options
@click.pass_context
def program(context: click.Context, /, **_location: Path | None) -> None:
    """Manage an authoritative DNS appliance: zones in a database, served by BIND, verified by queries.

    --config and --state may also follow the command.
    """
    if screen.wants_no_colour():
        context.color = False


for command in (
    services.run,
    services.serve,
    services.deployer,
    accounts.account,
    tokens.token,
    zones.zone,
    status.status,
    doctor.doctor,
    recovery.backup,
    recovery.restore,
    config.config,
    host.host,
):
    program.add_command(command)


for command in (*history.COMMANDS, imports.import_zones):
    zones.zone.add_command(command)


def main() -> None:
    """Run the program; print an ApplianceError as one line on stderr and exit with status 1."""
    try:
        program(prog_name="dns-appliance")
    except ApplianceError as error:
        click.echo(f"dns-appliance: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        click.echo(f"dns-appliance: {error.filename or 'system'}: {error.strerror or error}", err=True)
        sys.exit(1)
