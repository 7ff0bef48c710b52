"""What clients of the API see while named, the deployer or the store fails."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from appliance.store.file import sqlite
from tests.appliance import START_SECONDS, Appliance, Client
from tests.kills import kill, not_restarted
from tests.pair import LOOPBACK, wait_for
from tests.volumes import fill, needs_root, remount, small_volume

NAMED = ("ns1/named.conf", "ns2/named.conf")
DEPLOYER, SERVE, UPDATES = "appliance deployer", "appliance serve", "appliance updates"
ADDRESS = b"\xc0\0\2\1"


def is_served(appliance: Appliance, name: str) -> bool:
    """Return True if both nameservers answer with ADDRESS."""
    return all(appliance.answer(name, "A", server)[1] == {ADDRESS} for server in (1, 2))


def is_unavailable(answer: requests.Response) -> bool:
    """Return True if the response is a 503 with Retry-After and the error code `unavailable`."""
    return (
        answer.status_code == 503 and answer.json()["error_code"] == "unavailable" and "Retry-After" in answer.headers
    )


def status_of(api: Client, method: str = "GET", path: str = "/dns-zones/", body: Any = None) -> int | None:  # noqa: ANN401 - JSON
    """Return the status of the response, None if the connection fails."""
    try:
        return api(method, path, body).status_code
    except requests.ConnectionError:
        return None


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that the user of named can enter."""
    folder = Path(tempfile.mkdtemp(prefix="story-"))
    yield folder
    shutil.rmtree(folder)


def exported(api: Client, path: str) -> str:
    """Return the zone file without the record that expires soon."""
    return "".join(line for line in api("GET", path).text.splitlines(True) if not line.startswith("soon."))


def test_a_request_whose_response_was_lost_is_repeated_and_done_once(appliance: Appliance, api: Client) -> None:
    zone = api.zone("lost-response.example")
    path = f"/dns-zones/{zone['uuid']}/"
    many = [{"action": "create", "record_type": "A", "name": f"m{at}", "value": "192.0.2.1"} for at in range(200)]
    sent = {"changes": many, "confirm_within": 600}

    def send() -> requests.Response:
        return api("POST", f"{path}changes/", sent, {"Idempotency-Key": "k", "Prefer": "wait=60"})

    def versions() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = api.expect(200, "GET", f"{path}versions/")
        return found

    with ThreadPoolExecutor() as pool, appliance.without(DEPLOYER):
        lost = pool.submit(send)
        wait_for(lambda: len(versions()) == 2, "the changes are stored, and their response waits for the deployer")
        kill(appliance, SERVE)
        assert isinstance(lost.exception(), requests.ConnectionError)
    wait_for(lambda: status_of(api) == 200, "the API answers again", START_SECONDS)
    again = send()
    assert again.headers["Idempotency-Replayed"] == "true" and len(again.json()["added"]) == 200
    assert [one["change_id"] for one in versions()] == [again.json()["change_id"], versions()[1]["change_id"]]
    wait_for(lambda: is_served(appliance, "m199.lost-response.example"), "they are served")


@pytest.mark.parametrize(
    ("domain", "dead"),
    [
        ("nameservers.example", NAMED),
        ("secondary.example", NAMED[1:]),
        ("deployer.example", (DEPLOYER,)),
        ("all-of-them.example", (*NAMED, DEPLOYER)),
    ],
)
def test_clients_see_only_the_deployment_state(
    appliance: Appliance, api: Client, domain: str, dead: tuple[str, ...]
) -> None:
    zone = api.zone(domain)
    api.wait_until_live(zone)
    path = f"/dns-zones/{zone['uuid']}/"
    with appliance.without(*dead):
        record = api.record(zone, "A", "www", "192.0.2.9")
        api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.1"})
        waited = api(
            "POST", f"{path}records/", {"record_type": "A", "name": "x", "value": "192.0.2.1"}, {"Prefer": "wait=1"}
        )
        assert (waited.status_code, waited.headers["X-Deployment"]) == (201, "pending")
        other = api.zone(f"new.{zone['domain']}")
        api.expect(204, "DELETE", f"/dns-zones/{other['uuid']}/")
        shown = api.expect(200, "GET", path)
        assert shown["record_count"] == 2
        assert shown["deployment"]["state"] != "live"
        assert len(api.expect(200, "GET", f"{path}records/")) == 2
    api.wait_until_live(zone)
    assert is_served(appliance, f"www.{zone['domain']}")


