"""Options and helpers of commands that work on this host: settings, database, durations."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from appliance.cli.location import find_settings, located, location_options
from appliance.errors import SettingsError
from appliance.principal import Account, Principal
from appliance.processes import shared_lock
from appliance.settings import CONFIG_IN_STATE, Settings, new_state_settings
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


def restore_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add the same options to `restore`, whose state folder may be new, and pass it where that folder is, or None."""

    @location_options
    @functools.wraps(command)
    def with_settings(*args: Any, config_file: Path | None, state: Path | None, **kwargs: Any) -> R:  # noqa: ANN401
        config_file, state = located(config_file, state)
        is_new = state and not config_file and not (state / CONFIG_IN_STATE).exists()
        settings = new_state_settings(state) if state and is_new else find_settings(config_file, state)
        return command(*args, settings=settings, state=state, **kwargs)  # type: ignore[arg-type]

    return with_settings


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


def acting_for(account: Account) -> Principal:
    """Return the principal of a command on this host that writes for the account."""
    return Principal.local(f"command line, {getpass.getuser()}", account)
