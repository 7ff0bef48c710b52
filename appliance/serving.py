"""`serve`: the web application in its HTTP server, in one process or in several behind one listening socket."""

from __future__ import annotations

import functools
import gc
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer, create_server

from appliance.app import create_app
from appliance.editing import public_suffixes
from appliance.settings import ApiSettings, Settings
from appliance.systemd import ServiceManager
from appliance.web import front_doors, watchdog
from appliance.web.connection_handoff import HandoffServer, listen_at
from appliance.web.connections import ConnectionCounts
from appliance.web.context import SharedState, context_of, create_shared_state
from appliance.web.fair_threads import thread_count
from appliance.web.front_doors import MAX_BODY
from appliance.web.http_hardening import (
    OUTPUT_BUFFER,
    UNLIMITED,
    BodyLimits,
    CountedConnections,
    HardenedChannel,
    raise_open_file_limit,
)
from appliance.web.middleware import BY_SOCKET, AddressList
from appliance.web.prefork import Prefork, ServerPlace
from appliance.web.request_credentials import secret_of

MAX_HEADER = 64 * 1024
"""Octets of a request header."""
COLLECTED_AFTER = 50_000
"""New objects after which Python collects garbage; a small request has some thousand."""
MOST_BY_DEFAULT = 4
"""Processes if `api.processes` is 0 and there are more cores: the store has one writer at a time."""


def serve(settings: Settings, manager: ServiceManager) -> None:
    """Answer requests until the process is terminated; raise SettingsError if it cannot listen on `api.listen`."""
    public_suffixes()  # read now, and not while somebody waits for the first new zone
    processes = settings.api.processes or min(len(os.sched_getaffinity(0)), MOST_BY_DEFAULT)
    listeners = listen_at(settings.api.listen)
    options = _server_options(settings.api)
    shared = create_shared_state(settings.api, time.monotonic, processes)
    service = _Service(settings, manager, shared, options)
    if processes == 1:
        service.run_alone(listeners)
        return
    status = f"answers requests on {settings.api.listen} in {processes} processes"
    Prefork(listeners, processes, _connection_counts(settings.api), service.run_in_child, manager, status).run()


def collect_seldom() -> None:
    """Let the garbage collector run seldom, and never over what the process holds from its start.

    It only frees objects that refer to each other in a circle. By default it runs once for each 700 objects that a
    request holds, and over all of them again and again: a sixth of the time of a request with thousands of records.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)


class _Server(Protocol):
    def run(self) -> None:
        """Serve until SystemExit or KeyboardInterrupt."""


@dataclass(frozen=True, slots=True)
class _Service:
    """One server process, alone or one of several."""

    settings: Settings
    manager: ServiceManager
    shared: SharedState
    options: Mapping[str, Any]

    def run_alone(self, listeners: Sequence[socket.socket]) -> None:
        """Accept connections at the listeners."""
        app, status = self._create_app(), f"answers requests on {self.settings.api.listen}"
        listening: dict[int, Any] = {}
        threads = context_of(app).threads
        server = create_server(app, listening, _dispatcher=threads, sockets=list(listeners), **self.options)

        def notify(error: str) -> None:
            self.manager.notify_alive(error or status, ready=not error)

        self._watch(app, listening, self.manager.interval, notify)
        self._run(app, server, listening, _connection_counts(self.settings.api))

    def run_in_child(self, place: ServerPlace) -> None:
        """Accept connections from the parent, and report to it twice as often as it notifies the service manager."""
        self.shared.counters.count_as(place.number)
        app, listen = self._create_app(), self.settings.api.listen
        listening: dict[int, Any] = {}
        options, threads = Adjustments(**self.options), context_of(app).threads
        server = HandoffServer(app, listening, place.connections, threads, options, listen, place.close)
        place.report_serving()
        self._watch(app, listening, self.manager.interval and self.manager.interval / 2, place.report_alive)
        self._run(app, server, listening, place)

    def _create_app(self) -> Flask:
        app = create_app(self.settings, shared=self.shared)
        context_of(app).threads.set_thread_count(thread_count(self.settings.api.threads, self.shared.processes))
        return app

    def _watch(self, app: Flask, listening: dict[int, Any], interval: float | None, report: watchdog.Report) -> None:
        if self.manager.is_present:
            watchdog.start(listening, context_of(app).store, interval, report)

    def _run(self, app: Flask, server: _Server, listening: dict[int, Any], counts: CountedConnections) -> None:
        channel = functools.partial(HardenedChannel, _body_limits(app), counts)
        for one in listening.values():
            if isinstance(one, BaseWSGIServer):
                one.channel_class = channel  # type: ignore[assignment] # waitress only calls it
        collect_seldom()
        server.run()
        context_of(app).store.close()


def _server_options(settings: ApiSettings) -> dict[str, Any]:
    return {
        "ident": "",
        "max_request_header_size": MAX_HEADER,
        "max_request_body_size": UNLIMITED,
        "connection_limit": raise_open_file_limit(),
        "channel_timeout": settings.request_timeout,
        "cleanup_interval": 5,
        "outbuf_high_watermark": OUTPUT_BUFFER,
        "asyncore_use_poll": True,
        "clear_untrusted_proxy_headers": False,
    }


def _body_limits(app: Flask) -> BodyLimits:
    """Return what the server must know to refuse a body before it is received."""
    doors, services = front_doors.doors_of(app), context_of(app)

    def admits(credential: str) -> bool:
        return services.authenticator.knows(secret_of(credential) or credential, services.clock())

    return BodyLimits(MAX_BODY, lambda method, path: doors.at(path).body_limit(method, path), admits)


def _connection_counts(settings: ApiSettings) -> ConnectionCounts:
    exempt = AddressList(settings.trusted_proxies)
    return ConnectionCounts(settings.connections, lambda address: address == BY_SOCKET or address in exempt)
