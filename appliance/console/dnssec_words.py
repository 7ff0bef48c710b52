"""The DNSSEC of a zone in words for its page: its state, what comes next, and what is wrong."""

from __future__ import annotations

from datetime import datetime

from dns.name import Name

from appliance.console.forms import as_sentence
from appliance.console.pages import print_time
from appliance.console.truncate import truncate
from appliance.zones.names import print_domain
from appliance.zones.signing import Signing, SigningProblem, SigningState
from appliance.zones.signing_outlook import NextStep
from appliance.zones.signing_problems import problems_of

MAX_REASON = 300
"""Octets of the reason why the parent zone could not be checked."""
_STATES = {
    SigningState.UNSIGNED: "The zone is not signed.",
    SigningState.SIGNING: "The zone is being signed: not every nameserver serves it signed yet.",
    SigningState.DS_WAIT: "The zone is signed. Caches may hold unsigned answers until {at}.",
    SigningState.DS_READY: "The zone is signed, and its DS can be added to the parent zone.",
    SigningState.SECURED: "The zone is signed, and the parent zone has its DS.",
    SigningState.ROLLING: "The zone is signed and secured, and a new key replaces the former one, which takes about "
    "eleven days.",
    SigningState.DS_REMOVE: "DNSSEC is being turned off. The zone stays signed until the parent zone has no DS of it.",
    SigningState.DS_EXPIRING: "The DS is gone from the parent zone. Caches may hold it until {at}, and the zone stays "
    "signed until then.",
    SigningState.UNSIGNING: "Signing has ended: not every nameserver serves the zone unsigned yet.",
}
_LATE = {
    SigningState.DS_WAIT: "The zone is signed. Caches have forgotten unsigned answers.",
    SigningState.DS_EXPIRING: "The DS is gone from the parent zone and from caches. The zone stays signed until the "
    "parent zone was checked once more.",
}
"""The same for states whose time is over, and that end when the deployer sees that."""
_STEPS = {
    SigningState.SIGNING: "You need to do nothing: this takes seconds, or minutes in a large zone.",
    SigningState.DS_WAIT: "Do not add the DS at your registrar before this page says so.",
    SigningState.DS_READY: "Add the DS below at your registrar.",
    SigningState.SECURED: "You need to do nothing: resolvers verify the answers.",
    SigningState.DS_REMOVE: "Remove every DS of the domain at your registrar.",
    SigningState.DS_EXPIRING: "You need to do nothing. Do not move the domain to other nameservers yet.",
    SigningState.UNSIGNING: "You need to do nothing.",
}
_PROBLEMS = {
    SigningProblem.KEYS_MISSING: "Key files of the zone are missing on the primary. Its answers stay valid, but "
    "changes are not published until an operator restores the files from a backup.",
    SigningProblem.DS_MISMATCH: "The parent zone has a DS, but none of a key of this zone: resolvers that validate "
    "refuse all answers. At your registrar, remove what is not listed here.",
    SigningProblem.KEYS_DIFFER: "A nameserver serves other keys than those of the zone. An operator must restore the "
    "key files from a backup.",
    SigningProblem.SIGNATURES_OLD: "The first signature expires at {expires_at}. An operator must check why a "
    "nameserver does not get new ones.",
    SigningProblem.KEY_NOT_BACKED_UP: "No backup has the key yet. If the primary is lost before, the zone needs a new "
    "key, and a new DS in the parent zone.",
    SigningProblem.STUCK: "The primary does not publish the latest changes of the zone. The appliance repairs this by "
    "itself.",
}


def explain_signing(state: SigningState, step: NextStep | None) -> str:
    """Return the state in a sentence or two; `step` is what is waited for."""
    if state in _LATE and not (step and step.at):
        return _LATE[state]
    return _STATES[state].format(at=print_time(step.at if step else None))


def explain_step(known: Signing, state: SigningState, step: NextStep | None, *, has_resolver: bool) -> str:
    """Return what the user does next, and what the appliance does; "" for a zone that is not signed.

    `has_resolver`: the appliance checks the parent zone by itself.
    """
    is_late = state is SigningState.DS_EXPIRING and step and not step.at
    if step and (is_late or _is_said_by_step(known, state)):
        return f"Next: {step.what}{f', at {print_time(step.at)}' if step.at else ''}."
    if known.own_parent and state is SigningState.DS_WAIT:
        return f"You need to do nothing: {print_domain(known.own_parent.name)} gets the DS by itself."
    text = _STEPS.get(state, "")
    if state not in (SigningState.DS_READY, SigningState.DS_REMOVE):
        return text
    if has_resolver:
        return f"{text} The appliance checks the parent zone at least every hour, and then goes on by itself."
    return f"{text} Then confirm it here: the appliance cannot check the parent zone without the setting dns.resolver."


def _is_said_by_step(known: Signing, state: SigningState) -> bool:
    """Return whether the step itself says what comes next, as it depends on more than the state."""
    if state in (SigningState.DS_READY, SigningState.DS_REMOVE):
        return bool(known.own_parent or (known.gone_since and state is SigningState.DS_REMOVE))
    return state in (SigningState.ROLLING, SigningState.SECURED)


def explain_problems(known: Signing, domain: Name, now: datetime) -> list[str]:
    """Return a sentence or two for each problem: what it means, and who repairs it."""
    return [_explain_problem(problem, known) for problem in problems_of(known, domain, now)]


def _explain_problem(problem: SigningProblem, known: Signing) -> str:
    if problem is SigningProblem.PARENT_UNKNOWN:
        reason = truncate(known.parent.problem, MAX_REASON) if known.parent else ""
        return as_sentence(f"the parent zone could not be checked: {reason}")
    return _PROBLEMS[problem].format(expires_at=print_time(known.expires_at))
