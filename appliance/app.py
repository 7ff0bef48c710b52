"""The web application, assembled from its packages.

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

from appliance.api import auth, openapi
from appliance.console import blueprint
from appliance.doors import registry
from appliance.editing import editor_from
from appliance.identity.authentication import Authenticator
from appliance.settings import Settings
from appliance.store.file.database import Store
from appliance.web import (
    front_doors,
    health,
    metrics,
    middleware,
    rate_headers,
)
from appliance.web.context import SharedState, WebContext, connected, create_shared_state, install
from appliance.web.deployment_wait import create_deployment_wait
from appliance.web.fair_threads import WAITING_THREADS, FairDispatcher, KnownClients, divided, share_of
from appliance.web.front_doors import MAX_BODY, FrontDoor
from appliance.web.middleware import AddressList, forwarded_client
from appliance.web.rate_limits import client_network
from appliance.web.readiness import Readiness
from appliance.web.request_credentials import client_credentials
from appliance.web.url_rules import UrlRule

HSTS = "max-age=31536000"
"""Browsers use only TLS for a year after a response over TLS (RFC 6797); other hosts of the domain are not affected."""
JSON_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", JSON_POLICY),
)
"""Headers of every response that does not have them."""


class _Application(Flask):
    """A Flask application whose functions are no coroutines; Flask would inspect a dozen of them in each request."""

    url_rule_class = UrlRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(
    settings: Settings,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
    door: FrontDoor = auth.DOOR,
    shared: SharedState | None = None,
) -> Flask:
    """Return the application. `clock` is the time that is stored and shown, in UTC; `monotonic` is in seconds.

    `door` is that of the API, `shared` what this process shares with others, if there are any.
    """
    app = _Application("appliance", static_folder=None)
    app.config |= {"MAX_CONTENT_LENGTH": MAX_BODY + 1, "PROVIDE_AUTOMATIC_OPTIONS": False}
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False  # a redirect to the slash would contain the host that the client sent
    shared = shared or create_shared_state(settings.api, monotonic)
    services = _create_context(settings, shared, clock, monotonic)
    install(app, services)
    doors = front_doors.install(app, FrontDoor((), blueprint.answer_unclaimed))
    doors.claim(door)
    collector = metrics.StoreCollector(services.nameservers, clock, settings.store.path)
    metrics.register(app, services.registry, collector, shared.counters)
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


def _create_context(
    settings: Settings, shared: SharedState, clock: Callable[[], datetime], monotonic: Callable[[], float]
) -> WebContext:
    share = share_of(divided(settings.api.threads, shared.processes))
    store = Store(
        settings.store.path,
        busy_timeout=settings.store.busy_timeout,
        max_waiting=share // 2,
        read_timeout=settings.store.read_timeout,
        monotonic=monotonic,
    )
    store.keep()
    limits = shared.limits
    editor = editor_from(settings, store, clock, count_write=limits.count_write)
    clients = KnownClients()
    threads = FairDispatcher(share, functools.partial(_client_of, clients, AddressList(settings.api.trusted_proxies)))
    names = [server.name for server in settings.dns.nameservers]
    most_waiting = divided(max(WAITING_THREADS, settings.api.threads // 2), shared.processes)
    wait = create_deployment_wait(store, names, clock, most_waiting, settings.deployer.socket, threads.pausing)
    authenticator = Authenticator(store, limits, connected)
    return WebContext(settings, store, editor, wait, limits, authenticator, threads, clients, clock, shared.key)


def _client_of(clients: KnownClients, proxies: AddressList, channel: HTTPChannel) -> Hashable:
    """Return the account of the channel's next request, or the network that it comes from if that is not known."""
    headers = channel.requests[0].headers
    account = clients.account_of(client_credentials(lambda name: headers.get(name.upper().replace("-", "_"))))
    return account or client_network(forwarded_client(channel.addr[0], headers.get("X_FORWARDED_FOR", ""), proxies))


def _add_security_headers(response: Response) -> Response:
    """Set the headers that every response has, unless its view has set them."""
    present = {name.lower() for name, _ in response.headers}
    response.headers.extend([(name, value) for name, value in _SECURITY if name.lower() not in present])
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    return response
