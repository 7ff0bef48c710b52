"""`/readyz` and `/metrics` cost the same for any number of zones; `/readyz` writes nothing, and is cached."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from appliance.app import create_app
from appliance.store import heartbeat, zones
from appliance.store.file import sqlite
from tests.api.conftest import NS1, NS2, Application, Bearer, is_error
from tests.many_zones import add_zones, make_all_live

ZONES = 10_000


@pytest.fixture
def application(application: Application) -> Application:
    """The application with a monotonic clock that follows its clock, and a heartbeat of the deployer just now."""
    app = create_app(application.settings, application.clock, lambda: application.clock().timestamp())
    stepped = Application(application.settings, application.clock, app)
    beat(stepped)
    return stepped


def beat(application: Application, ahead: timedelta = timedelta()) -> None:
    with application.writing():
        heartbeat.store(heartbeat.Heartbeat(application.clock() + ahead, None, 0, 0))


@contextmanager
def statements(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Collect the SQL statements of the block."""
    found: list[str] = []
    with caplog.at_level(logging.DEBUG, "peewee"):
        caplog.clear()
        yield found
        found += [str(record.msg) for record in caplog.records if record.name == "peewee"]


def of_one_request(application: Application, path: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the statements of one request, without any cache."""
    application.clock.forward(seconds=2)
    with statements(caplog) as found:
        assert application.app.test_client().get(path).status_code == 200
    return found


def test_the_number_of_statements_is_the_same_for_many_zones(
    application: Application, me: Bearer, caplog: pytest.LogCaptureFixture
) -> None:
    zone = me.zone("first.example")
    few = {path: len(of_one_request(application, path, caplog)) for path in ("/readyz", "/metrics")}
    assert 0 < few["/readyz"] <= 10 and 0 < few["/metrics"] <= 15
    with application.store.connection():
        like = zones.get_any(UUID(zone["uuid"]))
        add_zones(application.store, like, (f"z{number}.example" for number in range(ZONES)))
        make_all_live(application.store, (NS1, NS2))
    assert {path: len(of_one_request(application, path, caplog)) for path in few} == few
    with closing(sqlite.connect(application.settings.store.path)) as database, database:
        database.execute("update observation set state = 'unreachable' where nameserver = ?", (NS2,))
        database.execute("update deployment set live_serial = null")
    assert {path: len(of_one_request(application, path, caplog)) for path in few} == few


def test_a_second_request_within_a_second_reads_nothing(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    assert of_one_request(application, "/readyz", caplog)
    with statements(caplog) as again:
        assert application.app.test_client().get("/readyz").get_json() == {"status": "ready", "degraded": []}
    assert again == []


def test_readyz_neither_writes_nor_waits_for_a_lock(application: Application) -> None:
    with closing(sqlite.connect(application.settings.store.path)) as holder:
        holder.execute("begin immediate")
        assert application.app.test_client().get("/readyz").status_code == 200
        holder.execute("rollback")


def test_a_failed_write_counts_until_one_succeeds_or_ten_seconds_later(application: Application, me: Bearer) -> None:
    web = application.app.test_client()
    me("GET", "/dns-zones/")
    for ended_by_a_write in (True, False):
        with closing(sqlite.connect(application.settings.store.path)) as holder:
            holder.execute("begin immediate")
            assert me("POST", "/dns-zones/", {"domain": "refused.example"}).status_code == 503
            refused = web.get("/readyz")
            assert is_error(refused, 503, "unavailable") and refused.headers["Retry-After"]
            holder.execute("rollback")
        if ended_by_a_write:
            me.zone("accepted.example")
        else:
            application.clock.forward(seconds=11)
            beat(application)
        assert web.get("/readyz").status_code == 200


@pytest.mark.parametrize(("ahead", "status"), [(-11, 503), (-10, 200), (0, 200), (10, 200), (11, 503)])
def test_a_heartbeat_far_from_now_does_not_count(application: Application, ahead: int, status: int) -> None:
    beat(application, timedelta(seconds=ahead))
    assert application.app.test_client().get("/readyz").status_code == status
