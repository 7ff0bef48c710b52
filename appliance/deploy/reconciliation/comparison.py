"""What a worker does for a reconciliation: compare everything, and store what is found beside the zones."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.context import DeployerContext
from appliance.deploy.reconciliation import reconcile
from appliance.deploy.reconciliation.reconcile import Plan, Snapshot
from appliance.deploy.reconciliation.refused_keys import find_faults
from appliance.deploy.recorder import MOST_AT_ONCE, Rows
from appliance.errors import StoreError
from appliance.queries.soa import SoaQuery
from appliance.store import faults, observations, signing, unknown_zones
from appliance.store.deployments import ZoneStatus
from appliance.store.faults import Fault

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a worker. `rows` are the observations in the store, None if they are known.

    `allowed` are the labels of unknown zones whose removal an operator allowed. The other fields say what would take
    the loop long to find: which nameservers are `reachable`, and `confirmed` zones by their answers; what they left
    `unanswered`; which of them are `lagging` with which zones; the catalog's members as they are `listed`, by name,
    None if it could not be read; and the members that every secondary `missed`.
    """

    snapshot: Snapshot
    plan: Plan
    rows: Rows | None
    allowed: set[str]
    reachable: set[Nameserver]
    confirmed: set[Nameserver]
    unanswered: Sequence[tuple[UUID, set[Nameserver]]]
    lagging: Sequence[SoaQuery]
    listed: dict[Name, str] | None
    missed: Sequence[ZoneStatus]

    @property
    def is_settled(self) -> bool:
        """Return True if everything is as stored, and the catalog could be read."""
        return _is_settled(self.snapshot, self.plan)


def compare(
    context: DeployerContext, *, silent: Collection[Nameserver], with_rows: bool, known_faults: Sequence[Fault] = ()
) -> Comparison:
    """Compare everything; store faults and which zones are served but not in the database. Runs in a worker.

    Refused keys are found here and stored beside the known faults.
    """
    rows = _load_observations(context) if with_rows else None
    snapshot = reconcile.take_snapshot(context.host, context.store, context.publisher.expected, silent)
    plan = reconcile.plan(snapshot)
    reachable = snapshot.reachable()
    faults_found = [] if _is_settled(snapshot, plan) else find_faults(context.host, reachable)
    try:
        with context.store.writing():
            faults.store([*faults_found, *known_faults], context.clock())
            signing.make_due([one.uuid for one in plan.deploy if _is_in_doubt(one)], context.clock())
            unknown_zones.store([(unknown.label, unknown.name) for unknown in snapshot.unknown], context.clock())
    except StoreError as failed:  # a store that refuses writes prevents no comparison
        log.warning("event=unknown-zones-not-stored reason=%r", str(failed))
    confirmed, members = snapshot.confirmed(), snapshot.members
    return Comparison(
        snapshot,
        plan,
        rows,
        unknown_zones.allowed(),
        reachable,
        confirmed,
        list(snapshot.unanswered(confirmed)),
        list(snapshot.lagging(plan.await_secondaries)),
        None if members is None else {name: label for label, name in members.items()},
        [one for one in plan.await_secondaries if snapshot.is_missed(one)],
    )


def _is_in_doubt(status: ZoneStatus) -> bool:
    """Return True for a signed zone that the primary was handed, and does not serve: it may not publish it at all."""
    return status.signed and status.attempted == status.serial


def _is_settled(snapshot: Snapshot, plan: Plan) -> bool:
    """Return True if everything is as stored: else the nameservers are asked whether they accept the keys."""
    return plan.is_settled and None not in (snapshot.members, snapshot.ahead)


def _load_observations(context: DeployerContext) -> Rows:
    """Return the observations in the store, after those of former nameservers were deleted."""
    names = [server.name for server in context.host.nameservers]
    deleted = MOST_AT_ONCE
    try:
        while deleted == MOST_AT_ONCE:
            with context.store.writing():
                deleted = observations.delete_of_others(names, MOST_AT_ONCE)
    except StoreError as failed:
        log.warning("event=observations-not-deleted reason=%r", str(failed))
    return observations.all_observations()
