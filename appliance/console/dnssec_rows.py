"""What the DNSSEC page of a zone lists: its DS records with what to do with them, and the reports that it offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dns.dnssectypes import Algorithm
from dns.name import Name

from appliance.editing import confirmed_keys
from appliance.errors import Conflict
from appliance.zones.signing import (
    SHA_256,
    SHA_384,
    Ds,
    DsReport,
    Signing,
    SigningKey,
    SigningState,
    is_secured,
    own_ds,
    state_of,
)
from appliance.zones.signing_outlook import ds_to_publish, is_at_parent, is_check_overdue

_DIGESTS = {SHA_256: "SHA-256", SHA_384: "SHA-384"}


@dataclass(frozen=True, slots=True)
class DsRow:
    """A DS of a key of the zone, its line of a zone file, and its badge: class and text, both "" for none."""

    ds: Ds
    line: str
    badge: tuple[str, str]

    @property
    def algorithm_name(self) -> str:
        """Return the name of the algorithm."""
        return Algorithm.to_text(self.ds.algorithm)

    @property
    def digest_name(self) -> str:
        """Return the name of the digest type."""
        return _DIGESTS[self.ds.digest_type]


@dataclass(frozen=True, slots=True)
class ReportButton:
    """A report that the page offers: of the DS of this key, or of every one if `key_tag` is None.

    `refusal` says why it is not possible yet; "" if it is.
    """

    report: DsReport
    key_tag: int | None
    refusal: str = ""


def ds_rows(known: Signing, domain: Name, now: datetime) -> list[DsRow]:
    """Return the DS records of every key, the new one of a rollover first: all with SHA-256, then all with SHA-384."""
    return [
        DsRow(ds, ds.line(domain), _badge(ds, key, known, domain, now))
        for digest in (SHA_256, SHA_384)
        for key in sorted(known.keys, key=lambda key: not key.is_wanted)
        for ds in (key.ds_of(domain, digest),)
    ]


def report_buttons(known: Signing, domain: Name, now: datetime) -> list[ReportButton]:
    """Return the reports that the state waits for; in a rollover of the new key first, and then of the former one."""
    state = state_of(known, domain, now)
    if state is SigningState.DS_REMOVE or is_check_overdue(known, now):
        return [_button(DsReport.WITHDRAWN, None, known, domain, now)]
    if state not in (SigningState.DS_READY, SigningState.ROLLING):
        return []
    lacking = [key for key in known.keys if key.is_wanted and not _is_secured_by(key, known, domain)]
    if lacking:
        return [_button(DsReport.PUBLISHED, key.tag, known, domain, now) for key in lacking if key.is_ready]
    former = [key for key in known.keys if not key.is_wanted and _may_have_ds(key, known, domain)]
    return [_button(DsReport.WITHDRAWN, key.tag, known, domain, now) for key in former]


def _button(report: DsReport, key_tag: int | None, known: Signing, domain: Name, now: datetime) -> ReportButton:
    try:
        confirmed_keys(known, domain, report, key_tag, now)
    except Conflict as conflict:
        return ReportButton(report, key_tag, str(conflict))
    return ReportButton(report, key_tag)


def _is_secured_by(key: SigningKey, known: Signing, domain: Name) -> bool:
    return is_secured(replace(known, keys=[key]), domain)


def _may_have_ds(key: SigningKey, known: Signing, domain: Name) -> bool:
    """Return whether the parent may have a DS of this key: nothing that is known says that it is gone."""
    check, reported = known.parent, known.confirmations.get(key.tag)
    if check and check.ds is not None:
        return not check.anywhere.isdisjoint(own_ds([key], domain))
    return reported is None or reported.report is DsReport.PUBLISHED


def _badge(ds: Ds, key: SigningKey, known: Signing, domain: Name, now: datetime) -> tuple[str, str]:
    state, wanted = state_of(known, domain, now), ds_to_publish(known, domain, now)
    if known.parent and ds in known.parent.anywhere:
        return _badge_at_parent(ds, state, wanted, known, domain)
    if ds not in wanted:
        return ("", "not yet") if state in (SigningState.SIGNING, SigningState.DS_WAIT) else ("", "")
    if not _is_secured_by(key, known, domain):
        return "pending", "to add"
    return ("", "") if known.parent and known.parent.ds else ("live", "confirmed")


def _badge_at_parent(
    ds: Ds, state: SigningState, wanted: Sequence[Ds], known: Signing, domain: Name
) -> tuple[str, str]:
    if state is SigningState.DS_REMOVE:
        return "failed", "to remove"
    if state is not SigningState.ROLLING or ds.key_tag in {one.key_tag for one in wanted}:
        return ("live", "at the parent") if is_at_parent(known, ds) else ("pending", "not at every nameserver")
    is_exchanged = any(_is_secured_by(key, known, domain) for key in known.keys if key.is_wanted)
    return ("failed", "to remove") if is_exchanged else ("pending", "to replace")
