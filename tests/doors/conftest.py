"""An application with doors, and a token for each test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import Application, open_application
from tests.doors.callers import DOMAIN, Doors

SERVER = "/api/v1/servers/localhost"


@dataclass
class KeyClient:
    """A client of the PowerDNS API with one key; paths are relative to the server."""

    client: FlaskClient
    key: str

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        **more: Any,  # noqa: ANN401 - whatever the test client takes
    ) -> TestResponse:
        """Send a request."""
        if body is not None:
            more["json"] = body
        return self.client.open(f"{SERVER}{path}", method=method, headers={"X-API-Key": self.key}, **more)

    def rrsets(self, zone: str) -> dict[tuple[str, str], list[str]]:
        """Return the contents of the RRsets of a zone, by name and type."""
        found = self("GET", f"/zones/{zone}").get_json()["rrsets"]
        return {(one["name"], one["type"]): [record["content"] for record in one["records"]] for one in found}


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """A new application."""
    return open_application(tmp_path)


def key_client(application: Application) -> KeyClient:
    """Return a client that may do everything with its zones, and waits for no nameserver."""
    _fill_wait_slots(application)
    return KeyClient(application.app.test_client(), application.secret("me@example.org", "dns:*"))


@pytest.fixture
def pdns(application: Application) -> KeyClient:
    """A client of a new application."""
    return key_client(application)


@pytest.fixture
def doors(application: Application) -> Doors:
    """The doors of a new application with one zone."""
    _fill_wait_slots(application)
    me = application.bearer("me@example.org")
    return Doors(application, me, me.zone(DOMAIN))


def _fill_wait_slots(application: Application) -> None:
    """Let no request wait: without a deployer every write would wait as long as its door may."""
    account = application.account("me@example.org").uuid
    while application.deployment_wait.slots.take(account):
        pass
