"""Calls of the PowerDNS API that several tests make, all for the zone example.com."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.doors.conftest import KeyClient

ZONE = "/zones/example.com."
CHALLENGE = "_acme-challenge.example.com."


def created(pdns: KeyClient, **more: object) -> None:
    """Create the zone."""
    answer = pdns("POST", "/zones", {"name": "example.com.", "kind": "Native", "nameservers": [], **more})
    assert answer.status == "201 Created", answer.text


def change(name: str, record_type: str, changetype: str, *contents: str, ttl: int | None = 60) -> dict[str, object]:
    """Return a change of an RRset."""
    records = [{"content": content, "disabled": False} for content in contents]
    return {"name": name, "type": record_type, "changetype": changetype, "ttl": ttl, "records": records}


def patched(pdns: KeyClient, *changes: object) -> TestResponse:
    """Change the zone, and return the answer."""
    return pdns("PATCH", ZONE, {"rrsets": list(changes)})


def is_done(answer: TestResponse) -> bool:
    """Return True for a 204 without a body; else fail."""
    assert (answer.status, answer.data) == ("204 No Content", b""), answer.text
    return True


def is_refused(answer: TestResponse, status: str, *texts: str) -> bool:
    """Return True if the error has all these texts; fail if it is no error with that status."""
    assert answer.status == status and list(answer.get_json()) == ["error"], answer.text
    return all(text in answer.get_json()["error"] for text in texts)


def serial(pdns: KeyClient) -> int:
    """Return the serial of the zone."""
    return int(pdns("GET", ZONE).get_json()["serial"])
