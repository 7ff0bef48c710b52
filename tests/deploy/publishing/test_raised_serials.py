"""Serials are raised over what is served with other content, by a worker."""

from __future__ import annotations

from pathlib import Path

from appliance.store import deployments
from appliance.zones.serial import is_later
from tests.deploy.many_zones import many_zones
from tests.deploy.test_size import started, step_until


def test_serials_are_raised_over_what_is_served_by_a_worker(tmp_path: Path) -> None:
    with many_zones(tmp_path, 3) as three:
        three.all_served()
        served = {zone.name: zone.serial + 5 for zone in three.zones}
        for server in (three.ns1, three.ns2):
            for zone, serial in served.items():
                server.serve(zone, serial)
        with started(three, tmp_path) as deployer:
            step_until(
                deployer,
                lambda: all(is_later(one.serial, served[one.name]) for one in deployments.statuses()),
                "raised",
            )
            assert {one.thread for one in three.store.transactions if one.changes_zones} == {"reconciliation_0"}
