"""Which appliance a command works on: after the command, before it, or in the environment.

The one of this host, by `--config` or `--state`, or a remote one, by `--url`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from appliance.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

PREFIX = "DNS_APPLIANCE_"
CONFIG_FILE = "/etc/dns-appliance/config.toml"
REMOTE = ("url", "token_file", "ca_file", "allow_http")
"""The options of a remote appliance, as parameters."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote appliance: its URL, and how it is reached."""

    url: str
    token_file: Path | None = None
    ca_file: Path | None = None
    allow_http: bool = False


def location_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--config` and `--state` to a command, or to the program, before its command."""
    config = click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"Settings file, or DNS_APPLIANCE_CONFIG. [default: {CONFIG_FILE} when it exists]",
    )
    state = click.option(
        "--state",
        type=click.Path(path_type=Path, file_okay=False),
        help="State folder of `dns-appliance run`, or DNS_APPLIANCE_STATE.",
    )
    return config(state(command))


def remote_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--url` and what belongs to it."""
    options = (
        click.option("--url", help="URL of a remote appliance, or DNS_APPLIANCE_URL: uses its API instead."),
        click.option(
            "--token-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="File of mode 0600 with the token for --url. [default: DNS_APPLIANCE_TOKEN, else "
            "~/.config/dns-appliance/token]",
        ),
        click.option(
            "--ca-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Certificate of the authority that --url is verified with. [default: those of the system]",
        ),
        click.option(
            "--allow-http", is_flag=True, help="Send the token unencrypted if --url is http:// and not this machine."
        ),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def located(config_file: Path | None, state: Path | None) -> tuple[Path | None, Path | None]:
    """Return settings file and state folder as given after the command, before it, or in the environment.

    The first of these that has one of them counts alone: an option overrides the environment. Raise UsageError for a
    command of this host with `--url`.
    """
    if _before_the_command().get("url"):
        raise click.UsageError("--url is for the commands of zone and record: this command works on this host")
    return _local_place(config_file, state) or (None, None)


def find_remote(config_file: Path | None, state: Path | None, remote: Mapping[str, Any]) -> Remote | None:
    """Return the remote appliance that the options, before or after the command, or the environment select, if any.

    Raise UsageError if the same place selects one on this host too.
    """
    before = _before_the_command()
    options: dict[str, Any] = {name: remote[name] or before.get(name) for name in REMOTE}
    is_local = _given(config_file, state) or _given(before.get("config_file"), before.get("state"))
    if options["url"] and is_local:
        raise click.UsageError("--url cannot be used together with --config or --state")
    if not options["url"] and not is_local and (url := os.environ.get(f"{PREFIX}URL")):
        if any(_from_environment()):
            raise click.UsageError("DNS_APPLIANCE_URL cannot be used with DNS_APPLIANCE_CONFIG or DNS_APPLIANCE_STATE")
        options["url"] = url
    if not options["url"] and any(options.values()):
        raise click.UsageError("--token-file, --ca-file and --allow-http belong to --url")
    return Remote(**options) if options["url"] else None


def find_settings(config_file: Path | None, state: Path | None) -> Settings:
    """Return the settings of the file, of the state folder, or of this host."""
    from appliance.errors import SettingsError  # noqa: PLC0415 - remote commands start sooner without
    from appliance.settings import CONFIG_IN_STATE, DEFAULT_FILE, read_settings  # noqa: PLC0415 - likewise

    if state:
        config_file = state / CONFIG_IN_STATE
        if not config_file.exists():
            raise SettingsError(f"{state} is not a state folder; `dns-appliance run --state {state}` creates one")
    elif config_file is None and DEFAULT_FILE.exists():
        config_file = DEFAULT_FILE
    return read_settings(config_file, os.environ)


def _local_place(config_file: Path | None, state: Path | None) -> tuple[Path | None, Path | None] | None:
    before = _before_the_command()
    for config, folder in (
        (config_file, state),
        (before.get("config_file"), before.get("state")),
        _from_environment(),
    ):
        if found := _given(config, folder):
            return found
    return None


def _given(config: Path | None, state: Path | None) -> tuple[Path | None, Path | None] | None:
    """Return both unless neither is given; raise UsageError if both are."""
    if config and state:
        raise click.UsageError(
            "--config and --state, and DNS_APPLIANCE_CONFIG and DNS_APPLIANCE_STATE, cannot be used together"
        )
    return (config, state) if config or state else None


def _before_the_command() -> Mapping[str, Any]:
    return click.get_current_context().find_root().params


def _from_environment() -> tuple[Path | None, Path | None]:
    config, state = (os.environ.get(f"{PREFIX}{name}") for name in ("CONFIG", "STATE"))
    return Path(config) if config else None, Path(state) if state else None
