"""The listener as a process: ended by SIGTERM or SIGINT."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import dns.name
from dns.name import Name

from appliance.editing import editor_from
from appliance.errors import SettingsError
from appliance.identity.authentication import Authenticator
from appliance.processes import handle_stop_signals, shared_lock
from appliance.settings import Settings
from appliance.store.file.database import Store
from appliance.store.file.snapshot import API_LOCK
from appliance.systemd import ServiceManager
from appliance.updates.forwarding import Forwarder
from appliance.updates.listener import THREADS, Listener
from appliance.updates.reports import ResponseCounts, reporting
from appliance.updates.responder import Responder
from appliance.web.deployment_wait import create_deployment_wait
from appliance.web.rate_limits import NetworkRate, create_rate_limits
from appliance.zones.model import Zone

log = logging.getLogger(__name__)

WAIT = 1.5
"""Seconds from the arrival of an update to wait until it is seen served; clients wait two."""


def run_updates(settings: Settings, clock: Callable[[], datetime], manager: ServiceManager) -> None:
    """Listen at `doors.update` until a signal ends it; raise as `opened_listener`."""
    with opened_listener(settings, clock) as listener:
        is_stopped = handle_stop_signals()
        log.info("event=started address=%s", settings.doors.update)
        listener.run(is_stopped, lambda: manager.notify_alive(f"listening at {settings.doors.update}"))
        manager.notify_stopping()
        log.info("event=ended")


@contextmanager
def opened_listener(settings: Settings, clock: Callable[[], datetime]) -> Iterator[Listener]:
    """Yield a listener at `doors.update` that is not running yet, over the store of the settings.

    Raise SettingsError if no address is set or it is not available, AlreadyRunning while the store is being restored.
    """
    endpoint = settings.doors.update
    if endpoint is None or not settings.dns.nameservers:
        raise SettingsError("doors.update and dns.nameservers are required: address:port to listen on, and a primary")
    store = Store(
        settings.store.path, busy_timeout=settings.store.busy_timeout, read_timeout=settings.store.read_timeout
    )
    with shared_lock(settings.store.path.with_name(API_LOCK)), closing(store):
        store.keep()
        try:
            counts = ResponseCounts()
            listener = Listener(endpoint, _responder(settings, store, clock, counts).respond)
        except OSError as error:
            raise SettingsError(f"cannot listen on {endpoint} (doors.update): {error.strerror}") from None
        with closing(listener), reporting(store, counts, clock):
            yield listener


def _responder(settings: Settings, store: Store, clock: Callable[[], datetime], counts: ResponseCounts) -> Responder:
    limits = create_rate_limits(settings.api, time.monotonic)
    rate = settings.dns.rate_limit
    unsigned = NetworkRate(rate, max(1, rate), time.monotonic)
    names = [server.name for server in settings.dns.nameservers]
    waiting = create_deployment_wait(store, names, clock, THREADS, settings.deployer.socket)

    @contextmanager
    def reading() -> Iterator[None]:
        with store.connection(), store.reading():
            yield

    def wait(zone: Zone, arrived_at: float) -> None:
        with waiting.slot(zone.account) as is_free, store.connection():
            if is_free:
                waiting.until_settled(zone, max(0.0, arrived_at + WAIT - time.monotonic()))

    return Responder(
        editor_from(settings, store, clock, count_write=limits.count_write),
        Authenticator(store, limits, reading),
        Forwarder(settings.dns.nameservers[0].endpoint),
        wait,
        lambda address: unsigned.take(address) > 0,
        clock,
        counts.count,
        functools.partial(_is_private, settings),
        lambda event: not limits.log_lines.take(event),
    )


def _is_private(settings: Settings, name: Name, address: str) -> bool:
    """Return whether ns1, which sees the address of the listener, is to answer that name to its own host only."""
    listener = settings.doors.update
    is_own = listener is not None and address == listener.host
    return not is_own and name.is_subdomain(dns.name.from_text(settings.dns.catalog))
