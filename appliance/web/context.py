"""The services of one application: what its views use."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from flask import Flask, current_app, g, request
from prometheus_client import CollectorRegistry

from appliance.editing import Editor
from appliance.identity.authentication import Authenticator
from appliance.principal import Principal
from appliance.settings import ApiSettings, Settings
from appliance.store.file.database import Store
from appliance.web.deployment_wait import DeploymentWait
from appliance.web.fair_threads import FairDispatcher, KnownClients
from appliance.web.rate_limits import RateLimits, create_rate_limits
from appliance.web.shared_counters import SharedCounters

_KEY = "dns-appliance"


@dataclass(frozen=True, slots=True)
class SharedState:
    """What the processes of one server share; it is created before they are forked.

    `key` signs what a page carries to the next one; another server has another key.
    """

    limits: RateLimits
    counters: SharedCounters
    processes: int
    key: bytes = field(default_factory=functools.partial(secrets.token_bytes, 32), repr=False)


def create_shared_state(settings: ApiSettings, monotonic: Callable[[], float], processes: int = 1) -> SharedState:
    """Return what so many processes will share; `monotonic` is in seconds."""
    return SharedState(create_rate_limits(settings, monotonic, processes), SharedCounters(processes), processes)


@dataclass(frozen=True, slots=True)
class WebContext:
    """The services of one application. `clock` returns the time that is stored and shown, in UTC.

    `key` signs what a page carries to the next one.
    """

    settings: Settings
    store: Store
    editor: Editor
    deployment_wait: DeploymentWait
    limits: RateLimits
    authenticator: Authenticator
    threads: FairDispatcher
    known_clients: KnownClients
    clock: Callable[[], datetime]
    key: bytes = field(repr=False)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    @property
    def nameservers(self) -> list[str]:
        """Return the names of the nameservers, the primary first."""
        return [server.name for server in self.settings.dns.nameservers]


def context() -> WebContext:
    """Return the services of the application that handles this request."""
    return context_of(current_app)


def context_of(app: Flask) -> WebContext:
    """Return the services of that application."""
    return cast(WebContext, app.extensions[_KEY])


def install(app: Flask, services: WebContext) -> None:
    """Attach the services to the application; close the store connection of each request at its end."""
    app.extensions[_KEY] = services
    app.teardown_appcontext(lambda _: _close_connection())


def open_connection() -> None:
    """Connect this request to the store, unless it is; raise StoreError if that fails."""
    if "connection" not in g:
        opened = context().store.kept_connection()
        opened.__enter__()
        g.connection = opened


def learn_client(credential: str, account: UUID) -> None:
    """Remember that a credential, the secret of a token or a Cookie header, is of that account.

    The next requests with it count in the share of the account.
    """
    context().known_clients.learn(credential, account)


def count_new_token(principal: Principal) -> None:
    """Count a token that this request creates as a change by its account, of the size of its body.

    Tokens and their audit events are kept when they are revoked. Raise RateLimited if there are too many changes.
    """
    context().limits.count_write(principal, {None: request.content_length or 0})


def _close_connection() -> None:
    opened = g.pop("connection", None)
    if opened is not None:
        opened.__exit__(None, None, None)


def connected() -> AbstractContextManager[None]:
    """Let the block read the store, each statement for itself."""
    open_connection()
    return context().store.connection()


def reading() -> AbstractContextManager[None]:
    """Let all reads of the block see the same state of the store."""
    open_connection()
    return context().store.reading()
