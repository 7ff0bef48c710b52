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
from appliance.web.limits import Limits
from appliance.web.waiting import Watch

_KEY = "dns-appliance"


@dataclass(frozen=True, slots=True)
class Parts:
    """The settings, the store, the Editor, the watch over deployments, limits, the check of tokens, and the clock."""

    settings: Settings
    store: Store
    editor: Editor
    watch: Watch
    limits: Limits
    authenticator: Authenticator
    clock: Callable[[], datetime]
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    @property
    def nameservers(self) -> list[str]:
        """The names of the nameservers, the primary first."""
        return [server.name for server in self.settings.dns.nameservers]


def parts() -> Parts:
    """The parts of the application that answers this request."""
    return parts_of(current_app)


def parts_of(app: Flask) -> Parts:
    """The parts of that application."""
    return cast(Parts, app.extensions[_KEY])


def install(app: Flask, given: Parts) -> None:
    """Give the application its parts, and each of its requests one connection at most, closed with the request."""
    app.extensions[_KEY] = given
    app.teardown_appcontext(lambda _: _close_connection())


def open_connection() -> None:
    """Connect this request to the store; StoreError when that cannot be done."""
    if "connection" not in g:
        stack = ExitStack()
        stack.enter_context(parts().store.connection())
        g.connection = stack


def _close_connection() -> None:
    stack = g.pop("connection", None)
    if stack is not None:
        stack.close()


@contextmanager
def reading() -> Iterator[None]:
    """Reads of this request that all see one state of the store."""
    open_connection()
    with parts().store.reading():
        yield
