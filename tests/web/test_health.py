"""`/healthz`, `/readyz` and `/metrics`, and responses when the store or the appliance itself fails."""

from __future__ import annotations

import logging
import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from appliance.app import JSON_POLICY, create_app
from appliance.principal import TokenLimits
from appliance.settings import ApiSettings
from appliance.store import heartbeat, signing, signing_summary, update_listener, zones
from appliance.store.file import sqlite
from appliance.store.update_listener import UpdateListener
from appliance.zones.deployment import NameserverState, Observation
from appliance.zones.signing import ServedSigning
from tests.api.conftest import NS1, NS2, Application, Bearer, is_error
from tests.deployed import store_live, store_observations
from tests.signing import key, signed

REMOTE = {"REMOTE_ADDR": "192.0.2.99"}


@pytest.fixture
def application(application: Application) -> Application:
    """The application with a monotonic clock that follows its clock, so that tests can let caches expire."""
    app = create_app(application.settings, application.clock, lambda: application.clock().timestamp())
    return Application(application.settings, application.clock, app)


def _beat(application: Application) -> None:
    with application.writing():
        heartbeat.store(heartbeat.Heartbeat(application.clock(), None, 0, 0))


def test_healthz(application: Application) -> None:
    assert application.app.test_client().get("/healthz").get_json() == {"status": "ok"}


def test_ready(application: Application, me: Bearer) -> None:
    web = application.app.test_client()
    assert is_error(web.get("/readyz"), 503, "unavailable")
    application.clock.forward(seconds=1)
    _beat(application)
    assert web.get("/readyz").get_json() == {"status": "ready", "degraded": []}
    application.clock.forward(seconds=11)
    silent = web.get("/readyz")
    assert is_error(silent, 503, "unavailable")
    assert "11 s" in silent.get_json()["detail"]
    assert silent.headers["Retry-After"]


def test_degraded(application: Application, me: Bearer) -> None:
    web = application.app.test_client()
    zone = me.zone("example.com")
    serial = zone["serial"]
    application.clock.forward(seconds=61)
    _beat(application)
    silent = application.clock() - timedelta(seconds=30)
    with application.writing():
        rows = [
            Observation(NS1, serial, NameserverState.LIVE, application.clock()),
            Observation(NS2, None, NameserverState.UNREACHABLE, silent),
        ]
        store_observations(UUID(zone["uuid"]), rows)
    shown = web.get("/readyz")
    assert shown.status_code == 200
    lost = f"nameserver {NS2} is unreachable"
    assert shown.get_json()["degraded"] == [
        lost,
        f"zone example.com is not live at serial {serial}, 61 s after its last change",
    ]
    assert web.get("/readyz", environ_overrides=REMOTE).get_json()["degraded"] == ["2 problems"]
    narrow = application.secret(
        "root@example.org", "admin:*", limits=TokenLimits(zones=frozenset({UUID(zone["uuid"])}))
    )
    wide = application.secret("root@example.org", "admin:*")
    for secret, expected in (
        (narrow, ["2 problems"]),
        (me.secret, ["2 problems"]),
        (wide, shown.get_json()["degraded"]),
    ):
        response = web.get("/readyz", headers={"Authorization": f"Bearer {secret}"}, environ_overrides=REMOTE)
        assert response.get_json()["degraded"] == expected
    text = web.get("/metrics").text
    assert f'dns_appliance_nameserver_reachable{{nameserver="{NS2}"}} 0.0' in text
    assert f'dns_appliance_nameserver_zones_behind{{nameserver="{NS2}"}} 1.0' in text
    assert 'dns_appliance_zone_not_live_seconds{zone="example.com"} 61.0' in text
    application.clock.forward(seconds=1)
    with application.writing():
        store_live(UUID(zone["uuid"]), serial, application.clock())
        store_observations(UUID(zone["uuid"]), [Observation(NS2, serial, NameserverState.LIVE, application.clock())])
    assert web.get("/readyz").get_json()["degraded"] == []
    assert "example.com" not in web.get("/metrics").text


