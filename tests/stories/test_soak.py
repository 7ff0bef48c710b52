"""The short forms of the parts of `make soak`."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.keys import new_key
from tests.pair import wait_for
from tests.soak import backups, comparison, fuzz, named_kills, signing, storm, sweep, transitions, zones
from tests.soak.fault_points import Point
from tests.soak.journal import Journal
from tests.soak.parsers import PARSERS
from tests.soak.part_run import PartRun
from tests.soak.watchers import Watcher
from tests.soak.writers import Acknowledged

TIMEOUT = 100.0
MIN_PROCESSES = {"doors": 6, "storm": 6, "sweep": 10, "zones": 4, "transitions": 4, "kills": 3, "signing": 3, "fuzz": 3}
"""Minimum number of processes of a running part, including itself."""


@pytest.fixture
def part(request: pytest.FixtureRequest) -> PartRun:
    """A run with a random seed, which is printed."""
    part = PartRun(request.node.name.removeprefix("test_").split("[")[0], secrets.randbelow(10**6), TIMEOUT)
    part.say(f"seed {part.seed}")
    return part


def test_storm(part: PartRun) -> None:
    storm.run(part, changes=100, pause=2.0, records=200, claims=1, signed=1)
    assert not part.violations


@pytest.mark.timeout(240)  # a dozen runs of the deployer under strace
def test_sweep(part: PartRun) -> None:
    sweep.sample(part, kills=2, failures=2)
    assert not part.violations


@pytest.mark.parametrize("points", backups.points(), ids=lambda points: str(points[0]))
def test_backup_and_restore(part: PartRun, points: list[Point]) -> None:
    with backups.open_backup_folder(points[0].where) as folder:
        for point in part.random.sample(points, 2):
            assert not folder.attempt(point, part.random.randint(1, 4))[1]


def test_zones(part: PartRun) -> None:
    assert not zones.try_batch(part.seed, 0, 1000).violations


def test_transitions(part: PartRun) -> None:
    steps = transitions.try_transitions(part.seed, 0, 80, rounds=1)
    assert not steps.violations
    assert steps.transitions > 60 and steps.differences and steps.whole


def test_kills(part: PartRun) -> None:
    named_kills.run(part, scale=0.05)
    assert not part.violations


def test_signing(part: PartRun) -> None:
    signing.run(part, rounds=10, cycles=0)
    assert not part.violations


@pytest.mark.parametrize("parser", PARSERS)
def test_fuzz(part: PartRun, parser: str) -> None:
    assert not fuzz.try_inputs(parser, f"{part.seed}/{parser}", 20_000 // len(PARSERS))[1].broken


@pytest.mark.parametrize(
    ("part", "number"), [*((part, signal.SIGTERM) for part in MIN_PROCESSES), ("sweep", signal.SIGINT)]
)
def test_a_signal_ends_all_processes_of_a_part(part: str, number: signal.Signals) -> None:
    argv = (sys.executable, "-m", "tests.soak", "--only", part, "--minutes", "2")
    with tempfile.TemporaryDirectory(prefix="ended-") as folder:
        Path(folder).chmod(0o755)
        environment = {**os.environ, "TMPDIR": folder}
        with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, start_new_session=True) as soak:
            others: set[Path] = set()
            wait_for(
                lambda: len(_processes_of(folder, others)) >= MIN_PROCESSES[part],
                f"{part} has started its programs",
                TIMEOUT,
            )
            soak.send_signal(number)
            assert soak.wait(15) == 128 + number
        assert not _processes_of(folder)
        assert not list(Path(folder).iterdir())


def _processes_of(folder: str, others: set[Path] | None = None) -> list[bytes]:
    """Return the command lines of processes with this folder in their environment or command line.

    Those without are added to `others`, and not read again: a process has the environment of its parent from the start.
    """
    found, others = [], set() if others is None else others
    for process in {*Path("/proc").glob("[0-9]*")} - others:
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes()
            if folder.encode() in line + (process / "environ").read_bytes():
                found.append(line)
            else:
                others.add(process)
    return found


def test_violations_are_detected(part: PartRun) -> None:
    entry = ("A", "w0-1", "10.0.0.1", None)
    row = comparison.served_row("z.example", entry)
    journal = Journal({("z.example", 7): frozenset({row}), ("z.example", 8): frozenset()})
    assert not comparison.lost_writes(
        journal, [Acknowledged("z.example", 7, entry, True), Acknowledged("z.example", 8, entry, False)]
    )
    assert len(comparison.lost_writes(journal, [Acknowledged("z.example", n, entry, True) for n in (7, 8, 9)])) == 2
    key, server = new_key("transfer"), Nameserver("ns1", Endpoint("127.0.0.1", 53))
    watcher = Watcher(part, server, key, False, ["z.example"], lambda _: "www", _serials={("z.example", 9)})
    watcher.zones = {("z.example", 7, frozenset({row})), ("z.example", 8, frozenset({row}))}
    watcher.rrsets = {("z.example", *row[:2], frozenset({row}))}
    watcher.absent = {("z.example", *row[:2], 7), ("z.example", *row[:2], 8)}
    assert len(watcher.faults(journal)) == 4
    for serial in (7, 8, 7):
        watcher.check_serial("z.example", serial, restarts=0)
    assert len(part.violations) == 1
