"""What follows from checks of the parent zone: which DS it has, since when it has none, and what named must know of it.

A single answer may be wrong: a DS is believed at once, its absence only after a second check. A check that failed
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dns.name import Name

from appliance.zones.signing import (
    BETWEEN_CHECKS,
    DEFAULT_DS_TTL,
    Ds,
    DsConfirmation,
    DsReport,
    ParentCheck,
    Signing,
    SigningKey,
    Timing,
    is_rolling,
    own_ds,
)

MOST_DS = 50
"""DS records of a zone that are kept of its parent: whoever has that zone chooses their number."""


@dataclass(frozen=True, slots=True)
class ParentFindings:
    """What is known of the parent zone after a check, in the fields of `Signing`."""

    parent: ParentCheck
    gone_since: datetime | None
    gone_at: datetime | None
    ds_ttl: int


def after_check(signing: Signing, domain: Name, check: ParentCheck) -> ParentFindings:
    """Return what is known after this check.

    `gone_since` and `gone_at` are the first of the checks that showed none of the DS that are to go, and the one that
    decided so, BETWEEN_CHECKS later. These are the DS of the former key in a rollover, otherwise every DS. One of them
    at one nameserver of the parent is enough for it to be there, also in a check that others did not answer.
    """
    ttl = max(check.ttl, signing.ds_ttl)
    if not _leaving(signing, domain, check.anywhere):
        gone = _gone(signing, domain, check)
        return ParentFindings(_believed(signing, check, is_gone=gone[1] is not None), *gone, ttl)
    return ParentFindings(_believed(signing, check, is_gone=False), None, None, ttl)


def report_due(key: SigningKey, signing: Signing, domain: Name, now: datetime) -> DsReport | None:
    """Return what named must be reported of the DS of this key now; None if it knows that, or need not know.

    named takes caches to hold a DS for DEFAULT_DS_TTL. In a rollover it is therefore reported later, by what a higher
    TTL of the former DS exceeds that, that the DS has changed: the former key signs until no cache has its DS.
    """
    report = _report_of(key, signing, domain, now)
    is_forgotten = report is DsReport.PUBLISHED and key.ds is Timing.HIDDEN
    return report if is_forgotten or signing.reported.get(key.tag) is not report else None


def withdrawal_reported_at(former: SigningKey, signing: Signing, domain: Name) -> datetime | None:
    """Return from when on named may know that the DS of this key is gone; None if it is not known to be."""
    gone_at = _withdrawn_at(former, signing, domain)
    return gone_at and gone_at + _excess(signing)


def may_roll(signing: Signing) -> SigningKey | None:
    """Return the key that a rollover replaces now; None if none is requested, or it has begun, or must wait.

    It waits until named knows that all caches have the key and its DS: BIND 9.18 drops an earlier key at once, and the
    zone would be bogus.
    """
    wanted = [key for key in signing.keys if key.is_wanted]
    if signing.roll_requested_at is None or is_rolling(signing) or len(wanted) != 1:
        return None
    is_everywhere = wanted[0].dnskey is Timing.OMNIPRESENT and wanted[0].ds is Timing.OMNIPRESENT
    return wanted[0] if is_everywhere else None


def limited(records: Iterable[Ds]) -> frozenset[Ds]:
    """Return MOST_DS of these records at most, the same ones of equal sets."""
    return frozenset(sorted(records)[:MOST_DS])


def _leaving(signing: Signing, domain: Name, seen: Set[Ds]) -> bool:
    """Return True if one of the DS seen is to go."""
    if signing.is_wanted and is_rolling(signing):
        former = own_ds((key for key in signing.keys if not key.is_wanted), domain)
        return not former.isdisjoint(seen)
    return bool(seen)


def _gone(signing: Signing, domain: Name, check: ParentCheck) -> tuple[datetime | None, datetime | None]:
    """Return `gone_since` and `gone_at` after a check that showed none of the DS that are to go."""
    former = signing.parent
    if check.ds is None or (signing.is_wanted and is_rolling(signing) and not _has_new(signing, domain, check)):
        return signing.gone_since, signing.gone_at
    is_of_rollover = signing.is_wanted and not is_rolling(signing) and former is not None and former.anywhere
    if is_of_rollover and signing.gone_at:  # that of the former key in a rollover that has ended
        return check.checked_at, None
    since = signing.gone_since or check.checked_at
    is_second = check.checked_at >= since + BETWEEN_CHECKS
    return since, signing.gone_at or (check.checked_at if is_second else None)


def _has_new(signing: Signing, domain: Name, check: ParentCheck) -> bool:
    wanted = own_ds((key for key in signing.keys if key.is_wanted), domain)
    return not wanted.isdisjoint(check.ds or ())


def _believed(signing: Signing, check: ParentCheck, *, is_gone: bool) -> ParentCheck:
    """Return what the parent is believed to have after the check: what it had before, until that is refuted."""
    former = signing.parent
    if former is None or former.ds is None:
        return check
    if check.ds is None:
        seen = limited(former.anywhere | check.anywhere)
        return replace(former, anywhere=seen, problem=check.problem, tried_at=check.checked_at)
    if signing.is_wanted and former.ds and not check.anywhere and not is_gone:
        return replace(former, problem="", tried_at=check.checked_at)
    return check


def _report_of(key: SigningKey, signing: Signing, domain: Name, now: datetime) -> DsReport | None:
    """Return what is known of the DS of a key, as far as named waits for it."""
    if not key.is_wanted:
        is_waited_for = key.ds is Timing.UNRETENTIVE and signing.is_wanted
        return DsReport.WITHDRAWN if is_waited_for and _is_exchanged(key, signing, domain, now) else None
    former = [one for one in signing.keys if not one.is_wanted]
    if is_rolling(signing) and key.ds is Timing.HIDDEN:
        return None  # not before caches have the new key
    if _excess(signing) and not all(_is_exchanged(one, signing, domain, now) for one in former):
        return None
    check, confirmed = signing.parent, signing.confirmations.get(key.tag)
    is_everywhere = check is not None and not own_ds([key], domain).isdisjoint(check.ds or ())
    is_reported = confirmed and confirmed.report is DsReport.PUBLISHED and _is_newer(confirmed, check)
    return DsReport.PUBLISHED if is_everywhere or is_reported else None


def _is_exchanged(former: SigningKey, signing: Signing, domain: Name, now: datetime) -> bool:
    """Return True if no cache holds the DS of a former key for longer than DEFAULT_DS_TTL from now on."""
    known_at = withdrawal_reported_at(former, signing, domain)
    return known_at is not None and known_at <= now


def _withdrawn_at(former: SigningKey, signing: Signing, domain: Name) -> datetime | None:
    """Return since when the DS of a key is known to be gone; None if it may be there."""
    check, confirmed = signing.parent, signing.confirmations.get(former.tag)
    if confirmed and confirmed.report is DsReport.WITHDRAWN and _is_newer(confirmed, check):
        return confirmed.at
    is_seen = check is not None and not own_ds([former], domain).isdisjoint(check.anywhere)
    return None if is_seen else signing.gone_at


def _excess(signing: Signing) -> timedelta:
    """Return by how much caches may hold a DS longer than named assumes."""
    return timedelta(seconds=max(0, signing.ds_ttl - DEFAULT_DS_TTL))


def _is_newer(confirmed: DsConfirmation, check: ParentCheck | None) -> bool:
    """Return True if no complete check of the parent followed the report."""
    return check is None or check.ds is None or confirmed.at >= check.checked_at
