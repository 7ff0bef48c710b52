"""`backup` and `restore` under strace, killed at every call and with the disk full at it: what is there then is whole.

The plain run after it succeeds. Both commands work on copies of one folder, without nameservers.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from tests.recovery.crash_runs import BACKUP, STORE, look, make_template
from tests.soak.fault_points import Point, Swept, complaints, sweep_point
from tests.soak.preloaded import ReadyProgram
from tests.workspace import open_workspace

COPIES = ("backup", "restore")
CALLS = (
    *("openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "fchmod", "fchown", "rename", "link"),
    *("unlink", "close"),
)
LONGEST = 60.0
"""Seconds that a run may take."""


def points() -> list[list[Point]]:
    """Every kind of call of both commands, to be killed at and to find the disk full once; a folder for each list."""
    return [[Point(call, what, error) for call in CALLS] for error in (None, "ENOSPC") for what in COPIES]


def sweep(points: Sequence[Point], ends: float) -> list[Swept]:
    """These points of one command, each from the first call to the last."""
    with open_shelf(points[0].where) as folder:
        return [sweep_point(point, ends, folder.attempt) for point in points]


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """A folder with a store and a backup, and the command that works on a copy of it."""

    what: str
    folder: Path
    program: ReadyProgram

    def attempt(self, point: Point, number: int) -> tuple[bool, list[str]]:
        """One run with the fault at this call, and a plain one; whether it was met, and what was wrong."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.folder / "template", work)
        words = (self.what, str(work / BACKUP), *(("--force",) if self.what == "backup" else ()))
        words = (*words, "--config", str(self.folder / "config.toml"))
        run = self.program.run(words, point.strace(number))
        wrong = [*complaints(point, run), *self._faults(work)]
        again = self.program.run(words)
        if again.status != 0:
            wrong.append(f"the next run ended {again.status}: {again.said[-600:]}")
        wrong += self._faults(work)
        return point.is_met(number, run.trace), [f"{point}, call {number}: {text}" for text in wrong]

    def _faults(self, work: Path) -> Iterator[str]:
        """The file that the command writes must be the one of before or the one of after."""
        try:
            look(work / (BACKUP if self.what == "backup" else STORE))
        except (AssertionError, apsw.Error) as broken:
            yield f"it left no whole file: {broken!r}"


@contextmanager
def open_shelf(what: str) -> Iterator[BackupFolder]:
    """A folder with one backup, and a store that has gone on since."""
    with tempfile.TemporaryDirectory(prefix="folder-") as name:
        folder = Path(name)
        (folder / "workspace").mkdir()
        with open_workspace(folder / "workspace") as workspace:
            make_template(workspace, folder / "template")
        (folder / "config.toml").write_text(f'[store]\npath = "{folder / "work" / STORE}"\n')
        with closing(ReadyProgram(folder, LONGEST)) as program:
            yield BackupFolder(what, folder, program)
