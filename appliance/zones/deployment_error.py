"""One sentence that says why a zone is not live, and what to do: for API, console and command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from appliance.zones.deployment import Deployment, DeploymentState, NameserverState, reaches

PATIENCE = timedelta(seconds=10)
"""A zone may take so long after its change without an explanation."""


def explain(deployment: Deployment, now: datetime) -> str | None:
    """Return why the zone is not live, and the remedy; None if it is, or was changed less than 10 seconds ago.

    The error of a failed attempt is returned at once.
    """
    if deployment.state is DeploymentState.LIVE:
        return None
    if deployment.error or abs(now - deployment.queued_at) <= PATIENCE:
        return deployment.error
    if not deployment.deleted and deployment.state is DeploymentState.PENDING:
        return (
            f"serial {deployment.serial} waits for the deployer: it has other zones to deploy first, or does not run; "
            "dns-appliance status says which"
        )
    return "; ".join(_missing(deployment)) or (
        "every nameserver serves it, and the deployer has not recorded that yet: dns-appliance status says if it runs"
    )


def _missing(deployment: Deployment) -> Iterator[str]:
    """Yield what is wrong with each nameserver that does not serve the zone as expected."""
    for number, seen in enumerate(deployment.nameservers):
        since = f" since {seen.changed_at:%Y-%m-%dT%H:%M:%SZ}" if seen.changed_at else ""
        if seen.state is NameserverState.UNREACHABLE:
            answered = f" since {seen.checked_at:%Y-%m-%dT%H:%M:%SZ}" if seen.checked_at else ""
            remedy = "check that named runs there and that UDP and TCP reach it"
            yield f"{seen.nameserver} has not answered{answered}: {remedy}"
        elif deployment.deleted:
            if seen.serial is not None:
                yield f"{seen.nameserver} still serves the deleted zone: {_remedy(number)}"
        elif seen.serial is None:
            yield f"{seen.nameserver} has not served the zone{since}: {_remedy(number)}"
        elif seen.state is not NameserverState.LIVE or not reaches(seen.serial, deployment.serial):
            yield f"{seen.nameserver} serves serial {seen.serial}{since}, not {deployment.serial}: {_remedy(number)}"


def _remedy(number: int) -> str:
    """Return what to do about the nameserver at that position; the first is the primary, which transfers nothing."""
    if number == 0:
        return "read the log of its named, which may not have loaded the zone"
    return "read the log of its named: transfers may be refused or interrupted, or its disk may be full"
