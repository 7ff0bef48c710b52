"""The deployer as a process: one of its kind for a store, ended by SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime

from appliance.deploy.host import host_from
from appliance.deploy.loop import Deployer
from appliance.deploy.maintenance import Maintenance, maintained
from appliance.editing import editor_from
from appliance.processes import exclusive_lock, handle_stop_signals
from appliance.settings import Settings
from appliance.store import statistics, unknown_zones, wakeup
from appliance.store.file.database import Store
from appliance.systemd import ServiceManager

log = logging.getLogger(__name__)


def allow_removals(settings: Settings, clock: Callable[[], datetime]) -> int:
    """Let the deployer that is at work take away the zones that the store never knew; how many are told now."""
    store = Store(settings.store.path, busy_timeout=settings.store.busy_timeout)
    store.attach()
    with store.connection(), store.writing():
        return unknown_zones.allow_removals(clock())


def run_deployer(
    settings: Settings,
    clock: Callable[[], datetime],
    manager: ServiceManager,
    *,
    once: bool = False,
    allow_removals: bool = False,
) -> bool:
    """Run until a signal ends it, or with `once` until nothing is left to do; True when every zone is then live.

    AlreadyRunning names the process that holds the store already; StoreError when the store is missing or damaged.
    """
    host = host_from(settings)
    with exclusive_lock(settings.store.path.with_name("deployer.lock")):
        store = Store(settings.store.path, busy_timeout=settings.store.busy_timeout, durable=False)
        store.keep()
        editor = editor_from(settings, store, clock, announce=lambda: None)
        for leftover in host.files.staged_zones():
            host.files.discard(leftover)
        with wakeup.listen(settings.deployer.socket) as notices:
            deployer = Deployer(host, store, editor, settings.deployer, notices, clock, allow_removals=allow_removals)
            ended = handle_stop_signals()
            log.info("event=started nameservers=%s", ",".join(server.name for server in host.nameservers))
            with nullcontext() if once else maintained(Maintenance(store, clock, time.monotonic)):
                deployer.run(lambda: ended() or (once and deployer.is_settled), manager)
            log.info("event=ended")
        with store.connection():
            all_live = not statistics.late_zones(1)
        store.close()
        return all_live