def test_a_hundred_waiting_requests_block_no_other(appliance: Appliance, api: Client) -> None:
    zone = api.zone("waiting.example")
    api.wait_until_live(zone)
    token = appliance.token("waiting@example.org", "dns:list")
    url = f"http://{LOOPBACK}:{appliance.ports.api}/api/v1/dns-zones/"
    with ThreadPoolExecutor(100) as threads:
        with appliance.without(NAMED[1]):

            def write(number: int) -> requests.Response:
                body = {"record_type": "A", "name": f"h{number}", "value": "192.0.2.1"}
                return api("POST", f"/dns-zones/{zone['uuid']}/records/", body, {"Prefer": "wait=60"})

            writes = [threads.submit(write, number) for number in range(100)]
            for count in (0, 80):  # first all are sent; then only those that may wait have no response
                wait_for(lambda count=count: sum(write.done() for write in writes) >= count, f"{count} have answers")  # type: ignore[misc]
                other = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=20)
                assert other.json() == []
        answers = [write.result() for write in writes]
    assert {answer.status_code for answer in answers} == {201}
    api.wait_until_live(zone)


def test_a_store_that_disappears_stops_no_nameserver(state: Path) -> None:
    with Appliance(state) as own:
        api = own.client(own.token("gone@example.org"))
        zone = api.zone("gone.example")
        api.record(zone, "A", "@", "192.0.2.1")
        api.wait_until_live(zone)
        store = state / "store" / "store.sqlite3"
        with closing(sqlite.connect(store)) as connection:
            connection.execute("vacuum into ?", (str(state / "backup"),))
        for file in store.parent.glob("store.sqlite3*"):
            file.unlink()
        assert is_unavailable(api("GET", "/dns-zones/"))
        assert is_unavailable(api("POST", "/dns-zones/", {"domain": "other.example"}))
        wait_for(lambda: "event=store-failed" in own.log("deployer"), "the deployer logs it")
        kill(own, SERVE, DEPLOYER)
        wait_for(lambda: status_of(api) == 503, "a new process creates no store either")
        assert not store.exists()
        assert is_served(own, "gone.example")
        shutil.copy(state / "backup", store)
        wait_for(lambda: status_of(api) == 200, "the restored store is read")
        api.record(zone, "A", "after", "192.0.2.1")
        api.wait_until_live(zone)
        assert is_served(own, "after.gone.example")


def test_a_replaced_store_is_refused_by_running_processes_and_used_by_new_ones(state: Path) -> None:
    with Appliance(state) as own:
        api = own.client(own.token("replaced@example.org"))
        zone = api.zone("replaced.example")
        api.record(zone, "A", "@", "192.0.2.1")
        api.wait_until_live(zone)
        store = state / "store" / "store.sqlite3"
        with closing(sqlite.connect(store)) as connection:
            connection.execute("vacuum into ?", (str(state / "store" / "new"),))
        api.record(zone, "A", "lost", "192.0.2.1")
        api.wait_until_live(zone)
        for log in store.parent.glob("store.sqlite3-*"):
            log.unlink()
        (state / "store" / "new").replace(store)
        path = f"/dns-zones/{zone['uuid']}/records/"
        for answer in (api("GET", path), api("POST", "/dns-zones/", {"domain": "other.example"})):
            assert is_unavailable(answer)
            assert "was replaced while in use" in answer.json()["detail"]
        wait_for(lambda: "was replaced while in use" in own.log("deployer"), "the deployer refuses it too")
        assert is_served(own, "lost.replaced.example")
        kill(own, SERVE, DEPLOYER)
        wait_for(lambda: status_of(api) == 200, "new processes read it")
        assert [record["name"] for record in api.expect(200, "GET", path)] == ["@"]
        wait_for(lambda: "event=serial-raised" in own.log("deployer"), "the serial is raised above the served one")
        api.record(zone, "A", "after", "192.0.2.1")
        wait_for(lambda: is_served(own, "after.replaced.example"), "the deployer serves what comes after")


def test_a_damaged_store_is_found_at_the_start(state: Path) -> None:
    with Appliance(state) as own:
        api = own.client(own.token("damaged@example.org"))
        zone = api.zone("damaged.example")
        api.record(zone, "A", "@", "192.0.2.1")
        api.wait_until_live(zone)
        store = state / "store" / "store.sqlite3"
        with not_restarted(own, DEPLOYER, SERVE):
            with closing(sqlite.connect(store)) as connection:
                connection.execute("pragma wal_checkpoint(truncate)")
            intact = store.read_bytes()
            with store.open("r+b") as file:
                file.seek(4096)
                file.write(os.urandom(4096))
        wait_for(lambda: status_of(api) == 503, "the API refuses")
        assert "damaged" in api("GET", "/dns-zones/").json()["detail"]
        wait_for(lambda: "it is damaged" in own.log("deployer"), "the deployer refuses to start")
        assert is_served(own, "damaged.example")
        for log in store.parent.glob("store.sqlite3-*"):
            log.unlink()
        store.write_bytes(intact)
        api.record(zone, "A", "after", "192.0.2.1")
        wait_for(lambda: is_served(own, "after.damaged.example"), "new changes are served")


