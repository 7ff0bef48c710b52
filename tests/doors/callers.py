"""Doors of an application on a real SQLite file: requests as their clients send them, and what is stored then."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.principal import TokenLimits
from tests.api.conftest import Application, Bearer

DOMAIN = "example.org"


@dataclass
class Caller:
    """A client of doors with one token, sent as the password of Basic; paths are absolute."""

    client: FlaskClient
    secret: str

    def __call__(self, method: str, path: str, **more: Any) -> TestResponse:  # noqa: ANN401 - as the test client has it
        """Send a request."""
        credential = b64encode(f"whoever:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {credential}", **more.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **more)


@dataclass
class Doors:
    """The doors of an application with one zone, `example.org`, of the first account, whose API is `me`."""

    application: Application
    me: Bearer
    zone: dict[str, Any]

    def caller(self, *permissions: str, limits: TokenLimits | None = None, email: str = "me@example.org") -> Caller:
        """Return a client with a new token, by default with all permissions on zones and records."""
        secret = self.application.secret(email, *(permissions or ("dns:*",)), limits=limits)
        return Caller(self.application.app.test_client(), secret)

    def stored(self, name: str, record_type: str) -> list[str]:
        """Return the stored values of an RRset, sorted."""
        query = {"zone": self.zone["uuid"], "name": name, "record_type": record_type}
        return sorted(record["value"] for record in self.me("GET", "/dns-records/", query_string=query).get_json())

    @property
    def serial(self) -> int:
        """The serial of the zone."""
        serial: int = self.me("GET", f"/dns-zones/{self.zone['uuid']}/").get_json()["serial"]
        return serial

    @property
    def last_comment(self) -> str:
        """The comment of the last version of the zone."""
        comment: str = self.me("GET", f"/dns-zones/{self.zone['uuid']}/versions/").get_json()[0]["comment"]
        return comment
