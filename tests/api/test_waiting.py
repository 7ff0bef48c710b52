"""`Prefer: wait=N`, with observations written by another thread, as the deployer writes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from appliance.settings import ApiSettings
from appliance.store import deployments, holds, zones
from appliance.web.deployment_wait import WaitSlots, preferred_wait
from appliance.zones.deployment import DeploymentState, NameserverState, Observation
from appliance.zones.ownership import HoldReason
from tests.api.conftest import NS1, NS2, Application, Bearer
from tests.deployed import store_attempt, store_live, store_observations


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=10", 10),
        ("wait=1", 1),
        ("wait=60", 60),
        ('Wait = "7"', 7),
        ("respond-async, wait=5; x=y", 5),
        ('foo="a, wait=3", wait=4', 4),
        ("wait=5, wait=6", 5),
        ("wait=0", None),
        ("wait=61", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait", None),
        ("wait=", None),
        ("wait=٣", None),
        ("await=5", None),
        ("wait=99999999999999999999", None),
        ("", None),
    ],
)
def test_the_header(header: str, seconds: int | None) -> None:
    assert preferred_wait(header) == seconds


def test_a_very_long_header_is_ignored() -> None:
    assert preferred_wait("wait=5," + '\\"' * 100_000) is None


def _answered(
    application: Application, calls: Callable[[], TestResponse], meanwhile: Callable[[], None]
) -> TestResponse:
    """Return the response to a call that waits while something is written."""
    answers: list[TestResponse] = []
    wait = application.deployment_wait
    thread = threading.Thread(target=lambda: answers.append(calls()))
    thread.start()
    while not wait.watcher.change_count and thread.is_alive():
        thread.join(0.005)
    with application.writing():
        meanwhile()
    thread.join()
    return answers[0]


@pytest.fixture
def zone(me: Bearer) -> dict[str, str]:
    """A zone."""
    return me.zone("example.com")


def _patch(me: Bearer, zone: dict[str, str], wait: str = "wait=30") -> TestResponse:
    return me("PATCH", f"/dns-zones/{zone['uuid']}/", {"comment": "x"}, {"Prefer": wait})


def _seen(
    application: Application, name: str, state: NameserverState, serial: int | None, silent: float = 0
) -> Observation:
    return Observation(name, serial, state, application.clock() - timedelta(seconds=silent))


def test_live(application: Application, me: Bearer, zone: dict[str, str]) -> None:
    uuid, serial = UUID(zone["uuid"]), int(zone["serial"])

    def deploy() -> None:
        store_observations(uuid, [_seen(application, name, NameserverState.LIVE, serial) for name in (NS1, NS2)])
        store_live(uuid, serial, application.clock())

    answer = _answered(application, lambda: _patch(me, zone), deploy)
    assert answer.headers["Preference-Applied"] == "wait=30"
    assert answer.headers["X-Deployment"] == "live"
    deployment = answer.get_json()["deployment"]
    assert (deployment["state"], deployment["live_serial"]) == ("live", serial)
    assert [seen["state"] for seen in deployment["nameservers"]] == ["live", "live"]
    assert me("GET", f"/dns-zones/{zone['uuid']}/deployment/").get_json() == deployment


def test_failed(application: Application, me: Bearer, zone: dict[str, str]) -> None:
    uuid, serial = UUID(zone["uuid"]), int(zone["serial"])
    answer = _answered(application, lambda: _patch(me, zone), lambda: store_attempt(uuid, serial, "check: refused"))
    assert answer.headers["X-Deployment"] == "failed"
    assert answer.get_json()["deployment"]["error"] == "check: refused"


def test_pending_when_time_is_up(me: Bearer, zone: dict[str, str]) -> None:
    answer = _patch(me, zone, "wait=1")
    assert (answer.headers["Preference-Applied"], answer.headers["X-Deployment"]) == ("wait=1", "pending")


def test_a_long_unreachable_nameserver_is_not_waited_for(
    application: Application, me: Bearer, zone: dict[str, str]
) -> None:
    uuid, serial = UUID(zone["uuid"]), int(zone["serial"])

    def deploy() -> None:
        store_observations(uuid, [_seen(application, NS1, NameserverState.LIVE, serial)])
        store_observations(uuid, [_seen(application, NS2, NameserverState.UNREACHABLE, None, silent=11)])
        store_attempt(uuid, serial, None)

    answer = _answered(application, lambda: _patch(me, zone, "wait=60"), deploy)
    assert answer.headers["X-Deployment"] == "pending"


def test_a_recently_unreachable_nameserver_is_waited_for(
    application: Application, me: Bearer, zone: dict[str, str]
) -> None:
    uuid, serial = UUID(zone["uuid"]), int(zone["serial"])
    with application.writing():
        store_observations(uuid, [_seen(application, NS1, NameserverState.LIVE, serial)])
        store_observations(uuid, [_seen(application, NS2, NameserverState.UNREACHABLE, None, silent=5)])

    def answer_again() -> None:
        store_observations(uuid, [_seen(application, NS2, NameserverState.LIVE, serial)])
        store_live(uuid, serial, application.clock())

    answer = _answered(application, lambda: _patch(me, zone), answer_again)
    assert answer.headers["X-Deployment"] == "live"


def test_a_deleted_zone_is_live_when_no_nameserver_serves_it(
    application: Application, me: Bearer, zone: dict[str, str]
) -> None:
    answer = _answered(
        application,
        lambda: me("DELETE", f"/dns-zones/{zone['uuid']}/", headers={"Prefer": "wait=30"}),
        lambda: deployments.store_removed(UUID(zone["uuid"]), application.clock()),
    )
    assert (answer.status_code, answer.headers["X-Deployment"]) == (204, "live")


def test_a_deleted_zone_is_live_when_a_new_zone_has_its_name(
    application: Application, me: Bearer, zone: dict[str, str]
) -> None:
    web = Bearer(application.app.test_client(), me.secret)
    answers: list[TestResponse] = []
    path = f"/dns-zones/{zone['uuid']}/"
    thread = threading.Thread(target=lambda: answers.append(me("DELETE", path, headers={"Prefer": "wait=30"})))
    thread.start()
    while web("GET", path).status_code != 404:
        thread.join(0.005)
    web.zone("example.com")
    thread.join()
    assert answers[0].headers["X-Deployment"] == "live"


def test_a_deleted_zone_that_is_served_is_not_live_because_a_held_zone_has_its_name(
    application: Application, me: Bearer, zone: dict[str, str]
) -> None:
    me("DELETE", f"/dns-zones/{zone['uuid']}/")
    newer, now = UUID(me.zone("example.com")["uuid"]), application.clock()
    with application.writing():
        store_live(UUID(zone["uuid"]), int(zone["serial"]), now)
        holds.insert(newer, "a-token", HoldReason.ALWAYS, now)
        former = zones.get_any(UUID(zone["uuid"]))
    assert application.deployment_wait.current(former)[1] is None, "the wait goes on"
    with application.writing():
        holds.release(zones.get_any(newer))
    assert application.deployment_wait.current(former)[1] == DeploymentState.LIVE


def test_the_creation_of_a_record_waits(application: Application, me: Bearer, zone: dict[str, str]) -> None:
    uuid, serial = UUID(zone["uuid"]), int(zone["serial"])
    body = {"record_type": "A", "name": "@", "value": "192.0.2.1"}
    answer = _answered(
        application,
        lambda: me("POST", f"/dns-zones/{zone['uuid']}/records/", body, {"Prefer": "wait=30"}),
        lambda: store_live(uuid, serial + 1, application.clock()),
    )
    assert (answer.status_code, answer.headers["X-Deployment"]) == (201, "live")
    assert answer.headers["X-Zone-Serial"] == str(serial + 1)


def test_a_request_for_which_no_place_is_free_does_not_wait(application: Application) -> None:
    small = application.configured(ApiSettings(threads=2))
    me, account, slots = (
        small.bearer("me@example.org"),
        small.account("me@example.org").uuid,
        small.deployment_wait.slots,
    )
    assert sum(iter(lambda: slots.take(account), False)) == 16
    slots.give_back(account)
    web = Bearer(small.app.test_client(), me.secret)
    zone = me.zone("example.com")
    uuid, serial = UUID(zone["uuid"]), zone["serial"]

    def meanwhile() -> None:
        answer = _patch(web, zone)
        assert (answer.status_code, "Preference-Applied" in answer.headers) == (200, False)

    answers: list[TestResponse] = []
    thread = threading.Thread(target=lambda: answers.append(_patch(me, zone)))
    thread.start()
    while not small.deployment_wait.watcher.change_count:
        thread.join(0.005)
    meanwhile()
    with small.writing():
        store_live(uuid, serial, small.clock())
    thread.join()
    assert answers[0].headers["X-Deployment"] == "live"
    assert _patch(web, zone).headers["X-Deployment"] == "live"


def test_one_account_takes_half_of_the_waiting_places() -> None:
    slots, me, you = WaitSlots(5), uuid4(), uuid4()
    assert [slots.take(me) for _ in range(3)] == [True, True, False]
    assert [slots.take(you) for _ in range(3)] == [True, True, False]
    assert [slots.take(uuid4()) for _ in range(2)] == [True, False]
    slots.give_back(me)
    assert [slots.take(you), slots.take(me)] == [False, True]
    lone = WaitSlots(1)
    assert [lone.take(me), lone.take(you)] == [True, False]


def test_the_watcher_ends_when_no_request_waits(application: Application, me: Bearer, zone: dict[str, str]) -> None:
    _patch(me, zone, "wait=1")
    while any(thread.name == "watcher" for thread in threading.enumerate()):
        threading.Event().wait(0.005)
    assert _patch(me, zone, "wait=1").headers["X-Deployment"] == "pending"
