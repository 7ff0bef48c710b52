"""The application on a real SQLite file, with two accounts and no deployer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.addresses import Endpoint, Nameserver
from appliance.app import create_app
from appliance.principal import Account, TokenLimits
from appliance.settings import (
    ApiSettings,
    DeployerSettings,
    DnsSettings,
    Settings,
    StoreSettings,
)
from appliance.store import accounts
from appliance.store.file.database import Store
from appliance.web.context import context_of
from appliance.web.deployment_wait import DeploymentWait
from tests.workspace import Clock, create_store

NS1, NS2 = "ns1.appliance.test", "ns2.appliance.test"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass
class Bearer:
    """A client with one token; paths are relative to /api/v1."""

    client: FlaskClient
    secret: str

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - whatever the test client takes
    ) -> TestResponse:
        """Send a request."""
        sent = {"Authorization": f"Bearer {self.secret}", **(headers or {})}
        if body is not None:
            more["json"] = body
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, **more)

    def zone(self, domain: str) -> dict[str, Any]:
        """Create a zone."""
        return created(self("POST", "/dns-zones/", {"domain": domain}))

    def record(
        self, zone: Mapping[str, Any], record_type: str, name: str, value: str, **more: object
    ) -> dict[str, Any]:
        """Create a record."""
        body = {"record_type": record_type, "name": name, "value": value, **more}
        return created(self("POST", f"/dns-zones/{zone['uuid']}/records/", body))


@dataclass
class Application:
    """The application, and the means to use it: its store, accounts and tokens."""

    settings: Settings
    clock: Clock
    app: Flask

    @property
    def store(self) -> Store:
        """Return the store of the application."""
        return context_of(self.app).store

    @property
    def deployment_wait(self) -> DeploymentWait:
        """Return the waiting requests of the application."""
        return context_of(self.app).deployment_wait

    def account(self, email: str, *, is_admin: bool = False) -> Account:
        """Return the account of that email; create it if it does not exist."""
        with self.store.connection():
            known = {account.email: account for account in accounts.list_accounts()}
            return known.get(email) or accounts.create_account(email, self.clock(), is_admin=is_admin)

    def secret(self, email: str, *permissions: str, limits: TokenLimits | None = None) -> str:
        """Return the secret of a new token."""
        account = self.account(email, is_admin="admin:*" in permissions)
        with self.store.connection():
            return accounts.create_token(account, "test", permissions, self.clock(), limits)[1]

    def bearer(self, email: str, *permissions: str, limits: TokenLimits | None = None) -> Bearer:
        """Return a client with a new token."""
        return Bearer(self.app.test_client(), self.secret(email, *(permissions or ("dns:*",)), limits=limits))

    def configured(self, api: ApiSettings) -> Application:
        """Return the same application with other API settings."""
        settings = replace(self.settings, api=api)
        return Application(settings, self.clock, create_app(settings, self.clock))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open a write transaction, as the deployer does."""
        with self.store.connection(), self.store.writing():
            yield


def open_application(folder: Path, monotonic: Callable[[], float] = time.monotonic) -> Application:
    """Create a store in that folder, and an application on it; `monotonic` is as in `create_app`."""
    nameservers = (
        Nameserver(NS1, Endpoint("127.0.0.1", 5301)),
        Nameserver(NS2, Endpoint("127.0.0.1", 5302)),
    )
    settings = Settings(
        store=StoreSettings(path=folder / "store.sqlite3", busy_timeout=1),
        dns=DnsSettings(nameservers=nameservers, catalog="catalog.appliance.test", rname="hostmaster.appliance.test"),
        deployer=DeployerSettings(socket=folder / "deployer.sock"),
    )
    create_store(Store(settings.store.path))
    clock = Clock()
    return Application(settings, clock, create_app(settings, clock, monotonic))


def created(answer: TestResponse) -> dict[str, Any]:
    """Return the body of a 201, which is a line, so that a terminal shows several below each other."""
    assert answer.status_code == 201 and answer.text.endswith("}\n"), answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def is_error(answer: TestResponse, status: int, code: str, field: str | None = None) -> bool:
    """Return True if the response is that error, as JSON; else fail."""
    body = answer.get_json()
    assert list(body) == ["detail", "error_code", "field"]
    assert (answer.status_code, body["error_code"], body["field"]) == (status, code, field), answer.text
    return True


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the SQL statements of the block, of connections that are open already and of new ones.

    The triggers that a statement fires are part of it.
    """
    statements: list[str] = []

    def note(event: dict[str, Any]) -> None:
        if not event["trigger"]:
            statements.append(event["sql"])

    def listen(connection: apsw.Connection) -> None:
        with suppress(apsw.ThreadingViolationError):  # that of another test, whose thread has not ended
            connection.trace_v2(apsw.SQLITE_TRACE_STMT, note)

    apsw.connection_hooks.append(listen)
    for connection in apsw.connections():
        listen(connection)
    try:
        yield statements
    finally:
        apsw.connection_hooks.remove(listen)
        for connection in apsw.connections():
            with suppress(apsw.ThreadingViolationError):
                connection.trace_v2(0)


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """A new application."""
    return open_application(tmp_path)


@pytest.fixture
def me(application: Application) -> Bearer:
    """The first account."""
    return application.bearer("me@example.org")


@pytest.fixture
def other(application: Application) -> Bearer:
    """The second account."""
    return application.bearer("other@example.org")
