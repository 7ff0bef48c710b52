"""The state of a zone as SQL, for lists and numbers of zones; `zones.deployment` computes it of one zone."""

from __future__ import annotations

import peewee as pw

from appliance.store import tables
from appliance.zones.deployment import DeploymentState
from appliance.zones.serial import HALF, MODULUS


def state_column() -> pw.Case:
    """Return the SQL expression of a zone's state, for a query that joins its deployment."""
    zone, deployed = tables.Zone, tables.Deployment
    cases = (
        (reaches(deployed.live_serial, zone.serial) & ~is_missing(), DeploymentState.LIVE.value),
        (~reaches(deployed.serial, zone.serial), DeploymentState.PENDING.value),
        (deployed.error.is_null(False) & (deployed.error != ""), DeploymentState.FAILED.value),
    )
    return pw.Case(None, cases, DeploymentState.DEPLOYING.value)


def is_missing() -> pw.Expression:
    """Return the SQL expression that a nameserver does not serve the zone as expected; an index has these rows."""
    seen = tables.Observation
    return tables.Zone.id.in_(seen.select(seen.zone).where(seen.state != pw.SQL("'live'")))


def reaches(served: pw.Field, serial: pw.Field) -> pw.Expression:
    """Return `zones.deployment.reaches` as an SQL expression, which is never null."""
    return served.is_null(False) & ((served - serial).bin_and(MODULUS - 1) < HALF)
