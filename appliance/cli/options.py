"""Options and helpers that commands share: settings, database, JSON or table output, durations."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from appliance.cli.screen import table
from appliance.durations import parse_duration
from appliance.errors import SettingsError
from appliance.processes import shared_lock
from appliance.settings import (
    CONFIG_IN_STATE,
    DEFAULT_FILE,
    ENVIRONMENT_PREFIX,
    STORE_IN_STATE,
    Settings,
    StoreSettings,
    read_settings,
)
from appliance.store.file.database import Store
from appliance.store.file.snapshot import API_LOCK

P = ParamSpec("P")
R = TypeVar("R")


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def settings_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add `--config` and `--state` to the command, and pass it the settings that they select."""

    @location_options
    @functools.wraps(command)
    def with_settings(*args: Any, config_file: Path | None, state: Path | None, **kwargs: Any) -> R:  # noqa: ANN401
        settings = find_settings(*located(config_file, state))
        return command(*args, settings=settings, **kwargs)  # type: ignore[arg-type]

    return with_settings


def store_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add the same options to a command that needs only the store's path; the state folder may be new."""

    @location_options
    @functools.wraps(command)
    def with_store(*args: Any, config_file: Path | None, state: Path | None, **kwargs: Any) -> R:  # noqa: ANN401
        config_file, state = located(config_file, state)
        is_new = state and not config_file and not (state / CONFIG_IN_STATE).exists()
        store = StoreSettings(state / STORE_IN_STATE) if state and is_new else find_settings(config_file, state).store
        return command(*args, store=store, **kwargs)  # type: ignore[arg-type]

    return with_store


def location_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--config` and `--state` to a command, or to the program, before its command."""
    config = click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"Settings file, or DNS_APPLIANCE_CONFIG. [default: {DEFAULT_FILE} when it exists]",
    )
    state = click.option(
        "--state",
        type=click.Path(path_type=Path, file_okay=False),
        help="State folder of `dns-appliance run`, or DNS_APPLIANCE_STATE.",
    )
    return config(state(command))


def located(config_file: Path | None, state: Path | None) -> tuple[Path | None, Path | None]:
    """Return settings file and state folder as given after the command, before it, or in the environment.

    The first of these that has one of them counts alone: an option overrides the environment.
    """
    program = click.get_current_context().find_root().params
    variables = (os.environ.get(f"{ENVIRONMENT_PREFIX}{name}") for name in ("CONFIG", "STATE"))
    environment = [Path(value) if value else None for value in variables]
    for config, folder in ((config_file, state), (program.get("config_file"), program.get("state")), environment):
        if config and folder:
            raise click.UsageError(
                "--config and --state, and DNS_APPLIANCE_CONFIG and DNS_APPLIANCE_STATE, cannot be used together"
            )
        if config or folder:
            return config, folder
    return None, None


def find_settings(config_file: Path | None, state: Path | None) -> Settings:
    """Return the settings of the file, of the state folder, or of this host."""
    if state:
        config_file = state / CONFIG_IN_STATE
        if not config_file.exists():
            raise SettingsError(f"{state} is not a state folder; `dns-appliance run --state {state}` creates one")
    elif config_file is None and DEFAULT_FILE.exists():
        config_file = DEFAULT_FILE
    return read_settings(config_file, os.environ)


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--json` to the command."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def yes_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--yes` to a command that prompts for a confirmation on a terminal."""
    return click.option("--yes", is_flag=True, help="Do not ask for a confirmation.")(command)


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """Open the store of the settings, with a connection; raise SettingsError if it does not exist."""
    if not settings.store.path.exists():
        raise SettingsError(
            f"database {settings.store.path} does not exist; select the appliance with --state or --config"
        )
    with shared_lock(settings.store.path.with_name(API_LOCK)):
        store = Store(settings.store.path, busy_timeout=settings.store.busy_timeout)
        store.attach()
        with store.connection():
            yield store


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


class Duration(click.ParamType[timedelta]):
    """A duration: 90s, 15m, 12h or 30d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401
        """Parse the duration."""
        found = parse_duration(value)
        if found is None:
            self.fail(f"{value!r} is not a duration such as 90s, 15m, 12h or 30d", param, ctx)
        return found
