"""The webhook over HTTP: what it stores is what it shows, under one serial for each zone."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from appliance.doors.external_dns.views import MEDIA_TYPE
from tests.api.conftest import counted
from tests.doors.callers import Caller, Doors

Endpoint = dict[str, Any]
WWW = {"dnsName": "www.example.org", "targets": ["192.0.2.1"], "recordType": "A", "recordTTL": 300}
OWNER = {"dnsName": "a-www.example.org", "targets": ['"heritage=external-dns"'], "recordType": "TXT", "recordTTL": 300}


@pytest.fixture
def cluster(doors: Doors) -> Caller:
    """A client with all permissions on zones and records."""
    return doors.caller()


def _sent(answer: TestResponse, status: int = 200) -> Any:  # noqa: ANN401 - any JSON value
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, MEDIA_TYPE), answer.text
    return answer.get_json(force=True) if answer.data else None


def _records(caller: Caller) -> list[Endpoint]:
    shown: list[Endpoint] = _sent(caller("GET", "/external-dns/records"))
    return sorted(shown, key=lambda endpoint: (endpoint["dnsName"], endpoint["recordType"]))


def _change(caller: Caller, status: int = 204, **lists: list[Endpoint]) -> Any:  # noqa: ANN401 - any JSON value
    return _sent(caller("POST", "/external-dns/records", json=lists), status)


@pytest.mark.parametrize("path", ["/external-dns", "/external-dns/"])
def test_negotiation_names_the_zones_of_the_token(doors: Doors, cluster: Caller, path: str) -> None:
    doors.application.bearer("other@example.org").zone("example.net")
    answer = cluster("GET", path)
    assert _sent(answer) == {"include": ["example.org"]} and answer.headers["Vary"] == "Content-Type"


def test_a_synchronisation_is_shown_as_it_was_adjusted(doors: Doors, cluster: Caller) -> None:
    first = doors.serial
    plan = [OWNER, WWW]
    assert _sent(cluster("POST", "/external-dns/adjustendpoints", json=plan)) == plan
    _change(cluster, Create=plan, UpdateOld=[], UpdateNew=[], Delete=[])
    assert _records(cluster) == plan and doors.serial == first + 1 and doors.last_comment == "external-dns"
    _change(cluster, create=plan)
    assert doors.serial == first + 1
    moved = {**WWW, "targets": ["192.0.2.2", "192.0.2.3"], "recordTTL": 60}
    _change(cluster, updateOld=[WWW], updateNew=[moved], delete=[OWNER])
    assert _records(cluster) == [moved] and doors.serial == first + 2


def test_a_deletion_removes_its_targets_alone(doors: Doors, cluster: Caller) -> None:
    _change(cluster, create=[{**WWW, "targets": ["192.0.2.1", "192.0.2.2"]}])
    _change(cluster, delete=[WWW, OWNER])
    assert doors.stored("www", "A") == ["192.0.2.2"]


def test_a_type_may_change_in_one_call(doors: Doors, cluster: Caller) -> None:
    _change(cluster, create=[WWW])
    alias = {"dnsName": "www.example.org", "targets": ["target.example.net"], "recordType": "CNAME"}
    _change(cluster, create=[alias], delete=[WWW])
    assert [endpoint["recordType"] for endpoint in _records(cluster)] == ["CNAME"]


def test_all_zones_or_none_are_changed(doors: Doors, cluster: Caller) -> None:
    doors.me.zone("example.net")
    first = doors.serial
    other = {**WWW, "dnsName": "www.example.net"}
    broken = {"dnsName": "www.example.net", "targets": ["target.example.net"], "recordType": "CNAME"}
    _change(cluster, 400, create=[WWW, other, broken])
    assert doors.serial == first and not _records(cluster)
    _change(cluster, create=[WWW, other])
    assert [endpoint["dnsName"] for endpoint in _records(cluster)] == ["www.example.net", "www.example.org"]


def test_a_synchronisation_of_many_names_costs_no_statements_of_their_own(doors: Doors, cluster: Caller) -> None:
    doors.me.zone("example.net")

    def reads_of_a_change(size: int) -> int:
        names = [f"h{size}-{number}.example.{top}" for number in range(size) for top in ("org", "net")]
        with counted() as statements:
            _change(cluster, create=[{**WWW, "dnsName": name} for name in names])
        return sum(statement.lstrip().lower().startswith("select") for statement in statements)

    assert reads_of_a_change(2) == reads_of_a_change(50)
    assert len(_records(cluster)) == 104


def test_what_is_at_the_apex_but_not_a_delegation_is_shown(doors: Doors, cluster: Caller) -> None:
    doors.me.record(doors.zone, "NS", "@", "ns.example.net")
    doors.me.record(doors.zone, "MX", "@", "mail.example.net", priority=10, ttl=300)
    doors.me.record(doors.zone, "CAA", "@", '0 issue "ca.example.net"')
    shown = {"dnsName": "example.org", "targets": ["10 mail.example.net"], "recordType": "MX", "recordTTL": 300}
    assert _records(cluster) == [shown]


def test_errors_are_final_and_have_the_media_type(doors: Doors, cluster: Caller) -> None:
    assert _change(cluster, 404, create=[{**WWW, "dnsName": "www.example.com"}])["error_code"] == "not_found"
    assert _change(cluster, 400, create=[{**WWW, "recordType": "ALIAS"}])["error_code"] == "validation_error"
    assert _change(cluster, 400, create=[{**WWW, "targets": ["x"]}])["error_code"] == "validation_error"
    assert _sent(cluster("POST", "/external-dns/records", data=b"{"), 400)["error_code"] == "validation_error"
    assert _sent(cluster("POST", "/external-dns/adjustendpoints", json={}), 400)["error_code"] == "validation_error"
    nobody = doors.application.app.test_client().get("/external-dns/")
    assert _sent(nobody, 401)["error_code"] == "invalid_token" and nobody.headers["WWW-Authenticate"] == "Basic"
    assert _sent(cluster("GET", "/external-dns/nothing"), 404)["error_code"] == "not_found"


def test_why_endpoints_are_refused_is_logged(doors: Doors, cluster: Caller, caplog: pytest.LogCaptureFixture) -> None:
    _change(cluster, 400, create=[{**WWW, "targets": ["x"]}])
    _change(cluster, 404, create=[{**WWW, "dnsName": "www.example.com"}])
    refused = [record.getMessage() for record in caplog.records if "endpoints-refused" in record.getMessage()]
    assert refused[1] == (
        "event=endpoints-refused account=me@example.org reason='www.example.com is in no zone of this token'"
    )
    assert "'x'" in refused[0] or '"x"' in refused[0], refused[0]


def test_reading_needs_its_permission(doors: Doors) -> None:
    caller = doors.caller("dns:create")
    assert _sent(caller("GET", "/external-dns/"), 403) and _sent(caller("GET", "/external-dns/records"), 403)
