"""The problems of the service: one rule for a silent deployer, each zone once, and the exit status for scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.name
import pytest

from appliance.doctor import answers
from appliance.doctor.result import DoctorContext, Verdict
from appliance.problems import deployer_problem, find_problems
from appliance.settings import Settings, StoreSettings
from appliance.store import faults, heartbeat, signing, signing_summary, unknown_zones, update_listener
from appliance.store.file.space import Space
from appliance.store.update_listener import UpdateListener
from appliance.zones.deployment import NameserverState, Observation
from appliance.zones.signing import ServedSigning, Timing
from tests.deployed import store_attempt, store_live, store_observations
from tests.signing import at_parent, key, signed
from tests.workspace import Workspace

UNKNOWN = [f"unknown{number}.example" for number in range(50)]


def beat(workspace: Workspace, seconds: float) -> None:
    """Store a heartbeat of the deployer, that many seconds from the workspace's time."""
    heartbeat.store(heartbeat.Heartbeat(workspace.clock() + timedelta(seconds=seconds), None, 0, 0))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3600, "has not reported for 3600 s"),
        (-11, "has not reported for 11 s"),
        (-10, None),
        (10, None),
        (11, "11 s ahead of this clock"),
        (86400, "86400 s ahead of this clock"),
    ],
)
def test_a_deployer_whose_heartbeat_is_not_of_now_is_a_problem(
    workspace: Workspace, seconds: int, text: str | None
) -> None:
    beat(workspace, seconds)
    problem = deployer_problem(workspace.clock())
    assert (problem is None) if text is None else (problem is not None and text in problem.text)
    assert find_problems((), workspace.clock()) == ([problem] if problem else [])


@pytest.mark.parametrize("seconds", [-3600, 0, 3600])
def test_the_doctor_has_the_same_rule(workspace: Workspace, seconds: int) -> None:
    beat(workspace, seconds)
    settings = replace(Settings(), store=StoreSettings(workspace.store.path))
    (result,) = answers.deployer(DoctorContext(settings, workspace.clock))
    problem = deployer_problem(workspace.clock())
    assert result.verdict is (Verdict.FAIL if problem else Verdict.OK)
    assert problem is None or (result.what, result.repair) == (problem.text, problem.remedy)


def test_a_deployer_that_has_never_run_is_a_problem(workspace: Workspace) -> None:
    problem = deployer_problem(workspace.clock())
    assert problem and "has never run" in problem.text


