"""What the calls of one application work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import Flask, current_app, g
from prometheus_client import CollectorRegistry

from appliance.editing import Editor
from appliance.identity.authentication import Authenticator
from appliance.settings import Settings
from appliance.store.file.database import Store
from appliance.web.deployment_wait import DeploymentWait
from appliance.web.rate_limits import RateLimits

_KEY = "dns-appliance"


@dataclass(frozen=True, slots=True)
class WebContext:
    """The settings, the store, the Editor, the watch over deployments, limits, the check of tokens, and the clock."""

    settings: Settings
    store: Store
    editor: Editor
    watch: DeploymentWait
    limits: RateLimits
    authenticator: Authenticator
    clock: Callable[[], datetime]
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    @property
    def nameservers(self) -> list[str]:
        """The names of the nameservers, the primary first."""
        return [server.name for server in self.settings.dns.nameservers]


def context() -> WebContext:
    """The parts of the application that answers this request."""
    return context_of(current_app)


def context_of(app: Flask) -> WebContext:
    """The parts of that application."""
    return cast(WebContext, app.extensions[_KEY])


def install(app: Flask, given: WebContext) -> None:
    """Give the application its parts, and each of its requests one connection at most, closed with the request."""
    app.extensions[_KEY] = given
    app.teardown_appcontext(lambda _: _close_connection())


def open_connection() -> None:
    """Connect this request to the store; StoreError when that cannot be done."""
    if "connection" not in g:
        stack = ExitStack()
        stack.enter_context(context().store.connection())
        g.connection = stack


def _close_connection() -> None:
    stack = g.pop("connection", None)
    if stack is not None:
        stack.close()


@contextmanager
def reading() -> Iterator[None]:
    """Reads of this request that all see one state of the store."""
    open_connection()
    with context().store.reading():
        yield
