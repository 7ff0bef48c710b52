"""`dns-appliance run`: data is kept, children are restarted, and no process remains."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.appliance import PROGRAM, START_SECONDS, Appliance, free_ports
from tests.pair import wait_for

CHILDREN = ("ns1/named.conf", "ns2/named.conf", "appliance deployer", "appliance updates", "appliance serve")


@pytest.fixture
def own() -> Appliance:
    """An appliance for one test, not started."""
    return Appliance()


def test_a_second_start_keeps_everything(own: Appliance) -> None:
    with own:
        first = own.printed.read_text()
        token = own.token("keeper@example.org")
        zone = own.client(token).zone("kept.example")
        own.client(token).wait_until_live(zone)
        own.stop(signal.SIGINT)
        assert own.running_processes() == {}
        own.start()
        assert "vps_" in first
        assert "vps_" not in own.printed.read_text()
        own.client(token).wait_until_live(zone)
        wait_for(
            lambda: all(own.rcode("kept.example", server) == "NOERROR" for server in (1, 2)), "both serve it again"
        )


def test_the_printed_lines_may_be_pasted_twice(appliance: Appliance) -> None:
    lines = [line for line in appliance.printed.read_text().splitlines() if line.startswith("  ")]
    create, dig = (line.strip() for line in lines)
    for repeated in (False, True):
        done = subprocess.run(("bash", "-c", create), capture_output=True, text=True, check=True, timeout=60)
        zone, record, shown = map(json.loads, done.stdout.split("\n")[:3])
        assert [one["name"] for one in shown["records"]] == ["www"]
        assert shown["deployment"]["state"] == "live"
        if repeated:
            assert "already exists" in zone["detail"] and "already exists" in record["detail"]
        answers = subprocess.run(("bash", "-c", dig), capture_output=True, text=True, check=True, timeout=60).stdout
        assert answers == "192.0.2.1\n192.0.2.1\n"


def test_sigterm_ends_all_children_with_status_0(own: Appliance) -> None:
    with own:
        assert all(own.child(words) for words in CHILDREN)
        assert own.stop(signal.SIGTERM) == 0
        assert own.running_processes() == {}


def test_a_crash_leaves_no_orphan(own: Appliance) -> None:
    with own:
        own.stop(signal.SIGKILL)
        wait_for(lambda: own.running_processes() == {}, "the children end with their parent")
        own.start()


@pytest.fixture(scope="module")
def survivor() -> Iterator[Appliance]:
    """An appliance whose children are killed one after another."""
    with Appliance() as running:
        yield running


@pytest.mark.parametrize("words", CHILDREN)
def test_a_child_that_dies_is_restarted(survivor: Appliance, words: str) -> None:
    api = survivor.client(survivor.token("survivor@example.org"))
    zone = api.zone(f"survives-{CHILDREN.index(words)}.example")
    api.wait_until_live(zone)
    before = survivor.child(words)
    assert before
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: survivor.child(words) not in (None, before), f"{words} runs again")
    wait_for(lambda: api_answers(survivor), "the API answers", START_SECONDS)
    record = api.record(zone, "A", "after", "192.0.2.1")
    survivor.wait_until_answered(record["fqdn"], "A", [b"\xc0\0\2\1"])
    api.wait_until_live(zone)


def api_answers(appliance: Appliance) -> bool:
    try:
        return appliance.client(None)("GET", "/openapi.json").ok
    except OSError:
        return False


def test_two_in_one_folder_or_on_one_port_are_refused(appliance: Appliance, tmp_path: Path) -> None:
    port = str(appliance.ports.dns)
    same_folder = appliance.command("run", "--dns-port", str(free_ports().dns), status=1)
    assert f"process {appliance.process and appliance.process.pid} " in same_folder
    refused = Appliance(tmp_path).command("run", "--dns-port", port, "--api", f"127.0.0.1:{free_ports().api}", status=1)
    assert f"port {port} of 127.0.0.1 is in use" in refused


def test_a_refused_start_creates_no_folder(appliance: Appliance, tmp_path: Path) -> None:
    new = tmp_path / "new"
    words = ("run", "--state", str(new), "--dns-port", str(appliance.ports.dns))
    done = subprocess.run((*PROGRAM, *words), capture_output=True, text=True, check=False, timeout=60)
    assert "is in use" in done.stderr
    assert not new.exists()


@pytest.mark.parametrize(("server", "name"), [(1, "ns1"), (2, "ns2"), (3, "DNS UPDATE")])
def test_one_port_for_api_and_nameserver_is_refused(tmp_path: Path, server: int, name: str) -> None:
    port = free_ports().dns
    words = (
        "run",
        "--state",
        str(tmp_path / "new"),
        "--dns-port",
        str(port),
        "--api",
        f"127.0.0.1:{port + server - 1}",
    )
    done = subprocess.run((*PROGRAM, *words), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"--api is 127.0.0.1:{port + server - 1}, and port {port + server - 1} is that of {name} " in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_second_deployer_names_the_first(appliance: Appliance) -> None:
    refused = appliance.command("deployer", "--once", status=1)
    assert f"already running as process {appliance.child('appliance deployer')}" in refused


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops privileges")
def test_named_runs_as_an_ordinary_user(appliance: Appliance) -> None:
    for words in CHILDREN[:2]:
        assert Path(f"/proc/{appliance.child(words)}").stat().st_uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops privileges")
def test_a_closed_folder_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o700)
    (closed / "state").mkdir()
    ports = free_ports()
    refused = Appliance(closed / "state").command(
        "run", "--dns-port", str(ports.dns), "--api", f"127.0.0.1:{ports.api}", status=1
    )
    assert "cannot access" in refused


def test_a_power_failure_loses_nothing(own: Appliance) -> None:
    with own:
        api = own.client(own.token("hard@example.org"))
        zone = api.zone("hard.example")
        for last in range(1, 31):
            api.record(zone, "A", f"h{last}", f"192.0.2.{last}")
        assert own.process
        for pid in (own.process.pid, *own.running_processes()):
            with suppress(ProcessLookupError):  # children end with their parent, and checks of zones by themselves
                os.kill(pid, signal.SIGKILL)
        own.process.wait()
        wait_for(lambda: own.running_processes() == {}, "all processes have ended")
        own.start()
        api.wait_until_live(zone)
        for last in range(1, 31):
            own.wait_until_answered(f"h{last}.hard.example", "A", [bytes((192, 0, 2, last))])
