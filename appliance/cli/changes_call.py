"""One call of `changes/`: the options of commands that write records, and what they print."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

import click

from appliance.cli.history import dry_run_option, finish
from appliance.cli.output import json_option
from appliance.cli.parameters import Duration
from appliance.cli.remote import api_options
from appliance.cli.waiting import Wait, wait_options
from appliance.client import ApiClient, ApiResponse
from appliance.durations import print_duration
from appliance.errors import CallRefused

P = ParamSpec("P")
R = TypeVar("R")

_INDEX = re.compile(r"changes\.\d+\.")
Change = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How records are written: why, for how long unless it is confirmed, whether at all, and what is printed."""

    message: str = ""
    confirm_within: timedelta | None = None
    dry_run: bool = False
    wait: Wait = Wait(0)  # noqa: RUF009 - it is frozen
    as_json: bool = False


def write_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add the options of every write of records, and pass it a client of the API and a `WriteOptions`."""
    limit = "Revert it after this time, 10s to 1d, unless `zone confirm` was called."

    @click.option("-m", "--message", default="", help="Why: shown in the history of the zone.")
    @click.option("--confirm-within", type=Duration(), help=limit)
    @dry_run_option
    @wait_options
    @json_option
    @api_options
    @functools.wraps(command)
    def with_options(
        *args: Any,  # noqa: ANN401 - as the command has them
        message: str,
        confirm_within: timedelta | None,
        dry_run: bool,
        wait: Wait,
        as_json: bool,
        **kwargs: Any,  # noqa: ANN401 - likewise
    ) -> R:
        options = WriteOptions(message, confirm_within, dry_run, wait, as_json)
        return command(*args, options=options, **kwargs)  # type: ignore[arg-type]

    return with_options


def write(
    api: ApiClient,
    key: str,
    changes: Sequence[Change],
    options: WriteOptions,
    condition: Mapping[str, str] | None = None,
) -> None:
    """Send the changes of the zone in one call, print the diff, and wait; `condition` is a header such as If-Match."""
    limit = options.confirm_within
    body: Change = {"changes": changes} | ({"comment": options.message} if options.message else {})
    if limit:
        body["confirm_within"] = int(limit.total_seconds())
    response = _called(api, key, body, options, condition or {})
    change_id = response.document["change_id"]
    if limit and change_id:
        confirming = f"dns-appliance zone confirm {key} {change_id}"
        click.echo(f"reverted in {print_duration(limit)} unless: {confirming}", err=True)
    finish(api, key, response, options.wait, as_json=options.as_json)


def _called(api: ApiClient, key: str, body: Change, options: WriteOptions, condition: Mapping[str, str]) -> ApiResponse:
    """Call `changes/`; the field of an error is that of the record, without the index of the change."""
    query, headers = ({"dry_run": "true"}, {}) if options.dry_run else ({}, options.wait.headers(api))
    try:
        return api.call_zone("POST", key, "changes/", body, query=query, headers={**condition, **headers})
    except CallRefused as refused:
        field = refused.field and _INDEX.sub("", refused.field)
        raise CallRefused(refused.status, refused.detail, refused.code, field) from None
