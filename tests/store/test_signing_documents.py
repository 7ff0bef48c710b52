"""All that is known of the DNSSEC of a zone comes back from its rows and their documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from appliance.store import signing, zones
from appliance.zones.model import Zone
from appliance.zones.parent_checks import ParentFindings
from appliance.zones.signing import (
    DsConfirmation,
    DsReport,
    ParentCheck,
    ServedSigning,
    Signing,
    Timing,
)
from tests.signing import at_parent, key
from tests.workspace import Workspace

SERVED = "ns1.appliance.test"


def signed_zone(workspace: Workspace) -> Zone:
    zone = workspace.zone()
    return workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})


def known(zone: Zone) -> Signing:
    found = signing.get(zones.get_any(zone.uuid))
    assert found
    return found


def test_everything_comes_back(workspace: Workspace) -> None:
    zone, now = signed_zone(workspace), workspace.clock()
    keys = [key(0, Timing.RUMOURED), key(1, is_wanted=False, created_at=now + timedelta(hours=1))]
    parent = replace(at_parent(zone.name, *keys, at=now), problem="silent", tried_at=now + timedelta(minutes=1))
    served = {
        SERVED: ServedSigning(2**32 - 1, now + timedelta(days=30), frozenset({1, 65535})),
        "ns2.appliance.test": ServedSigning(None, None),
    }
    with workspace.store.writing():
        signing.store_served(zone.uuid, served, now)
        signing.store_keys(zone.uuid, keys)
        signing.store_findings(zone.uuid, ParentFindings(parent, now, now + timedelta(minutes=10), 172_800))
        signing.store_lack_of_keys(zone.uuid, lacks_keys=True)
        signing.store_stuck(zone.uuid, is_stuck=True)
        signing.store_reported(zone.uuid, {7: DsReport.PUBLISHED})
        signing.request_rollover(zone, now)
    assert known(zone) == Signing(
        is_wanted=True,
        is_signed=True,
        since=now,
        signed_at=now,
        keys=tuple(keys),
        parent=parent,
        gone_since=now,
        gone_at=now + timedelta(minutes=10),
        ds_ttl=172_800,
        served=served,
        lacks_keys=True,
        is_stuck=True,
        roll_requested_at=now,
        reported={7: DsReport.PUBLISHED},
    )
    with workspace.store.writing():
        signing.store_findings(zone.uuid, ParentFindings(ParentCheck("", now, problem="?"), None, None, 1))
        signing.confirm(zone, known(zone), DsReport.PUBLISHED, [7, 8], now)
        signing.end_rollover(zone.uuid)
    found = known(zone)
    assert found.parent == ParentCheck("", now, problem="?") and found.roll_requested_at is None
    assert found.confirmations == dict.fromkeys((7, 8), DsConfirmation(DsReport.PUBLISHED, now))
