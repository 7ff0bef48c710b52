"""The objects that the deployer's loop, dispatcher and reconciler share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from appliance.deploy.catalog_members import CatalogMembers
from appliance.deploy.figures import Figures
from appliance.deploy.host import PrimaryHost
from appliance.deploy.pending_zones import PendingZones
from appliance.deploy.publishing.file_refresher import FileRefresher
from appliance.deploy.publishing.publish_method import Bases
from appliance.deploy.publishing.publisher import FilePublisher, Publisher
from appliance.deploy.reconciliation.reconcile_schedule import ReconcileSchedule
from appliance.deploy.recorder import Recorder
from appliance.deploy.verification.reachability import Reachability
from appliance.deploy.verification.verifier import Verifier
from appliance.deploy.worker_pool import WorkerPool
from appliance.editing import Editor
from appliance.nameserver.notify_sender import NotifySender
from appliance.settings import DeployerSettings
from appliance.store.file.database import Store


@dataclass(frozen=True, slots=True)
class DeployerContext:
    """The primary's host, the store, and the state of one deployer.

    `clock` gives the time of day, `monotonic` seconds for waiting.
    """

    host: PrimaryHost
    store: Store
    editor: Editor
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    schedule: ReconcileSchedule
    workers: WorkerPool
    zones: PendingZones
    members: CatalogMembers
    reachability: Reachability
    verifier: Verifier
    recorder: Recorder
    publisher: Publisher
    figures: Figures
    refresher: FileRefresher
    bases: Bases
    notifies: NotifySender


def new_context(
    host: PrimaryHost,
    store: Store,
    editor: Editor,
    settings: DeployerSettings,
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
) -> DeployerContext:
    """Create a context without any state."""
    reachability, workers = Reachability(monotonic()), WorkerPool(store)
    publisher = FilePublisher(host, store, editor)
    pending, figures = PendingZones(settings.quiet_time / 1000), Figures()
    recorder = Recorder(host, store, workers, clock, monotonic, reachability, publisher.expected)
    return DeployerContext(
        host=host,
        store=store,
        editor=editor,
        clock=clock,
        monotonic=monotonic,
        schedule=ReconcileSchedule(settings.reconcile_interval, monotonic),
        workers=workers,
        zones=pending,
        members=CatalogMembers(),
        reachability=reachability,
        verifier=Verifier(host.nameservers, reachability, host.catalog),
        recorder=recorder,
        publisher=publisher,
        figures=figures,
        refresher=FileRefresher(host, store, workers, pending, recorder, figures, monotonic),
        bases=Bases(),
        notifies=NotifySender(host.secondaries, host.transfer_key, partial(datetime.now, UTC)),
    )
