"""The deployer under strace: killed at its 1st, 2nd, ... call of each kind until a run ends untouched; then each fails.

After each: both nameservers serve nothing but committed versions, the live files are whole, a primary that is killed
and started again serves the last good zones, and a plain run makes everything live and leaves no staged file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from tests.pair import program
from tests.soak.course import Course
from tests.soak.ground import HEALING, ONCE, Ground, open_ground

ON_FILES = ("openat", "write", "fsync", "rename", "link", "unlink", "fchmod", "close", "read")
ON_STORE = ("openat", "pwrite64", "pread64", "ftruncate", "fdatasync", "close")
ANYWHERE = ("write", "sendto", "recvfrom", "connect", "socket", "epoll_wait", "vfork", "wait4", "flock", "ftruncate")
FAILING_ON_FILES = ("openat", "write", "fsync", "rename", "link", "unlink", "fchmod", "close")
FAILING_ON_STORE = ("openat", "pwrite64", "pread64", "ftruncate", "fdatasync", "close")
ERRORS = ("EIO", "ENOSPC", "EROFS")
MOST = 200
"""Calls of one kind that are tried at most; a run that waits asks again and again."""
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Point:
    """A call of the deployer, where it is made (zone files, the store, anywhere), and its error (None: killed)."""

    call: str
    where: str
    error: str | None = None

    def __str__(self) -> str:
        return f"{self.call} ({self.where}) {'killed' if self.error is None else self.error}"

    def injection(self, number: int) -> str:
        """As strace takes it: the call of that number, counted for each thread."""
        fault = "signal=KILL" if self.error is None else f"error={self.error}"
        return f"inject={self.call}:{fault}:when={number}"


MENDED = ((Point("openat", "store", "EIO"), 2), (Point("pwrite64", "store", "ENOSPC"), 10))
"""Calls whose one failure once kept the deployer from its work until it was started again."""


@dataclass(slots=True)
class Swept:
    """How many runs were touched, and what was wrong after them; `ended`: the last one ended untouched."""

    point: Point
    touched: int = 0
    ended: bool = False
    violations: list[str] = field(default_factory=list)


def points() -> list[Point]:
    """Every kind of call, to be killed at and to fail."""
    kills = [Point(call, "files") for call in ON_FILES]
    kills += [Point(call, "store") for call in ON_STORE]
    kills += [Point(call, "anywhere") for call in ANYWHERE]
    failures = [Point(call, "files", error) for call in FAILING_ON_FILES for error in ERRORS]
    failures += [Point(call, "store", error) for call in FAILING_ON_STORE for error in ERRORS]
    return kills + failures


def run(course: Course) -> None:
    """All of it, as far as the time allows, on two grounds at a time."""
    kills = failures = 0
    with ProcessPoolExecutor(WORKERS) as workers:
        ends = time.monotonic() + course.left
        jobs = [workers.submit(sweep, point, ends) for point in points()]
        for job in as_completed(jobs):
            swept = job.result()
            kills += swept.touched if swept.point.error is None else 0
            failures += swept.touched if swept.point.error else 0
            course.say(
                f"{swept.point!s:32} {swept.touched:4} runs touched{'' if swept.ended else ', not swept to the end'}"
            )
            for violation in swept.violations:
                course.wrong(violation)
    course.say(f"{kills} kill points, {failures} failures; after each: served, files, restart of named, healed")


def sample(course: Course, kills: int, failures: int) -> None:
    """A few of the points, on one ground; those that once did harm are always among them."""
    killing = [point for point in points() if point.error is None]
    failing = [point for point in points() if point.error is not None]
    chosen = [*course.random.sample(killing, kills), *course.random.sample(failing, failures)]
    with open_ground() as ground:
        for point, number in (*MENDED, *((point, course.random.randint(1, 4)) for point in chosen)):
            for violation in _try(ground, point, number)[1]:
                course.wrong(violation)


def sweep(point: Point, ends: float) -> Swept:
    """One kind of call, from its first to its last; `ends` is when the time is over, in monotonic seconds."""
    swept = Swept(point)
    if time.monotonic() > ends:
        return swept
    with open_ground() as ground:
        for number in range(1, MOST + 1):
            touched, violations = _try(ground, point, number)
            swept.violations += violations
            if not touched:
                swept.ended = True
                break
            swept.touched += 1
            if time.monotonic() > ends:
                break
    return swept


def _try(ground: Ground, point: Point, number: int) -> tuple[bool, list[str]]:
    """One round with the fault at this call; whether it was met, and what was wrong."""
    ground.change()
    touched, complaints = _fault(ground, point, number)
    wrong = [*complaints, *ground.faults()]
    if point.error is None:
        wrong += [*ground.restart_primary(), *ground.faults()]
    healed = ground.heal()
    if healed.returncode != 0:
        wrong.append(f"the next run ended {healed.returncode}: {healed.stderr[-600:]}")
    wrong += ground.faults_after_healing()
    return touched, [f"{point}, call {number}: {text}" for text in wrong]


def _fault(ground: Ground, point: Point, number: int) -> tuple[bool, list[str]]:
    """Run the deployer with the fault; whether it was met, and complaints about how the run ended."""
    trace = ground.folder / "trace"
    argv = (
        *(program("strace"), "-f", "-o", str(trace), "-e", f"trace={point.call}"),
        *(("--seccomp-bpf",) if point.error else ()),  # faster, but signals are not delivered with it
        *("-e", "signal=none", "-e", point.injection(number), *_paths(ground, point.where)),
        *("--", *ONCE, "--config", str(ground.config)),
    )
    with subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        try:
            said = run.communicate(timeout=HEALING)[1]
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            return True, [f"no end within {HEALING:g} s: {run.communicate()[1][-600:]}"]
    traced = trace.read_text(errors="replace")
    assert traced, f"strace may not trace here: {said}"
    if point.error is None:
        return run.returncode == -signal.SIGKILL or "+++ killed by SIGKILL" in traced, []
    return "(INJECTED)" in traced, list(_complaints(run.returncode, said))


def _paths(ground: Ground, where: str) -> Iterator[str]:
    """The options that limit strace to the files of that place."""
    store = ground.desk.store.path
    places: list[Path] = []
    if where == "store":
        places = [store, Path(f"{store}-wal"), Path(f"{store}-shm")]
    elif where == "files":
        zones = (*ground.zones, *ground.gone)
        suffixes = (".zone", ".zone.jnl", ".staged", ".former")
        places = [
            ground.pair.zones,
            *(ground.pair.zones / f"{zone.uuid}{suffix}" for zone in zones for suffix in suffixes),
        ]
    for place in places:
        yield from ("-P", str(place))


def _complaints(status: int, said: str) -> Iterator[str]:
    """A run may fail by an error that it tells of, and not by one that nobody thought of."""
    if status not in (0, 1):
        yield f"it ended {status}: {said[-600:]}"
    _, traceback, after = said.rpartition("Traceback (most recent call last)")
    if traceback and "event=" not in after:
        yield f"it ended by an error without a name: {said[-600:]}"
