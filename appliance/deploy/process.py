"""The deployer as a process: one for a store, ended by SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from functools import partial

from appliance.addresses import Endpoint, Nameserver
from appliance.deploy.background import BackgroundJob, running
from appliance.deploy.due_changes import DueChanges
from appliance.deploy.host import PrimaryHost, host_from
from appliance.deploy.loop import Deployer
from appliance.deploy.maintenance import Maintenance
from appliance.deploy.ownership_checks import Lookups, OwnershipChecks
from appliance.deploy.publishing.pipeline import remove_old_files
from appliance.deploy.signing.parent_lookups import ParentLookups, parent_check_by
from appliance.deploy.signing.signing_steps import SigningSteps
from appliance.editing import Editor, editor_from
from appliance.errors import SettingsError
from appliance.processes import exclusive_lock, handle_stop_signals
from appliance.settings import Settings
from appliance.store import statistics, unknown_zones, wakeup, zones
from appliance.store.file.database import Store
from appliance.store.retention import purges
from appliance.systemd import ServiceManager
from appliance.zones.deployment import DeploymentState
from appliance.zones.names import print_domain
from appliance.zones.signing import MAX_TTL

log = logging.getLogger(__name__)


def allow_removals(settings: Settings, clock: Callable[[], datetime]) -> int:
    """Allow the running deployer to remove the zones that are not in the database; return how many there are now."""
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
    """Run until a signal ends it, or with `once` until nothing is left to do; return True if every zone is then live.

    Raise AlreadyRunning if another process runs for this store, StoreError if the store is missing or damaged,
    SettingsError if a setting does not allow the signed zones in it.
    """
    host = host_from(settings)
    with exclusive_lock(settings.store.path.with_name("deployer.lock")):
        store = Store(settings.store.path, busy_timeout=settings.store.busy_timeout, durable=False)
        store.keep()
        _refuse_high_ttl(settings, store)
        editor = editor_from(settings, store, clock, announce=lambda: None)
        host.files.discard_all()
        with wakeup.listen(settings.deployer.socket) as wakeups:
            deployer = Deployer(host, store, editor, settings.deployer, wakeups, clock, allow_removals=allow_removals)
            ended = handle_stop_signals()
            log.info("event=started nameservers=%s", ",".join(server.name for server in host.nameservers))
            with nullcontext() if once else running(*_jobs(settings, host, store, editor, clock)):
                deployer.run(lambda: ended() or (once and deployer.is_settled), manager)
            log.info("event=ended")
        with store.connection():
            all_live = not statistics.late_zones(1) and statistics.count_by_state().keys() <= {DeploymentState.LIVE}
        store.close()
        return all_live


def _refuse_high_ttl(settings: Settings, store: Store) -> None:
    """Raise SettingsError if `dns.apex_ttl` is too high for the signed zones of the store: named would refuse them."""
    if settings.dns.apex_ttl <= MAX_TTL:
        return
    with store.connection(), store.reading():
        signed = zones.first_signed()
    if signed:
        raise SettingsError(
            f"dns.apex_ttl is {settings.dns.apex_ttl}, and {print_domain(signed.name)} is signed with DNSSEC, which "
            f"allows {MAX_TTL} seconds at most: lower it, or turn DNSSEC off first"
        )


def _jobs(
    settings: Settings, host: PrimaryHost, store: Store, editor: Editor, clock: Callable[[], datetime]
) -> tuple[BackgroundJob, ...]:
    resolver, own_names = settings.dns.resolver, editor.own_names
    lookups = Lookups(Nameserver("resolver", resolver), frozenset(own_names.nameservers)) if resolver else None
    checks = OwnershipChecks(store, editor, settings.ownership.proof, lookups, clock)
    purge_files = partial(remove_old_files, host, store)
    maintenance = Maintenance(store, clock, time.monotonic, purges(settings.journal.keep), purge_files)
    return maintenance, DueChanges(store, editor, clock), checks, _steps(resolver, host, store, editor, clock)


def _steps(
    resolver: Endpoint | None, host: PrimaryHost, store: Store, editor: Editor, clock: Callable[[], datetime]
) -> SigningSteps:
    """Return the steps of signed zones, which wait for no parent."""
    check = parent_check_by(resolver)
    if resolver is None:
        return SigningSteps(host, store, editor, check, clock)
    lookups = ParentLookups(check, clock)
    return SigningSteps(host, store, editor, lookups, clock, take_ended=lookups.take_ended)
