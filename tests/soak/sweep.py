"""The deployer under strace: killed at its 1st, 2nd, ... call of each kind until a run ends untouched; then each fails.

After each: both nameservers serve nothing but committed versions, the live files are whole, a primary that is killed
and started again serves the last good zones, and a plain run makes everything live and leaves no staged file.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from tests.pair import program
from tests.soak.course import Course
from tests.soak.ground import HEALING, Ground, open_ground

ON_FILES = ("openat", "write", "fsync", "rename", "link", "unlink", "fchmod", "close", "read")
ON_STORE = ("openat", "pwrite64", "pread64", "ftruncate", "fdatasync", "close")
ANYWHERE = ("write", "sendto", "recvfrom", "connect", "socket", "epoll_wait", "vfork", "wait4", "flock", "ftruncate")
FAILING_ON_FILES = ("openat", "write", "fsync", "rename", "link", "unlink", "fchmod", "close")
FAILING_ON_STORE = ("openat", "pwrite64", "pread64", "ftruncate", "fdatasync", "close")
ERRORS = ("EIO", "ENOSPC", "EROFS")
LASTING = 3.0
"""Seconds after which a lasting failure ends when the run has not ended by itself: it goes on and must heal."""
MOST = 200
"""Calls of one kind that are tried at most; a run that waits asks again and again."""
WORKERS = 3
"""More than processors: a run waits for disks and nameservers now and then."""


@dataclass(frozen=True, slots=True)
class Point:
    """A call of the deployer, where it is made (zone files, the store, anywhere), and its error (None: killed).

    `lasting`: every later call of this kind fails as well, as on a disk that stays full.
    """

    call: str
    where: str
    error: str | None = None
    lasting: bool = False

    def __str__(self) -> str:
        fault = "killed" if self.error is None else f"{self.error}{' from then on' if self.lasting else ''}"
        return f"{self.call} ({self.where}) {fault}"

    @property
    def kind(self) -> str:
        """What it counts as."""
        if self.error is None:
            return "kill points"
        return f"failures on {self.where} {'that lasted' if self.lasting else 'that came once'}"

    def injection(self, number: int) -> str:
        """As strace takes it: the call of that number, counted for each thread."""
        fault = "signal=KILL" if self.error is None else f"error={self.error}"
        return f"inject={self.call}:{fault}:when={number}{'+' if self.lasting else ''}"

    def is_met(self, number: int, trace: str) -> bool:
        """True when a thread came as far as the call of that number."""
        calls = Counter(line.split()[0] for line in trace.splitlines() if f" {self.call}(" in line)
        return max(calls.values(), default=0) >= number


MENDED = ((Point("openat", "store", "EIO"), 2), (Point("pwrite64", "store", "ENOSPC"), 10))
"""Calls whose one failure once kept the deployer from its work until it was started again."""


@dataclass(slots=True)
class Swept:
    """How many runs were touched, and what was wrong after them; `ended`: the last one ended untouched."""

    point: Point
    touched: int = 0
    ended: bool = False
    violations: list[str] = field(default_factory=list)


def groups() -> list[list[Point]]:
    """Every kind of call, to be killed at, to fail once, and to fail from then on; those of a group share a ground."""
    kills = [(call, "files") for call in ON_FILES] + [(call, "store") for call in ON_STORE]
    kills += [(call, "anywhere") for call in ANYWHERE]
    failing = [(call, "files") for call in FAILING_ON_FILES] + [(call, "store") for call in FAILING_ON_STORE]
    return [
        *([Point(call, where)] for call, where in kills),
        *([Point(call, where, error) for error in ERRORS] for call, where in failing),
        *([Point(call, where, error, lasting=True) for error in ERRORS] for call, where in failing),
    ]


def run(course: Course) -> None:
    """All of it, as far as the time allows, on a few grounds at a time."""
    touched: Counter[str] = Counter()
    unfinished = []
    with ProcessPoolExecutor(WORKERS) as workers:
        ends = time.monotonic() + course.left
        jobs = [workers.submit(sweep, points, ends) for points in groups()]
        for swept in (swept for job in as_completed(jobs) for swept in job.result()):
            touched[swept.point.kind] += swept.touched
            course.say(f"{swept.point!s:40} {swept.touched:4} runs touched")
            if not swept.ended:
                unfinished.append(str(swept.point))
            for violation in swept.violations:
                course.wrong(violation)
    course.figure(", ".join(f"{count:,} {kind}" for kind, count in touched.items()))
    if unfinished:
        course.short(f"not swept to the end: {', '.join(unfinished)}")


def sample(course: Course, kills: int, failures: int) -> None:
    """A few of the points, on one ground; those that once did harm are always among them."""
    points = [point for group in groups() for point in group]
    killing = [point for point in points if point.error is None]
    failing = [point for point in points if point.error is not None]
    chosen = [*course.random.sample(killing, kills), *course.random.sample(failing, failures)]
    with open_ground() as ground:
        for point, number in (*MENDED, *((point, course.random.randint(1, 4)) for point in chosen)):
            for violation in _try(ground, point, number)[1]:
                course.wrong(violation)


def sweep(points: Sequence[Point], ends: float) -> list[Swept]:
    """Some kinds of call, each from its first to its last; `ends` is when the time is over, in monotonic seconds."""
    if time.monotonic() > ends:
        return [Swept(point) for point in points]
    with open_ground() as ground:
        return [_sweep(ground, point, ends) for point in points]


def _sweep(ground: Ground, point: Point, ends: float) -> Swept:
    swept = Swept(point)
    while not swept.ended and time.monotonic() < ends:
        touched, violations = _try(ground, point, swept.touched + 1)
        swept.violations += violations
        swept.touched += touched
        swept.ended = not touched or swept.touched == MOST
    return swept


def _try(ground: Ground, point: Point, number: int) -> tuple[bool, list[str]]:
    """One round with the fault at this call; whether it was met, and what was wrong."""
    ground.change()
    touched, complaints = _fault(ground, point, number)
    wrong = [*complaints, *ground.faults()]
    if point.error is None:
        wrong += [*ground.restart_primary(), *ground.faults()]
    healed = ground.heal()
    if healed.status != 0:
        wrong.append(f"the next run ended {healed.status}: {healed.said[-600:]}")
    wrong += ground.faults_after_healing()
    return touched, [f"{point}, call {number}: {text}" for text in wrong]


def _fault(ground: Ground, point: Point, number: int) -> tuple[bool, list[str]]:
    """Run the deployer with the fault; whether it was met, and complaints about how the run ended."""
    tracing = ("-e", f"trace={point.call}", "-e", "signal=none", "-e", point.injection(number))
    traced = (program("strace"), *tracing, *_paths(ground, point.where))
    run = ground.deployer.run(traced, LASTING if point.lasting else HEALING)
    if run.status is None:
        return True, [f"no end within {HEALING:g} s: {run.said[-600:]}"]
    return point.is_met(number, run.trace), [] if point.error is None else list(_complaints(run.status, run.said))


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