@needs_root
def test_a_full_store_loses_nothing(state: Path) -> None:
    state.chmod(0o755)
    with small_volume(state / "store", 4096) as volume, Appliance(state) as own:
        api = own.client(own.token("full@example.org"))
        zone = api.zone("full.example")
        api.record(zone, "A", "@", "192.0.2.1")
        api.record(zone, "A", "undone", "192.0.2.1")
        versions = f"/dns-zones/{zone['uuid']}/versions/"
        undo = f"{versions}{api.expect(200, 'GET', versions)[0]['serial']}/undo/"
        soon = (datetime.now(UTC) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
        deleted = api.zone("deleted.example")
        api.expect(204, "DELETE", f"/dns-zones/{deleted['uuid']}/")
        api.wait_until_live(zone)
        api.record(zone, "A", "soon", "192.0.2.1", expires_at=soon)
        filler = fill(volume)
        path = f"/dns-zones/{zone['uuid']}/records/"
        acknowledged, refused = {"@", "undone"}, 0
        while refused < 50:
            body = {"record_type": "TXT", "name": f"h{len(acknowledged)}", "value": "x" * 1000}
            answer = api("POST", path, body)
            if answer.status_code == 201:
                acknowledged.add(body["name"])
            else:
                assert is_unavailable(answer), answer.text
                refused += 1
        many = [{"action": "create", "record_type": "A", "name": f"m{at}", "value": "192.0.2.1"} for at in range(1000)]
        calls: dict[str, Any] = {
            f"/dns-zones/{zone['uuid']}/changes/": {"changes": many},
            undo: None,
            f"/dns-zones/{deleted['uuid']}/restore/": None,
        }
        for call, body in calls.items():
            assert is_unavailable(api("POST", call, body, {"Idempotency-Key": "k"})), call
        zone_file = f"/dns-zones/{zone['uuid']}/zonefile/"
        new = "".join(f"f{at} A 192.0.2.1\n" for at in range(1000))
        assert is_unavailable(api("PUT", zone_file, exported(api, zone_file) + new))
        assert {record["name"] for record in api.expect(200, "GET", path)} - {"soon"} == acknowledged
        assert is_served(own, "full.example")
        filler.unlink()
        for call, body in calls.items():
            first, again = (api("POST", call, body, {"Idempotency-Key": "k"}) for _ in range(2))
            assert (first.status_code, again.status_code) == (200, 200) and first.json() == again.json(), first.text
            assert "Idempotency-Replayed" in again.headers and "Idempotency-Replayed" not in first.headers
        assert len(api.expect(200, "PUT", zone_file, exported(api, zone_file) + new)["added"]) == 1000
        api.record(zone, "A", "after", "192.0.2.1")
        wait_for(lambda: is_served(own, "after.full.example"), "what comes after is served", 60)
        wait_for(lambda: not own.answer("soon.full.example", "A", 1)[1], "what expired is gone", 60)


@needs_root
def test_a_read_only_store_is_read(state: Path) -> None:
    state.chmod(0o755)
    with small_volume(state / "store", 4096) as volume, Appliance(state) as own:
        api = own.client(own.token("readonly@example.org"))
        zone = api.zone("readonly.example")
        api.record(zone, "A", "@", "192.0.2.1")
        api.wait_until_live(zone)
        with not_restarted(own, SERVE, DEPLOYER, UPDATES):  # the system refuses while a file is open for writing
            wait_for(lambda: remount(volume, "ro"), "the volume is read-only")
        wait_for(lambda: status_of(api) == 200, "reads go on", START_SECONDS)
        assert is_unavailable(api("POST", "/dns-zones/", {"domain": "other.example"}))
        wait_for(lambda: "Read-only file system" in own.log("deployer"), "the deployer says why it does not start")
        assert is_served(own, "readonly.example")
        assert remount(volume, "rw")
        domains = ({"domain": f"other{number}.example"} for number in count())  # an answer that is lost had created one
        wait_for(lambda: status_of(api, "POST", "/dns-zones/", next(domains)) == 201, "writes go on", START_SECONDS)
        api.record(zone, "A", "after", "192.0.2.1")
        wait_for(lambda: is_served(own, "after.readonly.example"), "what comes after is served", 60)
        assert "Traceback" not in own.log("deployer") + own.log("serve")
