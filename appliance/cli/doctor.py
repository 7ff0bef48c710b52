"""`doctor`: check this host, and say how to repair what is wrong."""

from __future__ import annotations

import json
import sys

import click

from appliance.cli.options import now, settings_options
from appliance.cli.output import json_option
from appliance.cli.screen import table
from appliance.doctor.result import DoctorContext, Verdict
from appliance.settings import Settings
from appliance.zones.names import parse_domain


@click.command()
@click.option(
    "--zones",
    "sample",
    default=100,
    show_default=True,
    type=click.IntRange(0),
    help="Number of zones to compare in full.",
)
@click.option("--all-zones", is_flag=True, help="Compare all zones in full.")
@click.option("--zone", "domain", help="Compare only this zone in full.")
@json_option
@settings_options
def doctor(settings: Settings, sample: int, all_zones: bool, domain: str | None, as_json: bool) -> None:
    """Check this host and its nameservers.

    Prints a verdict for each check, and how to repair what is wrong. Exits with status 1 if a check fails.

    \b
    Example: dns-appliance doctor --state ./var
    """
    from appliance.doctor.examine import examine  # noqa: PLC0415 - the other commands start sooner without

    zone = parse_domain(domain) if domain else None
    context = DoctorContext(settings, now, None if all_zones else sample, zone)
    rows = [
        {"verdict": result.verdict.value, "check": name, "what": result.what, "repair": result.repair or None}
        for name, result in examine(context, _show_running)
    ]
    _show_running("")
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _print(rows)
    sys.exit(1 if any(row["verdict"] == Verdict.FAIL for row in rows) else 0)


def _print(rows: list[dict[str, str | None]]) -> None:
    """Print each result as a line, with its repair below it."""
    lines = table([{key: row[key] for key in ("verdict", "check", "what")} for row in rows])
    indent = " " * lines[0].index("WHAT")
    for row, line in zip(rows, lines[1:], strict=True):
        click.echo(line)
        if row["repair"]:
            click.echo(f"{indent}-> {row['repair']}")


def _show_running(name: str) -> None:
    """Show the name of the running check on a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{name}", err=True, nl=False)
