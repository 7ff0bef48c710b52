"""The web application put together from its rooms, and the server that runs it.

The store is attached and never made: an application without its store answers 503, and serves no empty one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response
from waitress.server import BaseWSGIServer, create_server

from appliance.addresses import Endpoint, LocalSocket
from appliance.api import auth, openapi
from appliance.api.parsing import MAX_BODY
from appliance.console import blueprint
from appliance.editing import editor_from
from appliance.errors import SettingsError
from appliance.identity.authentication import Authenticator
from appliance.settings import Settings
from appliance.store.file.database import Store
from appliance.systemd import ServiceManager
from appliance.web import error_responses, front_doors, health, http_hardening, metrics, middleware, watchdog
from appliance.web.context import WebContext, context_of, install, reading
from appliance.web.deployment_wait import new_deployment_wait
from appliance.web.front_doors import FrontDoor
from appliance.web.rate_limits import new_rate_limits
from appliance.web.readiness import Readiness

MAX_REQUEST = 33 * 1024 * 1024
"""Octets of the largest request that the server reads; each call has its own, lower limit."""
MAX_HEADER = 64 * 1024
"""Octets of a request's header."""
IDLE_SECONDS = 60
"""Seconds after which a connection is closed on which nothing moves, or whose header is not whole."""

JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"


def create_app(
    settings: Settings,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
) -> Flask:
    """The application, as those settings describe it. `clock` dates what is stored, `monotonic` counts seconds."""
    app = Flask("appliance", static_folder=None)
    app.config |= {"MAX_CONTENT_LENGTH": MAX_BODY + 1, "PROVIDE_AUTOMATIC_OPTIONS": False}
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False  # a redirect to the final slash would name the host that the client named
    parts = _parts(settings, clock, monotonic)
    install(app, parts)
    doors = front_doors.install(app, FrontDoor((), error_responses.answer_error))
    doors.claim(auth.DOOR)
    metrics.register(app, parts.registry, metrics.StoreCollector(parts.nameservers, clock))
    app.after_request(_secure)
    openapi.register(app)
    health.register(app, Readiness(parts.store, parts.nameservers, clock, monotonic))
    blueprint.register(app)
    gated = middleware.ClientAddress(
        middleware.FinalSlash(app.wsgi_app, lambda path: doors.at(path).lacks_slash(path)), settings.api.trusted_proxies
    )
    app.wsgi_app = gated  # type: ignore[method-assign,assignment]
    return app


def serve(settings: Settings, manager: ServiceManager) -> None:
    """Answer requests until the process is told to end; SettingsError when it cannot listen where it should."""
    listening: dict[int, Any] = {}
    chosen: dict[str, Any] = {
        **_place(settings.api.listen),
        "threads": settings.api.threads,
        "ident": "",
        "max_request_header_size": MAX_HEADER,
        "max_request_body_size": MAX_REQUEST,
        "connection_limit": http_hardening.open_files_for_connections(),
        "channel_timeout": IDLE_SECONDS,
        "cleanup_interval": 10,
        "asyncore_use_poll": True,
        "clear_untrusted_proxy_headers": False,
    }
    app = create_app(settings)
    try:
        server = create_server(app, listening, **chosen)
    except (OSError, ValueError) as refused:
        raise SettingsError(
            f"api.listen is {settings.api.listen}, where this process cannot listen: {refused}; name an address of "
            "this machine and a free port, or a socket in a folder that is there and that this user may write in"
        ) from None
    for one in listening.values():
        if isinstance(one, BaseWSGIServer):
            one.channel_class = http_hardening.HardenedChannel
    watchdog.prove_to(manager, settings.api.listen, context_of(app).store)
    server.run()
    context_of(app).store.close()


def _place(listen: Endpoint | LocalSocket) -> dict[str, str]:
    """Where to listen, in waitress' words. A socket is open to all of this machine, as a port of loopback is."""
    if isinstance(listen, LocalSocket):
        return {"unix_socket": str(listen.path), "unix_socket_perms": "666"}
    return {"listen": str(listen)}


def _parts(settings: Settings, clock: Callable[[], datetime], monotonic: Callable[[], float]) -> WebContext:
    seats = max(1, settings.api.threads // 4)
    timeout = settings.store.busy_timeout
    store = Store(settings.store.path, busy_timeout=timeout, seats=seats, monotonic=monotonic)
    store.keep()
    editor = editor_from(settings, store, clock)
    watch = new_deployment_wait(
        store, [server.name for server in settings.dns.nameservers], clock, settings.api.threads
    )
    limits = new_rate_limits(settings.api, monotonic)
    return WebContext(settings, store, editor, watch, limits, Authenticator(store, limits, reading), clock)


def _secure(answer: Response) -> Response:
    """What every answer carries: nothing is guessed, framed, kept or run that was not meant to be."""
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "no-referrer")
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault("Content-Security-Policy", JSON_POLICY)
    return answer
