"""The parts of one deployer, which its loop, launcher and full turn share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.deploy.catalog_members import CatalogMembers
from appliance.deploy.host import PrimaryHost
from appliance.deploy.pending_zones import PendingZones
from appliance.deploy.publisher import FilePublisher, Publisher
from appliance.deploy.reachability import Reachability
from appliance.deploy.reconcile_schedule import ReconcileSchedule
from appliance.deploy.recorder import Recorder
from appliance.deploy.verifier import Verifier
from appliance.deploy.worker_pool import WorkerPool
from appliance.editing import Editor
from appliance.settings import DeployerSettings
from appliance.store.file.database import Store


@dataclass(frozen=True, slots=True)
class DeployerContext:
    """What is worked on, what is known of it, and what works. `clock` is the time of day, `monotonic` seconds."""

    host: PrimaryHost
    store: Store
    editor: Editor
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    pace: ReconcileSchedule
    lanes: WorkerPool
    zones: PendingZones
    membership: CatalogMembers
    reach: Reachability
    verifier: Verifier
    recorder: Recorder
    publisher: Publisher


def new_context(
    host: PrimaryHost,
    store: Store,
    editor: Editor,
    settings: DeployerSettings,
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
) -> DeployerContext:
    """New parts that know nothing yet."""
    reach, lanes = Reachability(monotonic()), WorkerPool(store)
    return DeployerContext(
        host=host,
        store=store,
        editor=editor,
        clock=clock,
        monotonic=monotonic,
        pace=ReconcileSchedule(settings.reconcile_interval, monotonic),
        lanes=lanes,
        zones=PendingZones(settings.quiet_time / 1000),
        membership=CatalogMembers(),
        reach=reach,
        verifier=Verifier(host.nameservers, reach, host.catalog),
        recorder=Recorder(host, store, lanes, clock, monotonic, reach),
        publisher=FilePublisher(host, store, editor.raise_serial),
    )
