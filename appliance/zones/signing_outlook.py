"""What comes next in the DNSSEC of a zone, which DS the parent zone should have, and what each key is for."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dns.name import Name

from appliance.zones.names import print_domain
from appliance.zones.parent_checks import withdrawal_reported_at
from appliance.zones.signing import (
    BETWEEN_CHECKS,
    DEFAULT_DS_TTL,
    DNSKEY_TTL,
    UNTIL_SIGNED_EVERYWHERE,
    Ds,
    DsReport,
    ParentCheck,
    Signing,
    SigningKey,
    SigningState,
    is_rolling,
    may_unsign,
    own_ds,
    state_of,
)

UNTIL_KEY_EVERYWHERE = timedelta(seconds=DNSKEY_TTL) + timedelta(minutes=15) + timedelta(hours=1)
"""From the DNSKEY of a new key until no cache holds the former set: TTL, propagation and safety of the policy."""
UNTIL_SIGNATURES_EVERYWHERE = timedelta(days=10) + UNTIL_SIGNED_EVERYWHERE
"""From the first signature of a new key until no cache holds one of the former key: named replaces them when it renews
them, validity less refresh of the policy."""
UNTIL_DS_FORGOTTEN = timedelta(seconds=DEFAULT_DS_TTL) + timedelta(hours=2)
"""From the report that a DS is gone until named takes all caches to have forgotten it: TTL and propagation."""
LONGEST_UNCHECKED = timedelta(hours=1)
"""A parent that is waited for is checked more often. Else a report of a user counts, whatever was seen before."""

_AWAITED = {
    SigningState.SIGNING: "every nameserver serves the zone signed",
    SigningState.DS_WAIT: "caches forget unsigned answers",
    SigningState.DS_READY: "DS {place}",
    SigningState.DS_REMOVE: "removal of the DS {place}",
    SigningState.DS_EXPIRING: "caches forget the DS",
    SigningState.UNSIGNING: "every nameserver serves the zone unsigned",
}


class KeyState(StrEnum):
    """What a key is for: `published` waits for its DS in a rollover, `retired` is replaced by another key."""

    ACTIVE = "active"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What the user or the appliance waits for; `at` is when it comes, None if that is not known or up to the user."""

    what: str
    at: datetime | None = None


def next_step(signing: Signing, domain: Name, now: datetime) -> NextStep | None:
    """Return what is waited for, without a time that has passed; None if nothing is."""
    step = _awaited(signing, domain, now)
    return replace(step, at=None) if step and step.at and step.at <= now else step


def _awaited(signing: Signing, domain: Name, now: datetime) -> NextStep | None:
    state, until = state_of(signing, domain, now), signing.unsigned_from
    if state is SigningState.ROLLING:
        return _next_of_rollover(signing, domain)
    if state is SigningState.SECURED:
        return _next_of_secured(signing)
    if state is SigningState.DS_REMOVE and signing.gone_since:
        return _next_check("a second check", signing.gone_since + BETWEEN_CHECKS, signing, now)
    if state is SigningState.DS_EXPIRING and until and until <= now:
        return _next_check("a check", until, signing, now)
    signed_everywhere = signing.signed_at and signing.signed_at + UNTIL_SIGNED_EVERYWHERE
    times = {
        SigningState.DS_WAIT: signed_everywhere,
        SigningState.DS_READY: signed_everywhere if signing.own_parent else None,
        SigningState.DS_EXPIRING: until,
    }
    return NextStep(_AWAITED[state].format(place=_place(signing)), times.get(state)) if state in _AWAITED else None


def _next_check(what: str, at: datetime, signing: Signing, now: datetime) -> NextStep:
    is_up_to_user = at + LONGEST_UNCHECKED < now and not signing.own_parent
    return NextStep(f"{what} of the parent without a DS{', or a report that it is gone' if is_up_to_user else ''}", at)


def is_check_overdue(signing: Signing, now: datetime) -> bool:
    """Return True if the zone stays signed only since nobody has checked its parent for long: a report ends that."""
    until = signing.unsigned_from
    if signing.is_wanted or not signing.is_signed or until is None or until + LONGEST_UNCHECKED >= now:
        return False
    return not may_unsign(signing, now)


