"""The state of a zone as SQL, for lists and numbers of zones; `zones.deployment` computes it of one zone."""

from __future__ import annotations

import peewee as pw

from appliance.principal import Scope
from appliance.store import tables
from appliance.store.scopes import within_by_no_index
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


def not_live(scope: Scope) -> pw.ModelSelect[tables.Zone]:
    """Select the ids of the zones of the scope that are not live, with their deployments joined.

    Only these zones are read, and few others.
    """
    unsettled, seen = tables.UnsettledZone, tables.Observation
    missing = seen.select(seen.zone).where(seen.state != pw.SQL("'live'"))
    may_be = tables.Zone.id.in_(unsettled.select(unsettled.zone) | missing), *within_by_no_index(scope)
    return with_state(tables.Zone.select(tables.Zone.id)).where(*may_be, state_column() != DeploymentState.LIVE.value)


def with_state(query: pw.ModelSelect[tables.Zone]) -> pw.ModelSelect[tables.Zone]:
    """Join the deployments of the selected zones, which `state_column` needs."""
    return query.join(tables.Deployment, pw.JOIN.LEFT_OUTER)


def reaches(served: pw.Field, serial: pw.Field) -> pw.Expression:
    """Return `zones.deployment.reaches` as an SQL expression, which is never null."""
    return served.is_null(False) & ((served - serial).bin_and(MODULUS - 1) < HALF)
