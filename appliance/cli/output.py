"""What commands print: JSON or tables, times, and prompts on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import click

from appliance.cli.screen import table

P = ParamSpec("P")
R = TypeVar("R")


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--json` to the command."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def yes_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--yes` to a command that prompts for a confirmation on a terminal."""
    return click.option("--yes", is_flag=True, help="Do not ask for a confirmation.")(command)


def confirm(what: str, name: str, *, is_confirmed: bool) -> None:
    """Prompt for the name of what the command deletes, on a terminal; exit with status 1 for anything else."""
    if is_confirmed or not sys.stdin.isatty():
        return
    if click.prompt(f"This {what}. Type {name} to confirm", default="", show_default=False, err=True) != name:
        click.echo(f"nothing was changed: {name} was not confirmed", err=True)
        sys.exit(1)


def print_json(shown: object) -> None:
    """Print an object or an array as JSON."""
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False, default=str))


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print the rows as a JSON array or as a table with a heading."""
    if as_json:
        print_json(rows)
    else:
        for line in table(rows):
            click.echo(line)


def print_moment(moment: datetime | None) -> str | None:
    """Return the time as the API prints it: UTC, ISO 8601, seconds, Z."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
