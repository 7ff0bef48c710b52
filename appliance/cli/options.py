"""Options and helpers that commands share: settings, database, JSON or table output, durations."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from appliance.cli.screen import table
from appliance.errors import SettingsError
from appliance.processes import shared_lock
from appliance.settings import (
    CONFIG_IN_STATE,
    DEFAULT_FILE,
    STORE_IN_STATE,
    Settings,
    StoreSettings,
    read_settings,
)
from appliance.store.file.database import Store
from appliance.store.file.snapshot import API_LOCK

P = ParamSpec("P")
R = TypeVar("R")

_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def settings_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add `--config` and `--state` to the command, and pass it the settings that they select."""

    @_located
    @functools.wraps(command)
    def with_settings(*args: Any, config_file: Path | None, state: Path | None, **kwargs: Any) -> R:  # noqa: ANN401
        return command(*args, settings=find_settings(config_file, state), **kwargs)  # type: ignore[arg-type]

    return with_settings


def store_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add the same options to a command that needs only the store's path; the state folder may be new."""

    @_located
    @functools.wraps(command)
    def with_store(*args: Any, config_file: Path | None, state: Path | None, **kwargs: Any) -> R:  # noqa: ANN401
        is_new = state and not config_file and not (state / CONFIG_IN_STATE).exists()
        store = StoreSettings(state / STORE_IN_STATE) if state and is_new else find_settings(config_file, state).store
        return command(*args, store=store, **kwargs)  # type: ignore[arg-type]

    return with_store


def _located(command: Callable[P, R]) -> Callable[P, R]:
    config = click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"Settings file. [default: {DEFAULT_FILE} when it exists]",
    )
    state = click.option(
        "--state", type=click.Path(path_type=Path, file_okay=False), help="State folder of `dns-appliance run`."
    )
    return config(state(command))


def find_settings(config_file: Path | None, state: Path | None) -> Settings:
    """Return the settings of the file, of the state folder, or of this host."""
    if config_file and state:
        raise click.UsageError("--config and --state cannot be used together")
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


def print_rows(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """Print the rows as a JSON array or as a table with a heading."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
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
        found = _DURATION.fullmatch(value)
        if not found:
            self.fail(f"{value!r} is not a duration such as 90s, 15m, 12h or 30d", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
