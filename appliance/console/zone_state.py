"""The state of a zone in words for its page: what is served where, since when, and what to do."""

from __future__ import annotations

from appliance.console.forms import as_sentence
from appliance.console.pages import print_time
from appliance.console.truncate import truncate
from appliance.zones.deployment import Deployment, DeploymentState, NameserverState, Observation, reaches

DEGRADED = "degraded"
"""The state of a zone whose only problem is a nameserver that does not answer."""
MAX_ERROR = 1000
"""Octets of an error that are shown."""


def state_of(deployment: Deployment) -> str:
    """Return the state of the zone: that of the API, or DEGRADED."""
    return DEGRADED if _silent(deployment) else deployment.state.value


def explain(deployment: Deployment) -> str:
    """Return who serves what, since when, and what to do, in one sentence or two."""
    silent = _silent(deployment)
    if deployment.error:
        return as_sentence(truncate(deployment.error, MAX_ERROR))
    if silent:
        return _explain_silence(deployment, silent)
    match deployment.state:
        case DeploymentState.LIVE:
            return "All nameservers serve this serial."
        case DeploymentState.DEPLOYING:
            return "Deploying. Some nameservers do not serve this serial yet."
        case _:
            return "Waiting for the deployer."


def _silent(deployment: Deployment) -> list[Observation]:
    """Return the nameservers that do not answer, if all others serve the serial; else nothing."""
    silent = [one for one in deployment.nameservers if one.state is NameserverState.UNREACHABLE]
    live = (one for one in deployment.nameservers if one.state is NameserverState.LIVE)
    serving = [one for one in live if reaches(one.serial, deployment.serial)]
    is_all = serving and len(silent) + len(serving) == len(deployment.nameservers)
    return silent if is_all and deployment.state is not DeploymentState.LIVE else []


def _explain_silence(deployment: Deployment, silent: list[Observation]) -> str:
    serving = [one.nameserver for one in deployment.nameservers if one not in silent]
    away = [f"{one.nameserver} (since {print_time(one.changed_at)})" for one in silent]
    served = f"{_join(serving)} {'serves' if len(serving) == 1 else 'serve'} this serial"
    unanswered = f"{_join(away)} {'does' if len(away) == 1 else 'do'} not answer"
    return f"{served}; {unanswered}. Check that named runs there and can be reached; it then catches up by itself."


def _join(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
