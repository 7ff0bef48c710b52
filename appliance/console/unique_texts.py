"""TXT records of which a name may have only one: a second SPF, DKIM or DMARC record makes receivers ignore both.

Sources: RFC 7208 section 4.5, RFC 6376 section 3.6.2.2, RFC 7489 section 6.6.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import InputError
from appliance.store.records import ZoneView
from appliance.zones.mail_texts import kind_of
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_owner


def find_same_kind(zone: Zone, name: str, kind: str) -> Record | None:
    """Return the zone's stored record of that kind at a name; None too for a name that is not valid."""
    owner = _owner_of(name.strip(), zone)
    return next(iter(_stored(zone, owner, kind)), None) if owner else None


def refuse_second(zone: Zone, changes: Sequence[Mapping[str, Any]]) -> None:
    """Raise InputError, with the index of the change in its field, if a change adds a second record to its name."""
    replaced, seen = {change.get("uuid") for change in changes}, set()
    for index, change in enumerate(changes):
        kind = kind_of(change.get("value") or "") if change.get("record_type") == "TXT" else None
        owner = _owner_of(change["name"], zone) if kind else None
        if not kind or not owner:
            continue
        stored = {str(record.uuid) for record in _stored(zone, owner, kind)}
        if (owner, kind) in seen or (stored - replaced and change.get("uuid") not in stored):
            text = f"{change['name']} may have only one {kind} record, and already has one: edit that record instead"
            raise InputError(text, f"changes.{index}.name")
        seen.add((owner, kind))


def _owner_of(name: str, zone: Zone) -> Name | None:
    try:
        return parse_owner(name, zone.name)
    except InputError:
        return None


def _stored(zone: Zone, owner: Name, kind: str) -> list[Record]:
    rrset = ZoneView(zone, ()).nodes([owner]).get(owner, {}).get(RdataType.TXT)
    return [record for record in rrset.records if kind_of(record.value) == kind] if rrset else []
