"""The values of the DNSSEC of a zone as rows, and as the JSON documents in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from appliance.store import tables
from appliance.zones.model import Zone
from appliance.zones.signing import (
    Ds,
    DsConfirmation,
    DsReport,
    ParentCheck,
    ServedSigning,
    Signing,
    SigningKey,
    Timing,
)
from appliance.zones.zone_cuts import ParentZone


def check_document(check: ParentCheck) -> dict[str, Any]:
    """Return a check of the parent zone."""
    return {
        "name": check.name,
        "checked_at": check.checked_at.isoformat(),
        "ds": None if check.ds is None else ds_documents(check.ds),
        "anywhere": ds_documents(check.anywhere),
        "ttl": check.ttl,
        "problem": check.problem,
        "tried_at": check.tried_at and check.tried_at.isoformat(),
        "own": check.own and check.own.hex,
    }


def ds_documents(ds: Iterable[Ds]) -> list[dict[str, Any]]:
    """Return DS records in their order."""
    return [asdict(one) for one in sorted(ds)]


def served_document(served: ServedSigning) -> dict[str, Any]:
    """Return what a nameserver serves."""
    return {
        "serial": served.serial,
        "expires_at": served.expires_at and served.expires_at.isoformat(),
        "key_tags": sorted(served.key_tags),
    }


def confirmation_document(confirmation: DsConfirmation) -> dict[str, str]:
    """Return what a user reported of a DS."""
    return {"report": confirmation.report.value, "at": confirmation.at.isoformat()}


def signing_from(row: tables.Signing, zone: Zone, keys: Sequence[SigningKey], above: ParentZone | None) -> Signing:
    """Return what is known of a zone, `above` which is the one that delegates it here."""
    return Signing(
        is_wanted=zone.dnssec,
        is_signed=zone.signed,
        since=row.since,
        signed_at=row.signed_at,
        keys=tuple(keys),
        parent=_check_of(above, row.parent),
        confirmations={int(tag): _confirmation(one) for tag, one in (row.confirmed or {}).items()},
        gone_since=row.gone_since,
        gone_at=row.gone_at,
        ds_ttl=row.ds_ttl,
        served={name: _served(one) for name, one in row.served.items()},
        lacks_keys=row.lacks_keys,
        is_stuck=row.is_stuck,
        roll_requested_at=row.roll_requested_at,
        reported={int(tag): DsReport(report) for tag, report in row.reported.items()},
        own_parent=above,
        delegated=frozenset(Ds(**one) for one in row.delegated),
    )


def key_from(row: tables.SigningKey) -> SigningKey:
    """Return the key of a row."""
    return SigningKey(
        tag=row.tag,
        algorithm=row.algorithm,
        flags=row.flags,
        public_key=row.public_key,
        created_at=row.created_at,
        is_wanted=row.is_wanted,
        dnskey=Timing(row.dnskey),
        ds=Timing(row.ds),
        backed_up_at=row.backed_up_at,
    )


def _check_of(above: ParentZone | None, value: dict[str, Any] | None) -> ParentCheck | None:
    """Return the check of the parent zone unless another zone is the parent now."""
    if value is None or value.get("own") != (above and above.uuid.hex):
        return None
    ds = None if value["ds"] is None else frozenset(Ds(**one) for one in value["ds"])
    anywhere = frozenset(Ds(**one) for one in value["anywhere"])
    times = {key: value[key] and datetime.fromisoformat(value[key]) for key in ("checked_at", "tried_at")}
    return ParentCheck(**value | {"ds": ds, "anywhere": anywhere, "own": above and above.uuid} | times)


def _confirmation(value: dict[str, Any]) -> DsConfirmation:
    return DsConfirmation(DsReport(value["report"]), datetime.fromisoformat(value["at"]))


def _served(value: dict[str, Any]) -> ServedSigning:
    expires_at = value["expires_at"] and datetime.fromisoformat(value["expires_at"])
    return ServedSigning(value["serial"], expires_at, frozenset(value["key_tags"]))
