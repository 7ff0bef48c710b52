"""Run `backup` and `restore` under strace, killed at each system call or with a full disk: files must be intact.

The next run without a fault must succeed. Both commands work on copies of one folder, without nameservers.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from tests.recovery.crash_runs import BACKUP, STORE, check, make_template
from tests.soak.fault_points import Point, SweepResult, sweep_point, unexpected_ends
from tests.soak.preloaded import ReadyProgram
from tests.workspace import open_workspace

COMMANDS = ("backup", "restore")
CALLS = (
    *("openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "fchmod", "fchown", "rename", "link"),
    *("unlink", "close"),
)
TIMEOUT = 60.0
"""Seconds for one run."""


def points() -> list[list[Point]]:
    """Return for both commands each kind of call, to be killed at and to fail with ENOSPC; one folder per list."""
    return [[Point(call, what, error) for call in CALLS] for error in (None, "ENOSPC") for what in COMMANDS]


def sweep(points: Sequence[Point], deadline: float) -> list[SweepResult]:
    """Sweep these points of one command, each from the first call to the last."""
    with open_backup_folder(points[0].where) as folder:
        return [sweep_point(point, deadline, folder.attempt) for point in points]


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """A folder with a store and a backup, and a command that runs on a copy of it."""

    what: str
    folder: Path
    program: ReadyProgram

    def attempt(self, point: Point, number: int) -> tuple[bool, list[str]]:
        """Run once with the fault at this call and once without; return whether it was reached, and violations."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.folder / "template", work)
        words = (self.what, str(work / BACKUP), *(("--force",) if self.what == "backup" else ()))
        words = (*words, "--config", str(self.folder / "config.toml"))
        run = self.program.run(words, point.strace(number))
        wrong = [*unexpected_ends(point, run), *self._faults(work)]
        again = self.program.run(words)
        if again.status != 0:
            wrong.append(f"the next run exited with {again.status}: {again.output[-600:]}")
        wrong += self._faults(work)
        return point.is_reached(number, run.trace), [f"{point}, call {number}: {text}" for text in wrong]

    def _faults(self, work: Path) -> Iterator[str]:
        """Yield a violation unless the written file is intact, in its old or new version."""
        try:
            check(work / (BACKUP if self.what == "backup" else STORE))
        except (AssertionError, apsw.Error) as broken:
            yield f"the file is damaged: {broken!r}"


@contextmanager
def open_backup_folder(what: str) -> Iterator[BackupFolder]:
    """Yield a folder with a backup and a store that was changed after it."""
    with tempfile.TemporaryDirectory(prefix="folder-") as name:
        folder = Path(name)
        (folder / "workspace").mkdir()
        with open_workspace(folder / "workspace") as workspace:
            make_template(workspace, folder / "template")
        zones = f'[deployer]\nzone_directory = "{folder / "work" / "zones"}"\n'
        (folder / "config.toml").write_text(f'[store]\npath = "{folder / "work" / STORE}"\n{zones}')
        with closing(ReadyProgram(folder, TIMEOUT)) as program:
            yield BackupFolder(what, folder, program)
