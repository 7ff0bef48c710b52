"""Run the deployer under strace, killed at its 1st, 2nd, ... call of each kind, or with that call failing.

After each run both nameservers must serve only committed versions, live files must be intact, a restarted primary must
serve its last zones, and a run without fault must make all zones live and leave no staged file.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from tests.soak import backups
from tests.soak.fault_points import ERRORS, Point, SweepResult, sweep_point, unexpected_ends
from tests.soak.part_run import PartRun
from tests.soak.testbed import RECORDS, Testbed, open_testbed

ON_FILES = ("openat", "write", "fsync", "rename", "link", "unlink", "fchmod", "close", "read")
ON_STORE = ("openat", "pwrite64", "pread64", "ftruncate", "fdatasync", "close")
ANYWHERE = ("write", "sendto", "recvfrom", "connect", "socket", "epoll_wait", "vfork", "wait4", "flock", "ftruncate")
FAILING_ON_FILES = ("openat", "write", "fsync", "rename", "link", "unlink", "fchmod", "close")
FAILING_ON_STORE = ("openat", "pwrite64", "pread64", "ftruncate", "fdatasync", "close")
WORKERS = 4
"""More than processors, since runs also wait for disks and nameservers."""
MAX_ROUNDS = 50
"""Rounds per testbed: its store grows with each, and so do the calls of a run, so that a sweep would never end."""
LARGE_RECORDS = 20_000
LARGE = (
    Point("rename", "files"),
    Point("unlink", "files"),
    Point("fsync", "files"),
    Point("sendto", "anywhere"),
    Point("pwrite64", "store"),
    Point("write", "files", "ENOSPC", lasting=True),
)
"""Faults that are swept with a zone of so many records, too."""
REGRESSIONS = ((Point("openat", "store", "EIO"), 2), (Point("pwrite64", "store", "ENOSPC"), 10))
"""Calls whose single failure once stopped the deployer until it was restarted."""


def groups() -> list[list[Point]]:
    """Return each kind of call with each fault: kill, one failure, permanent failure; a group shares a testbed."""
    kills = [(call, "files") for call in ON_FILES] + [(call, "store") for call in ON_STORE]
    kills += [(call, "anywhere") for call in ANYWHERE]
    failing = [(call, "files") for call in FAILING_ON_FILES] + [(call, "store") for call in FAILING_ON_STORE]
    return [
        *([Point(call, where)] for call, where in kills),
        *([Point(call, where, error, lasting=True)] for call, where in reversed(failing) for error in _errors(call)),
        *([Point(call, where, error) for error in _errors(call)] for call, where in failing),
    ]


def _errors(call: str) -> Sequence[str]:
    """Return the errors of a call: a read does not fail on full or read-only disks."""
    return ("EIO",) if call == "pread64" else ERRORS


def run(part: PartRun) -> None:
    """Sweep all faults within the time of the part, on several testbeds at once."""
    faulted: Counter[str] = Counter()
    unfinished = []
    with ProcessPoolExecutor(WORKERS) as workers:
        deadline = time.monotonic() + part.left
        size = f" with {LARGE_RECORDS:,} records"
        jobs = {workers.submit(sweep, [point], deadline, LARGE_RECORDS): size for point in LARGE}
        jobs |= {workers.submit(sweep, points, deadline): "" for points in groups()}
        jobs |= {workers.submit(backups.sweep, points, deadline): "" for points in backups.points()}
        for job in as_completed(jobs):
            for result in job.result():
                point = f"{result.point}{jobs[job]}"
                faulted[f"{result.point.kind}{jobs[job]}"] += result.faulted
                part.say(f"{point:60} {result.faulted:4} runs with a fault")
                if not result.finished:
                    unfinished.append(point)
                for violation in result.violations:
                    part.wrong(violation)
    part.figure(", ".join(f"{count:,} {kind}" for kind, count in faulted.items()))
    if unfinished:
        part.short(f"{len(unfinished)} kinds of fault are incomplete: {', '.join(unfinished[:5])}, ...")


def sample(part: PartRun, kills: int, failures: int) -> None:
    """Test a random sample of the faults on one testbed, and always the regressions."""
    points = [point for group in groups() for point in group]
    killing = [point for point in points if point.error is None]
    failing = [point for point in points if point.error is not None]
    chosen = [*part.random.sample(killing, kills), *part.random.sample(failing, failures)]
    with open_testbed() as testbed:
        for point, number in (*REGRESSIONS, *((point, part.random.randint(1, 4)) for point in chosen)):
            for violation in _try(testbed, point, number)[1]:
                part.wrong(violation)


def sweep(points: Sequence[Point], deadline: float, records: int = RECORDS) -> list[SweepResult]:
    """Sweep some kinds of call on their own testbed, whose largest zone has that many records, until the deadline."""
    if time.monotonic() > deadline:
        return [SweepResult(point) for point in points]
    with ExitStack() as stack:
        testbed = stack.enter_context(open_testbed(records))

        def attempt(point: Point, number: int) -> tuple[bool, list[str]]:
            nonlocal testbed
            if testbed.rounds >= MAX_ROUNDS:
                stack.close()
                testbed = stack.enter_context(open_testbed(records))
            return _try(testbed, point, number)

        return [sweep_point(point, deadline, attempt) for point in points]


def _try(testbed: Testbed, point: Point, number: int) -> tuple[bool, list[str]]:
    """Run one round with the fault at this call; return whether it was reached, and violations."""
    testbed.change(touch=point.where == "files")
    run = testbed.deploy((*point.strace(number), *_paths(testbed, point.where)), lasting=point.lasting)
    violations = [*unexpected_ends(point, run), *testbed.faults()]
    if point.error is None:
        violations += [*testbed.restart_primary(), *testbed.faults()]
    repaired = testbed.deploy()
    if repaired.status != 0:
        violations.append(f"the next run exited with {repaired.status}: {repaired.output[-600:]}")
    violations += testbed.faults_after_repair()
    return point.is_reached(number, run.trace), [f"{point}, call {number}: {text}" for text in violations]


def _paths(testbed: Testbed, where: str) -> Iterator[str]:
    """Yield the options that limit strace to those files."""
    store = testbed.workspace.store.path
    paths: list[Path] = []
    if where == "store":
        paths = [store, Path(f"{store}-wal"), Path(f"{store}-shm")]
    elif where == "files":
        zones = (*testbed.zones, *testbed.deleted)
        suffixes = (".zone", ".zone.jnl", ".staged", ".refresh", ".former")
        paths = [
            testbed.pair.zones,
            *(testbed.pair.zones / f"{zone.uuid}{suffix}" for zone in zones for suffix in suffixes),
            *(testbed.pair.zones / "keys" / str(zone.uuid) for zone in (testbed.signed, testbed.newest)),
        ]
    for path in paths:
        yield from ("-P", str(path))