def ds_to_publish(signing: Signing, domain: Name, now: datetime) -> list[Ds]:
    """Return the DS records, with SHA-256, that the parent should have now, and no others.

    In a rollover those of the former key until caches have the new one.
    """
    if state_of(signing, domain, now) not in (SigningState.DS_READY, SigningState.SECURED, SigningState.ROLLING):
        return []
    ready = [key for key in signing.keys if key.is_ready]
    former = [key for key in signing.keys if not key.is_wanted]
    return [key.ds_of(domain) for key in ready or former or signing.keys]


def is_at_parent(signing: Signing, ds: Ds) -> bool | None:
    """Return whether every nameserver of the parent has this DS; None if that is not known."""
    check = signing.parent
    return None if check is None or check.ds is None else ds in check.ds


def parent_agrees(signing: Signing, domain: Name) -> bool:
    """Return True if the parent has what the user wants: a DS of a key of the zone, or after turning off none."""
    check = signing.parent
    if check is None or check.ds is None:
        return False
    if signing.is_wanted:
        return not check.ds.isdisjoint(own_ds(signing.keys, domain))
    return not check.anywhere


def in_use(signing: Signing) -> Signing:
    """Return what is known without the keys of a zone that is not signed: those are kept for the next time.

    Nobody may give their DS to the parent: resolvers would refuse the unsigned zone.
    """
    return signing if signing.is_signed else replace(signing, keys=())


def key_state(key: SigningKey, signing: Signing) -> KeyState:
    """Return what this key of the zone is for."""
    if not key.is_wanted:
        return KeyState.RETIRED
    return KeyState.PUBLISHED if is_rolling(signing) and not key.is_ready else KeyState.ACTIVE


def _place(signing: Signing) -> str:
    """Return where the DS is changed: by the user, or by the appliance in a zone of its own."""
    parent = signing.own_parent
    return f"in {print_domain(parent.name)}, which the appliance changes by itself" if parent else "at the registrar"


def _next_of_secured(signing: Signing) -> NextStep | None:
    if signing.roll_requested_at:
        return NextStep("the rollover begins")
    parent = signing.own_parent
    if parent and not parent.signed:
        return NextStep(f"DNSSEC of {print_domain(parent.name)}, without which no resolver validates the zone")
    return None


def _next_of_rollover(signing: Signing, domain: Name) -> NextStep:
    new = [key for key in signing.keys if key.is_wanted]
    former = [key for key in signing.keys if not key.is_wanted]
    waiting = [key for key in new if not key.is_ready]
    if waiting:
        created_at = max(key.created_at for key in waiting)
        return NextStep("caches have the new key", created_at + UNTIL_KEY_EVERYWHERE)
    check = signing.parent or ParentCheck("", signing.since)
    if not _has_ds(signing, new, check.ds or frozenset(), domain):
        return NextStep(f"DS of key {_tags(new)} {_place(signing)}, in place of that of key {_tags(former)}")
    if _has_ds(signing, former, check.anywhere, domain):
        return NextStep(f"removal of the DS of key {_tags(former)} {_place(signing)}")
    return NextStep("caches forget the former key", _end_of_rollover(signing, domain, new, former))


def _end_of_rollover(
    signing: Signing, domain: Name, new: Sequence[SigningKey], former: Sequence[SigningKey]
) -> datetime:
    """Return when named removes the former keys, by its timing: signatures and DS of them must be forgotten before."""
    checked_at = signing.parent.checked_at if signing.parent else signing.since
    signed_at = max(key.created_at for key in new) + UNTIL_KEY_EVERYWHERE
    gone_at = max(withdrawal_reported_at(key, signing, domain) or checked_at for key in former)
    forgotten_at = max(signed_at + UNTIL_SIGNATURES_EVERYWHERE, gone_at + UNTIL_DS_FORGOTTEN)
    return forgotten_at + UNTIL_KEY_EVERYWHERE


def _has_ds(signing: Signing, keys: Sequence[SigningKey], seen: Set[Ds], domain: Name) -> bool:
    """Return True if a DS of these keys was seen at the parent, or reported since."""
    check, found = signing.parent, [signing.confirmations.get(key.tag) for key in keys]
    reports = [one for one in found if one and (not check or one.at >= check.checked_at)]
    return not seen.isdisjoint(own_ds(keys, domain)) or any(one.report is DsReport.PUBLISHED for one in reports)


def _tags(keys: Sequence[SigningKey]) -> str:
    return ", ".join(str(key.tag) for key in keys)