def status(workspace: Workspace, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `dns-appliance status` with that store."""
    (folder / "config.toml").write_text(f'[store]\npath = "{workspace.store.path}"\n')
    argv = (sys.executable, "-m", "appliance", "status", "--config", str(folder / "config.toml"))
    return subprocess.run(argv, env=os.environ, capture_output=True, text=True, check=False, timeout=60)


def test_status_fails_on_any_problem_and_names_each_zone_once(workspace: Workspace, tmp_path: Path) -> None:
    workspace.clock.now = datetime.now(UTC)
    beat(workspace, 0)
    assert status(workspace, tmp_path).returncode == 0
    found = [(f"{place}-{domain}", dns.name.from_text(domain)) for domain in UNKNOWN for place in ("file", "former")]
    unknown_zones.store(found, workspace.clock())
    beat(workspace, 0)
    done = status(workspace, tmp_path)
    assert done.returncode == 1
    assert [done.stderr.count(f"zone {domain} is served") for domain in UNKNOWN] == [1] * len(UNKNOWN)


def test_the_doctor_reports_every_problem(workspace: Workspace) -> None:
    beat(workspace, 0)
    zone = workspace.zone()
    with workspace.store.writing():
        store_attempt(zone.uuid, zone.serial, "reload: refused")
        faults.store([faults.Fault("update key of ns1", "ns1 refuses the update key", "reload")], workspace.clock())
    workspace.clock.forward(seconds=61)
    beat(workspace, 0)
    settings = replace(Settings(), store=StoreSettings(workspace.store.path))
    results = list(answers.problems(DoctorContext(settings, workspace.clock)))
    expected = find_problems((), workspace.clock())
    assert len(expected) == 2
    assert [(one.what, one.repair) for one in results] == [(one.text, one.remedy) for one in expected]
    assert {one.verdict for one in results} == {Verdict.FAIL}


def test_a_listener_for_updates_that_fell_silent_is_a_problem(workspace: Workspace) -> None:
    beat(workspace, 0)
    for silent, found in ((60, []), (61, ["the listener for DNS UPDATE has not reported for 61 s"])):
        update_listener.store(UpdateListener(workspace.clock() - timedelta(seconds=silent), {}))
        assert [one.text for one in find_problems((), workspace.clock())] == found
    update_listener.forget()
    assert find_problems((), workspace.clock()) == []


def test_a_full_disk_is_named_in_place_of_the_silent_deployer(workspace: Workspace) -> None:
    beat(workspace, -3600)
    (full,) = find_problems((), workspace.clock(), Space(0, 0, free=0))
    assert (full.kind, full.text) == ("store", "the disk of the database is full")
    assert [one.kind for one in find_problems((), workspace.clock(), Space(0, 0, free=1 << 40))] == ["deployer"]


def test_zones_that_were_just_created_are_waiting_and_no_problem(workspace: Workspace) -> None:
    beat(workspace, 0)
    zone = workspace.zone()
    with workspace.store.writing():
        store_observations(zone.uuid, [Observation("ns1", None, NameserverState.LAGGING, workspace.clock())])
    assert find_problems(("ns1",), workspace.clock()) == []
    workspace.clock.forward(seconds=11)
    beat(workspace, 0)
    texts = [(problem.text, problem.remedy) for problem in find_problems(("ns1",), workspace.clock())]
    assert texts[0][0] == "nameserver ns1 is lagging for 1 zone"
    assert "transfer" not in texts[0][1]


def test_problems_of_dnssec_are_reported_with_what_to_do(workspace: Workspace) -> None:
    beat(workspace, 0)
    now = workspace.clock()
    with workspace.store.writing():
        for number, domain in enumerate(("one.example", "two.example")):
            zone = workspace.zone(domain)
            zone = workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
            other = replace(at_parent(zone.name, key(1 - number)), problem="silent")
            store_live(zone.uuid, zone.serial, now)
            own = key(number, Timing.OMNIPRESENT)
            signing.store_keys(zone.uuid, [own])
            signing.store_served(zone.uuid, {"ns2": ServedSigning(1, now + timedelta(days=9))}, now)
            known = replace(signed(own, parent=other), lacks_keys=True, is_stuck=True)
            signing_summary.store(zone, known, now)
    found = find_problems(("ns1", "ns2"), now)
    one_by_one = ("keys-missing", "stuck", "ds-mismatch")
    expected = [(kind, domain) for domain in ("one.example", "two.example") for kind in one_by_one]
    expected += [("key-not-backed-up", "zones"), ("parent-unknown", "zones"), ("signatures-old", "ns2")]
    assert [(one.kind, one.subject) for one in found] == expected
    assert (
        found[0].text
        == "DNSSEC key files of zone one.example are missing: it stays served, but its changes are not published"
    )
    assert "dns-appliance zone dnssec one.example" in found[2].remedy
    assert [one.text.partition(", such as one.example")[0] for one in found[6:]] == [
        "no backup has the DNSSEC keys of 2 zones",
        "the parent could not be queried for the DS of 2 zones",
        "DNSSEC signatures of 2 zones",
    ]
    assert found[-1].text.endswith(" at ns2 expire within 10 days")
    with workspace.store.writing():
        signing.mark_backed_up([key(1).public_key], now)
    assert "of zone one.example, whose" in find_problems((), now)[6].text
