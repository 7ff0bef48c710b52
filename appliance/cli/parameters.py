"""Kinds of arguments and options: durations, and times or durations from now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from appliance.cli.output import print_moment
from appliance.durations import parse_duration

_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)


class Duration(click.ParamType[timedelta]):
    """A duration: 90s, 15m, 12h or 30d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401
        """Parse the duration."""
        found = parse_duration(value)
        if found is None:
            self.fail(f"{value!r} is not a duration such as 90s, 15m, 12h or 30d", param, ctx)
        return found


class ApplianceUrl(click.ParamType[str]):
    """The URL of an appliance without a path, such as https://dns.example.net."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the URL without a final slash; fail unless it is of http or https, with a host and nothing else."""
        url = str(value).removesuffix("/")
        if not _ORIGIN.fullmatch(url):
            self.fail(f"{value!r} is not a URL without a path, such as https://dns.example.net", param, ctx)
        return url


class Expiry(click.ParamType[str]):
    """A time as the API has it, or a duration from now, such as 30d; `never` is the empty text."""

    name = "time"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the time as text; text other than a duration is read by the API."""
        duration = parse_duration(value)
        if duration is None:
            return "" if value == "never" else str(value)
        return str(print_moment(datetime.now(UTC) + duration))