def test_what_the_deployer_counts_is_in_the_metrics(application: Application, me: Bearer) -> None:
    with application.writing():
        figures = {"published": {"file": 7, "update": 1}}
        heartbeat.store(heartbeat.Heartbeat(application.clock(), None, 0, 0, figures))
    text = application.app.test_client().get("/metrics").text
    assert 'dns_appliance_published_total{method="file"} 7.0' in text
    assert 'dns_appliance_published_total{method="update"} 1.0' in text


def test_the_listener_for_updates_is_in_the_metrics_while_it_runs(application: Application, me: Bearer) -> None:
    web = application.app.test_client()
    assert "dns_appliance_update_" not in web.get("/metrics").text
    with application.writing():
        update_listener.store(UpdateListener(application.clock() - timedelta(seconds=3), {"NOERROR": 7, "REFUSED": 1}))
    text = web.get("/metrics").text
    assert "dns_appliance_update_listener_report_age_seconds 3.0" in text
    assert 'dns_appliance_update_responses_total{rcode="NOERROR"} 7.0' in text
    assert 'dns_appliance_update_responses_total{rcode="REFUSED"} 1.0' in text


def test_the_dnssec_of_zones_is_in_the_metrics(application: Application, me: Bearer) -> None:
    web, zone = application.app.test_client(), me.zone("example.com")
    assert me("PATCH", f"/dns-zones/{zone['uuid']}/", {"dnssec": True}).status_code == 200
    with application.writing():
        stored, now = zones.get_any(UUID(zone["uuid"])), application.clock()
        signing.store_served(stored.uuid, {NS1: ServedSigning(1, now + timedelta(days=2))}, now)
        signing_summary.store(stored, replace(signed(key()), lacks_keys=True), now)
    text = web.get("/metrics").text
    assert 'dns_appliance_signed_zones{state="ds-wait"} 1.0' in text
    assert 'dns_appliance_signed_zones{state="secured"} 0.0' in text
    assert f'dns_appliance_signature_expiry_seconds{{nameserver="{NS1}"}} 172800.0' in text
    assert f'expiry_seconds{{nameserver="{NS2}"' not in text
    assert 'dns_appliance_signing_problems{problem="keys-missing"} 1.0' in text
    assert 'dns_appliance_signing_problems{problem="signatures-old"} 1.0' in text
    assert 'dns_appliance_signing_problems{problem="stuck"} 0.0' in text


