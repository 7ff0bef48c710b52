"""Waiting until a change is live, and saying which nameservers serve it."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import click

from appliance.client import ApiClient, ApiResponse

P = ParamSpec("P")
R = TypeVar("R")

MAX_WAIT = 60
"""Seconds: the longest wait that the API offers."""
POLL_INTERVAL = 1.0
"""Seconds between two reads of a deployment, where the API has no place for another request that waits."""
Deployment = dict[str, Any]


def wait_options(command: Callable[P, R]) -> Callable[..., R]:
    """Add `--wait` and `--no-wait` to a command that writes, and pass it a `Wait`."""

    @click.option(
        "--wait",
        "seconds",
        type=click.IntRange(1, MAX_WAIT),
        default=30,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for the change to be live.",
    )
    @click.option("--no-wait", is_flag=True, help="Do not wait: the change is stored when the command ends.")
    @functools.wraps(command)
    def with_wait(*args: Any, seconds: int, no_wait: bool, **kwargs: Any) -> R:  # noqa: ANN401
        return command(*args, wait=Wait(0 if no_wait else seconds), **kwargs)  # type: ignore[arg-type]

    return with_wait


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a command waits for its change to be live: seconds, 0 for not at all."""

    seconds: int

    def headers(self, api: ApiClient) -> dict[str, str]:
        """Return the headers with which a write waits."""
        return {"Prefer": f"wait={self.seconds}"} if self._waits(api) else {}

    def report(self, api: ApiClient, key: str, response: ApiResponse) -> None:
        """Say on stderr whether the change of that zone is live; exit with status 1 unless it is, after a wait."""
        serial = response.headers.get("X-Zone-Serial", "")
        if not self._waits(api):
            reason = f"; it is not live yet: {api.hindrance}" if api.hindrance else ""
            click.echo(f"serial {serial} is stored{reason}", err=True)
            return
        state, deployment = self._outcome(api, key, response)
        if state == "live":
            click.echo(f"serial {serial} is live on {_names(deployment['nameservers'])}", err=True)
            return
        if proof := _proof(api, key):
            click.echo(f"serial {serial} is stored; {proof}", err=True)
            return
        click.echo(f"serial {serial} is stored, and not live after {self.seconds} s: {_missing(deployment)}", err=True)
        sys.exit(1)

    def report_removal(self, api: ApiClient, domain: str, response: ApiResponse) -> None:
        """Say on stdout that the zone is deleted; exit with status 1 if it is still served after a wait."""
        if not self._waits(api):
            click.echo(f"zone {domain} deleted")
            return
        is_gone = response.headers.get("X-Deployment") == "live"
        click.echo(f"zone {domain} deleted; {'no nameserver serves it' if is_gone else 'a nameserver still serves it'}")
        if not is_gone:
            sys.exit(1)

    def _waits(self, api: ApiClient) -> bool:
        return bool(self.seconds) and not api.hindrance

    def _outcome(self, api: ApiClient, key: str, response: ApiResponse) -> tuple[str, Deployment]:
        """Return the state in which the wait ended, and the deployment; wait here if the API did not."""
        deadline = time.monotonic() + self.seconds
        state, deployment = response.headers.get("X-Deployment"), api.get_zone(key, "deployment/")
        while state is None and deployment["state"] not in ("live", "failed") and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL)
            deployment = api.get_zone(key, "deployment/")
        return state or deployment["state"], deployment


def _names(nameservers: Iterable[Deployment]) -> str:
    return ", ".join(one["name"] for one in nameservers)


def _missing(deployment: Deployment) -> str:
    """Return which nameservers serve the present serial, and what each of the others serves."""
    servers = deployment["nameservers"]
    live = [one for one in servers if one["serial"] == deployment["serial"] and one["state"] == "live"]
    parts = [f"live on {_names(live)}"] if live else []
    for one in servers:
        if one["state"] == "unreachable":
            parts.append(f"{one['name']} does not answer")
        elif one not in live:
            serves = "does not serve it" if one["serial"] is None else f"still has serial {one['serial']}"
            parts.append(f"{one['name']} {serves}")
    return "; ".join(parts + ([deployment["error"]] if deployment["error"] else []))


def _proof(api: ApiClient, key: str) -> str | None:
    """Return what proves the ownership of a zone that is held, None for any other."""
    proof = api.find_zone(key)["ownership"]
    if proof is None:
        return None
    record = f"{proof['name']} {proof['record_type']} {proof['value']}"
    return f"it is published once its ownership is proven: create {record} where the domain is served now"
