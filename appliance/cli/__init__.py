"""The program `dns-appliance`: each command parses its arguments, calls one function, and prints the result.

Commands of customers (`zone`, `record`) call the public API, of a remote appliance or in this process, and nothing
else; those of operators work on this host. A module is imported when one of its commands is used.

Exit status: 0 success, 1 error or problem found, 2 wrong usage. Data goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

import appliance
from appliance.cli import screen
from appliance.cli.command_table import CommandTable
from appliance.cli.location import location_options, remote_options
from appliance.errors import ApplianceError

ZONE = CommandTable(
    {
        "list": "zones:list_zones",
        "show": "zones:show_zone",
        "create": "zones:create_zone",
        "delete": "zones:delete_zone",
        "protect": "zones:protect_zone",
        "dnssec": "dnssec:dnssec",
        "undelete": "zones:undelete_zone",
        "history": "history:list_versions",
        "diff": "history:show_diff",
        "restore": "history:restore",
        "undo": "history:undo",
        "confirm": "history:confirm_change",
        "import": "imports:import_zones",
        "export": "zones:export_zone",
        "release": "stored_zones:release_zone",
        "warnings": "warnings:list_warnings",
        "check": "stored_zones:check_zone",
    }
)
RECORD = CommandTable(
    {
        "list": "records:list_records",
        "add": "record_edits:add_records",
        "change": "record_edits:change_record",
        "delete": "record_edits:delete_records",
    }
)
COMMANDS = CommandTable(
    {
        "run": "services:run",
        "serve": "services:serve",
        "deployer": "services:deployer",
        "updates": "services:updates",
        "account": "accounts:account",
        "token": "tokens:token",
        "integration": "integration_commands:integration",
        "status": "status:status",
        "doctor": "doctor:doctor",
        "backup": "recovery:backup",
        "restore": "recovery:restore",
        "config": "config:config",
        "host": "host:host",
        "completion": "completion:completion",
    },
    click.Group("zone", commands=ZONE, help="Manage zones, here or with --url on a remote appliance."),
    click.Group("record", commands=RECORD, help="Manage records of zones, here or with --url on a remote appliance."),
)


@click.group(commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(appliance.__version__, prog_name="dns-appliance")
@remote_options
@location_options
@click.pass_context
def program(context: click.Context, /, **_options: Path | str | bool | None) -> None:
    """Manage an authoritative DNS appliance: zones in a database, served by BIND, verified by queries.

    --config, --state and --url, with their companions, may also follow the command.
    """
    if screen.wants_no_colour():
        context.color = False


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