def test_metrics_are_counted_by_route(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    for path in (f"/dns-zones/{zone['uuid']}/", "/dns-zones/no-uuid/", "/nothing/"):
        me("GET", path)
    text = application.app.test_client().get("/metrics").text
    route = 'route="/api/v1/dns-zones/<string:uuid>/"'
    assert f'dns_appliance_requests_total{{method="GET",{route},status="200"}} 1.0' in text
    assert f'dns_appliance_requests_total{{method="GET",{route},status="404"}} 1.0' in text
    assert 'dns_appliance_requests_total{method="GET",route="unknown",status="404"} 1.0' in text
    assert 'dns_appliance_zones{state="pending"} 1.0' in text
    assert zone["uuid"] not in text
    size = application.settings.store.path.stat().st_size
    assert f'dns_appliance_store_size_bytes{{file="database"}} {float(size)}' in text
    assert 'dns_appliance_store_size_bytes{file="log"} ' in text
    assert re.search(r"^dns_appliance_store_free_bytes [1-9]", text, re.MULTILINE)


def test_who_may_see_metrics(application: Application, me: Bearer) -> None:
    web = application.app.test_client()
    root = {"Authorization": f"Bearer {application.secret('root@example.org', 'admin:*')}"}
    mine = {"Authorization": f"Bearer {me.secret}"}
    narrow = application.secret("root@example.org", "admin:*", limits=TokenLimits(zones=frozenset({uuid4()})))
    for address, headers, status in (
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.99", {}, 401),
        ("192.0.2.99", mine, 401),
        ("192.0.2.99", root, 200),
        ("192.0.2.99", {"Authorization": f"Bearer {narrow}"}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.99"}, 200),
        ("192.0.2.99", {"X-Forwarded-For": "127.0.0.1"}, 401),
    ):
        answer = web.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == status, (address, headers)


def test_unknown_host_names_are_refused(application: Application) -> None:
    web = application.app.test_client()
    root = {"Authorization": f"Bearer {application.secret('root@example.org', 'admin:*')}"}
    _beat(application)
    for path in ("/metrics", "/readyz"):
        refused = web.get(path, headers={"Host": "evil.example"})
        assert is_error(refused, 421, "misdirected_request")
        assert "api.hosts" in refused.get_json()["detail"]
        assert web.get(path, headers={"Host": "evil.example", **root}).status_code == 200
        assert web.get(path, headers={"Host": "127.0.0.1:8053"}).status_code == 200
    assert web.get("/readyz", headers={"Host": "ns1.example.net"}, environ_overrides=REMOTE).status_code == 200
    assert web.get("/healthz", headers={"Host": "evil.example"}).status_code == 200


def test_metrics_need_a_token_behind_a_proxy(application: Application) -> None:
    proxied = application.configured(ApiSettings(trusted_proxies=("127.0.0.1",)))
    web = proxied.app.test_client()
    root = {"Authorization": f"Bearer {proxied.secret('root@example.org', 'admin:*')}"}
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "::1"}):
        assert is_error(web.get("/metrics", headers=headers), 401, "invalid_token")
    assert web.get("/metrics", headers=root).status_code == 200


def test_a_locked_store_refuses_writes_and_no_reads(application: Application, me: Bearer) -> None:
    me("GET", "/dns-zones/")
    application.clock.forward(minutes=2)
    with closing(sqlite.connect(application.settings.store.path)) as holder:
        holder.execute("begin immediate")
        assert me("GET", "/dns-zones/").status_code == 200
        refused = me("POST", "/dns-zones/", {"domain": "example.com"})
        assert is_error(refused, 503, "unavailable")
        assert refused.headers["Retry-After"]
        assert application.app.test_client().get("/readyz").status_code == 503
        holder.execute("rollback")
    assert me("POST", "/dns-zones/", {"domain": "example.com"}).status_code == 201


def test_a_missing_store_is_not_created(application: Application, me: Bearer) -> None:
    for file in application.settings.store.path.parent.glob("store.sqlite3*"):
        file.unlink()
    web = application.app.test_client()
    for answer in (me("GET", "/dns-zones/"), web.get("/readyz"), web.get("/metrics")):
        assert is_error(answer, 503, "unavailable")
    assert web.get("/healthz").status_code == 200
    assert not application.settings.store.path.exists()


def test_an_internal_error_shows_only_a_reference(
    application: Application, me: Bearer, caplog: pytest.LogCaptureFixture
) -> None:
    record = me.record(me.zone("example.com"), "A", "www", "192.0.2.1")
    with closing(sqlite.connect(application.settings.store.path)) as database, database:
        database.execute("update record set rdtype = 'NOTHING'")
    with caplog.at_level(logging.ERROR):
        answer = me("GET", f"/dns-records/{record['uuid']}/")
    assert is_error(answer, 500, "internal_error")
    reference = re.search(r"[0-9a-f]{16}", answer.get_json()["detail"])
    assert reference
    assert reference[0] in caplog.text
    assert "Traceback" in caplog.text
    assert me.secret not in caplog.text
    assert "NOTHING" not in answer.text


def test_headers_of_every_response(application: Application, me: Bearer) -> None:
    web = application.app.test_client()
    for answer in (me("GET", "/dns-zones/"), me("GET", "/nothing/"), web.get("/healthz"), web.get("/nothing")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"] == JSON_POLICY
        assert not any(name.startswith("Access-Control") for name in answer.headers.keys())  # noqa: SIM118 - werkzeug's
