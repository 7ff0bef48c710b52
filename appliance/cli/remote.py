"""The options of commands that call the API: which appliance, here or remote, and for which account."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import click

from appliance.cli.location import REMOTE, Remote, find_remote, find_settings, located, location_options, remote_options
from appliance.client import ApiClient
from appliance.client.token_file import find_token

P = ParamSpec("P")
R = TypeVar("R")


def api_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add the options that select an appliance, and pass the command a client of its API as `api`."""

    @location_options
    @remote_options
    @functools.wraps(command)
    def with_api(*args: Any, **kwargs: Any) -> R:  # noqa: ANN401
        with connected(kwargs) as api:
            return command(*args, api=api, **kwargs)  # type: ignore[arg-type]

    return with_api


def owner_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add the same, and `--account`, for a command that creates something: on this host it needs an owner."""

    @click.option("--account", "email", help="Email of the owning account; required on the appliance's host.")
    @location_options
    @remote_options
    @functools.wraps(command)
    def with_owner(*args: Any, email: str | None, **kwargs: Any) -> R:  # noqa: ANN401
        with connected(kwargs, email, needs_account=True) as api:
            return command(*args, api=api, **kwargs)  # type: ignore[arg-type]

    return with_owner


def account_filter_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add the same, and `--account`, for a command that lists: on this host it limits the list to one account."""

    @click.option("--account", "email", help="Only those of the account with this email; on the appliance's host.")
    @location_options
    @remote_options
    @functools.wraps(command)
    def with_filter(*args: Any, email: str | None, **kwargs: Any) -> R:  # noqa: ANN401
        with connected(kwargs, email, is_limited=True) as api:
            return command(*args, api=api, **kwargs)  # type: ignore[arg-type]

    return with_filter


@contextmanager
def connected(
    options: dict[str, Any], email: str | None = None, *, needs_account: bool = False, is_limited: bool = False
) -> Iterator[ApiClient]:
    """Remove the options that select an appliance, and yield a client of it."""
    config_file, state = options.pop("config_file"), options.pop("state")
    remote = find_remote(config_file, state, {name: options.pop(name) for name in REMOTE})
    if remote:
        if email:
            raise click.UsageError("--account is for the appliance's host: with --url the token says which account")
        yield open_remote(remote)
        return
    if needs_account and not email:
        raise click.UsageError("--account is required: the email of the account that is to own it")
    settings = find_settings(*located(config_file, state))

    from appliance.cli.local_api import open_local  # noqa: PLC0415 - remote commands start sooner without

    with open_local(settings, email, is_limited=is_limited) as api:
        yield api


def open_remote(remote: Remote) -> ApiClient:
    """Return a client of the remote appliance; raise SettingsError if there is no usable token or URL."""
    from appliance.client.over_http import HttpCarrier  # noqa: PLC0415 - `--help` starts sooner without

    token = find_token(remote.token_file, os.environ)
    return ApiClient(HttpCarrier(remote.url, token, ca_file=remote.ca_file, allow_http=remote.allow_http))
