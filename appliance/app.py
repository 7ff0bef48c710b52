"""The web application, assembled from its packages, and the server that runs it.

The application opens the store and never creates it: while the store is missing it answers 503.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, request
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server

from appliance.addresses import Endpoint, LocalSocket
from appliance.api import auth, openapi
from appliance.console import blueprint
from appliance.doors import registry
from appliance.editing import editor_from
from appliance.errors import SettingsError
from appliance.identity.authentication import Authenticator
from appliance.settings import ApiSettings, Settings
from appliance.store.file.database import Store
from appliance.systemd import ServiceManager
from appliance.web import (
    front_doors,
    health,
    metrics,
    middleware,
    password_slots,
    rate_headers,
    watchdog,
)
from appliance.web.connections import ConnectionCounts
from appliance.web.context import WebContext, context_of, install, reading
from appliance.web.deployment_wait import create_deployment_wait
from appliance.web.fair_threads import FairDispatcher, KnownClients, share_of
from appliance.web.front_doors import MAX_BODY, FrontDoor
from appliance.web.http_hardening import OUTPUT_BUFFER, UNLIMITED, BodyLimits, HardenedChannel, raise_open_file_limit
from appliance.web.middleware import BY_SOCKET, AddressList, forwarded_client
from appliance.web.rate_limits import client_network, create_rate_limits
from appliance.web.readiness import Readiness
from appliance.web.request_credentials import client_credentials, secret_of

MAX_HEADER = 64 * 1024
"""Octets of a request header."""
HSTS = "max-age=31536000"
"""Browsers use only TLS for a year after a response over TLS (RFC 6797); other hosts of the domain are not affected."""
WAITING_THREADS = 32
"""Threads for requests that wait for a deployment, besides those of `api.threads`."""
JSON_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def create_app(
    settings: Settings,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
    door: FrontDoor = auth.DOOR,
) -> Flask:
    """Return the application. `clock` is the time that is stored and shown, in UTC; `monotonic` is in seconds.

    `door` is that of the API.
    """
    app = Flask("appliance", static_folder=None)
    app.config |= {"MAX_CONTENT_LENGTH": MAX_BODY + 1, "PROVIDE_AUTOMATIC_OPTIONS": False}
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False  # a redirect to the slash would contain the host that the client sent
    services = _create_context(settings, clock, monotonic)
    install(app, services)
    doors = front_doors.install(app, FrontDoor((), blueprint.answer_unclaimed))
    doors.claim(door)
    metrics.register(app, services.registry, metrics.StoreCollector(services.nameservers, clock, settings.store.path))
    app.after_request(_add_security_headers)
    app.after_request(rate_headers.add)
    openapi.register(app)
    registry.register(app, settings.doors)
    health.register(app, Readiness(services.store, services.nameservers, clock, monotonic))
    blueprint.register(app)
    wrapped = middleware.ClientAddress(
        middleware.TrailingSlash(app.wsgi_app, lambda path: doors.at(path).lacks_slash(path)),
        settings.api.trusted_proxies,
    )
    app.wsgi_app = wrapped  # type: ignore[method-assign,assignment]
    return app


def serve(settings: Settings, manager: ServiceManager) -> None:
    """Answer requests until the process is terminated; raise SettingsError if it cannot listen on `api.listen`."""
    listening: dict[int, Any] = {}
    options: dict[str, Any] = {
        **_listen_option(settings.api.listen),
        "ident": "",
        "max_request_header_size": MAX_HEADER,
        "max_request_body_size": UNLIMITED,
        "connection_limit": raise_open_file_limit(),
        "channel_timeout": settings.api.request_timeout,
        "cleanup_interval": 5,
        "outbuf_high_watermark": OUTPUT_BUFFER,
        "asyncore_use_poll": True,
        "clear_untrusted_proxy_headers": False,
    }
    app = create_app(settings)
    threads = context_of(app).threads
    threads.set_thread_count(settings.api.threads + password_slots.THREADS + WAITING_THREADS)
    try:
        server = create_server(app, listening, _dispatcher=threads, **options)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"api.listen is {settings.api.listen}, where this process cannot listen: {error}; use an address of this "
            "machine and a free port, or a Unix socket in an existing directory that this user may write to"
        ) from None
    channel = functools.partial(HardenedChannel, _body_limits(app), _connection_counts(settings.api))
    for listener in listening.values():
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = channel  # type: ignore[assignment] # waitress only calls it
    watchdog.start(manager, settings.api.listen, context_of(app).store)
    server.run()
    context_of(app).store.close()


def _body_limits(app: Flask) -> BodyLimits:
    """Return what the server must know to refuse a body before it is received."""
    doors, services = front_doors.doors_of(app), context_of(app)

    def admits(credential: str) -> bool:
        return services.authenticator.knows(secret_of(credential) or credential, services.clock())

    return BodyLimits(MAX_BODY, lambda method, path: doors.at(path).body_limit(method, path), admits)


def _connection_counts(settings: ApiSettings) -> ConnectionCounts:
    exempt = AddressList(settings.trusted_proxies)
    return ConnectionCounts(settings.connections, lambda address: address == BY_SOCKET or address in exempt)


def _listen_option(listen: Endpoint | LocalSocket) -> dict[str, str]:
    """Return the options of waitress that say where to listen. All users may use a socket, as a port of loopback."""
    if isinstance(listen, LocalSocket):
        return {"unix_socket": str(listen.path), "unix_socket_perms": "666"}
    return {"listen": str(listen)}


def _create_context(settings: Settings, clock: Callable[[], datetime], monotonic: Callable[[], float]) -> WebContext:
    share = share_of(settings.api.threads)
    store = Store(
        settings.store.path,
        busy_timeout=settings.store.busy_timeout,
        max_waiting=share // 2,
        read_timeout=settings.store.read_timeout,
        monotonic=monotonic,
    )
    store.keep()
    limits = create_rate_limits(settings.api, monotonic)
    editor = editor_from(settings, store, clock, count_write=limits.count_write)
    clients = KnownClients()
    threads = FairDispatcher(share, functools.partial(_client_of, clients, AddressList(settings.api.trusted_proxies)))
    names = [server.name for server in settings.dns.nameservers]
    most_waiting = max(WAITING_THREADS, settings.api.threads // 2)
    wait = create_deployment_wait(store, names, clock, most_waiting, settings.deployer.socket, threads.pausing)
    authenticator = Authenticator(store, limits, reading)
    return WebContext(settings, store, editor, wait, limits, authenticator, threads, clients, clock)


def _client_of(clients: KnownClients, proxies: AddressList, channel: HTTPChannel) -> Hashable:
    """Return the account of the channel's next request, or the network that it comes from if that is not known."""
    headers = channel.requests[0].headers
    account = clients.account_of(client_credentials(lambda name: headers.get(name.upper().replace("-", "_"))))
    return account or client_network(forwarded_client(channel.addr[0], headers.get("X_FORWARDED_FOR", ""), proxies))


def _add_security_headers(response: Response) -> Response:
    """Set the headers that every response has, unless its view has set them."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Content-Security-Policy", JSON_POLICY)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    return response
