"""The deployer under strace: killed at its 1st, 2nd, ... call of each kind until a run ends untouched; then each fails.

After each: both nameservers serve nothing but committed versions, the live files are whole, a primary that is killed
and started again serves the last good zones, and a plain run makes everything live and leaves no staged file.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from tests.soak import backups
from tests.soak.fault_points import ERRORS, Point, Swept, complaints, sweep_point
from tests.soak.part_run import PartRun
from tests.soak.testbed import Testbed, open_ground

ON_FILES = ("openat", "write", "fsync", "rename", "link", "unlink", "fchmod", "close", "read")
ON_STORE = ("openat", "pwrite64", "pread64", "ftruncate", "fdatasync", "close")
ANYWHERE = ("write", "sendto", "recvfrom", "connect", "socket", "epoll_wait", "vfork", "wait4", "flock", "ftruncate")
FAILING_ON_FILES = ("openat", "write", "fsync", "rename", "link", "unlink", "fchmod", "close")
FAILING_ON_STORE = ("openat", "pwrite64", "pread64", "ftruncate", "fdatasync", "close")
WORKERS = 4
"""More than processors: a run waits for disks and nameservers now and then."""
MOST_ROUNDS = 50
"""Of one testbed: its store grows by each, and with it the calls of a run, so that a sweep would never end."""
MENDED = ((Point("openat", "store", "EIO"), 2), (Point("pwrite64", "store", "ENOSPC"), 10))
"""Calls whose one failure once kept the deployer from its work until it was started again."""


def groups() -> list[list[Point]]:
    """Every kind of call, to be killed at, to fail once, and to fail from then on; those of a group share a testbed."""
    kills = [(call, "files") for call in ON_FILES] + [(call, "store") for call in ON_STORE]
    kills += [(call, "anywhere") for call in ANYWHERE]
    failing = [(call, "files") for call in FAILING_ON_FILES] + [(call, "store") for call in FAILING_ON_STORE]
    return [
        *([Point(call, where)] for call, where in kills),
        *([Point(call, where, error, lasting=True)] for call, where in reversed(failing) for error in _errors(call)),
        *([Point(call, where, error) for error in _errors(call)] for call, where in failing),
    ]


def _errors(call: str) -> Sequence[str]:
    """What it may fail with: reading knows nothing of full and read-only disks."""
    return ("EIO",) if call == "pread64" else ERRORS


def run(part: PartRun) -> None:
    """All of it, as far as the time allows, on a few grounds at a time."""
    touched: Counter[str] = Counter()
    unfinished = []
    with ProcessPoolExecutor(WORKERS) as workers:
        ends = time.monotonic() + part.left
        jobs = [workers.submit(sweep, points, ends) for points in groups()]
        jobs += [workers.submit(backups.sweep, points, ends) for points in backups.points()]
        for swept in (swept for job in as_completed(jobs) for swept in job.result()):
            touched[swept.point.kind] += swept.touched
            part.say(f"{swept.point!s:40} {swept.touched:4} runs touched")
            if not swept.ended:
                unfinished.append(str(swept.point))
            for violation in swept.violations:
                part.wrong(violation)
    part.figure(", ".join(f"{count:,} {kind}" for kind, count in touched.items()))
    if unfinished:
        part.short(f"{len(unfinished)} kinds of fault were not swept to the end: {', '.join(unfinished[:5])}, ...")


def sample(part: PartRun, kills: int, failures: int) -> None:
    """A few of the points, on one testbed; those that once did harm are always among them."""
    points = [point for group in groups() for point in group]
    killing = [point for point in points if point.error is None]
    failing = [point for point in points if point.error is not None]
    chosen = [*part.random.sample(killing, kills), *part.random.sample(failing, failures)]
    with open_ground() as testbed:
        for point, number in (*MENDED, *((point, part.random.randint(1, 4)) for point in chosen)):
            for violation in _try(testbed, point, number)[1]:
                part.wrong(violation)


def sweep(points: Sequence[Point], ends: float) -> list[Swept]:
    """Some kinds of call, on a testbed of their own, unless the time is over."""
    if time.monotonic() > ends:
        return [Swept(point) for point in points]
    with ExitStack() as stack:
        testbed = stack.enter_context(open_ground())

        def attempt(point: Point, number: int) -> tuple[bool, list[str]]:
            nonlocal testbed
            if testbed.rounds >= MOST_ROUNDS:
                stack.close()
                testbed = stack.enter_context(open_ground())
            return _try(testbed, point, number)

        return [sweep_point(point, ends, attempt) for point in points]


def _try(testbed: Testbed, point: Point, number: int) -> tuple[bool, list[str]]:
    """One round with the fault at this call; whether it was met, and what was wrong."""
    testbed.change()
    run = testbed.deploy((*point.strace(number), *_paths(testbed, point.where)), lasting=point.lasting)
    wrong = [*complaints(point, run), *testbed.faults()]
    if point.error is None:
        wrong += [*testbed.restart_primary(), *testbed.faults()]
    healed = testbed.deploy()
    if healed.status != 0:
        wrong.append(f"the next run ended {healed.status}: {healed.said[-600:]}")
    wrong += testbed.faults_after_healing()
    return point.is_met(number, run.trace), [f"{point}, call {number}: {text}" for text in wrong]


def _paths(testbed: Testbed, where: str) -> Iterator[str]:
    """The options that limit strace to the files of that place."""
    store = testbed.workspace.store.path
    places: list[Path] = []
    if where == "store":
        places = [store, Path(f"{store}-wal"), Path(f"{store}-shm")]
    elif where == "files":
        zones = (*testbed.zones, *testbed.gone)
        suffixes = (".zone", ".zone.jnl", ".staged", ".former")
        places = [
            testbed.pair.zones,
            *(testbed.pair.zones / f"{zone.uuid}{suffix}" for zone in zones for suffix in suffixes),
        ]
    for place in places:
        yield from ("-P", str(place))
