"""Reading of the settings: from a TOML file and the environment, checked value by value and together."""

from __future__ import annotations

import difflib
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from appliance.durations import print_duration
from appliance.errors import InputError, SettingsError
from appliance.settings import conflicts, values
from appliance.settings.sections import SECTIONS, DeployerSettings, Settings, StoreSettings, known_keys

DEFAULT_FILE = Path("/etc/dns-appliance/config.toml")
CONFIG_IN_STATE = "config.toml"
"""Name of the settings file in the state folder of an embedded appliance."""
STORE_IN_STATE, ZONES_IN_STATE = Path("store/store.sqlite3"), Path("zones")
"""Paths of the store and of the zone files in the state folder."""
ENVIRONMENT_PREFIX = "DNS_APPLIANCE_"
NOT_SETTINGS = frozenset(f"{ENVIRONMENT_PREFIX}{name}" for name in ("STATE", "CONFIG", "URL", "TOKEN", "TSIG_KEY"))
"""Variables of the command line and its clients: where the settings are, where the API is, and secrets."""
_RANGES: Mapping[str, tuple[int, int]] = {
    "store.busy_timeout": (1, 60),
    "store.read_timeout": (0, 600),
    "api.processes": (0, 8),
    "api.threads": (2, 256),
    "api.token_rate": (0, 1_000_000),
    "api.token_burst": (1, 1_000_000),
    "api.failure_rate": (0, 1_000_000),
    "api.failure_burst": (1, 1_000_000),
    "api.account_write_rate": (0, 1_000_000),
    "api.account_write_burst": (1, 1_000_000),
    "api.zone_write_rate": (0, 1_000_000),
    "api.zone_write_burst": (1, 1_000_000),
    "api.request_timeout": (5, 3600),
    "api.connections": (0, 5000),
    "quotas.zones": (0, 1_000_000),
    "quotas.records": (0, 10_000_000),
    "dns.rate_limit": (0, 1000),
    "dns.default_ttl": (0, 2**31 - 1),
    "dns.apex_ttl": (0, 2**31 - 1),
    "deployer.check_timeout": (1, 600),
    "deployer.quiet_time": (0, 10_000),
    "deployer.poll_interval": (10, 60_000),
    "deployer.reconcile_interval": (1, 3600),
}


def new_state_settings(state: Path) -> Settings:
    """Return the settings of a state folder that has none yet."""
    return Settings(
        store=StoreSettings(state / STORE_IN_STATE), deployer=DeployerSettings(zone_directory=state / ZONES_IN_STATE)
    )


def read_settings(file: Path | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings from `file` (None: no file) and the environment; raise SettingsError, which names the key."""
    given = _from_file(file) if file else {}
    given |= _from_environment(environment)
    sections: dict[str, typing.Any] = {}
    for name, section in SECTIONS.items():
        hints = typing.get_type_hints(section, include_extras=True)
        read = {
            key: read_value(f"{name}.{key}", hints[key], given[f"{name}.{key}"].value)
            for key in hints
            if f"{name}.{key}" in given
        }
        sections[name] = section(**read)
    settings = Settings(**sections, sources={key: one.source for key, one in given.items()})
    conflicts.refuse_conflicts(settings)
    return settings


def print_value(value: object) -> str:
    """Return a setting in the form used in the environment."""
    if type(value) is tuple:  # not a named one, which has a form of its own
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return print_duration(value) if value else "0"
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class _Given:
    value: object
    source: str


def _from_file(file: Path) -> dict[str, _Given]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as refused:
        raise SettingsError(f"{file}: {refused}") from None
    except tomllib.TOMLDecodeError as refused:
        raise SettingsError(f"{file} is not TOML: {refused}") from None
    given = {}
    for name, section in document.items():
        if not isinstance(section, dict):
            raise SettingsError(f"{file}: the key {name} is outside a section")
        for key, value in section.items():
            given[_known(f"{name}.{key}", str(file))] = _Given(value, str(file))
    return given


def _from_environment(environment: Mapping[str, str]) -> dict[str, _Given]:
    variables = {f"{ENVIRONMENT_PREFIX}{key.replace('.', '_').upper()}": key for key in known_keys()}
    given = {}
    for variable, value in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in NOT_SETTINGS:
            if variable not in variables:
                raise SettingsError(f"the environment sets {variable}, which is unknown{_nearest(variable, variables)}")
            given[variables[variable]] = _Given(value, variable)
    return given


def _known(key: str, source: str) -> str:
    if key not in known_keys():
        raise SettingsError(f"{source}: {key} is unknown{_nearest(key, known_keys())}")
    return key


def _nearest(key: str, known: typing.Iterable[str]) -> str:
    near = difflib.get_close_matches(key, tuple(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def read_value(key: str, value_type: object, value: object) -> object:
    """Return the value of a setting; raise SettingsError with its key and what is expected, if it is none."""
    try:
        result = values.READERS[value_type](value)
    except (ValueError, TypeError):
        raise SettingsError(f"{key} is {value!r}, which is not {values.EXPECTED[value_type]}") from None
    except InputError as refused:
        raise SettingsError(f"{key} is {value!r}: {refused}; use {values.EXPECTED[value_type]}") from None
    low, high = _RANGES.get(key, (0, 2**31 - 1))
    if isinstance(result, int) and not low <= result <= high:
        raise SettingsError(f"{key} is {result}; it must be {low} to {high}")
    return result
