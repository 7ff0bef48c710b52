"""What a soak started ends with it, whatever its age and however it was started: by SIGTERM and SIGINT, at once.

A process that lost its parent becomes a child of the soak, so that killing children until none is left ends them all.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

_PR_SET_CHILD_SUBREAPER = 36


def end_on_signals() -> None:
    """From now on both signals kill what was started, remove what it kept in temporary folders, and end this process.

    Its exit status is 128 and the number of the signal. Processes forked later leave both signals to this one.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this kernel does not give lost children to the soak")
    own = os.getpid()
    tempfile.tempdir = tempfile.mkdtemp(prefix="soak-")
    Path(tempfile.tempdir).chmod(0o755)  # named goes there as another user
    atexit.register(_remove_when_empty, tempfile.tempdir)

    def end(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != own:
            return
        _kill_all()
        shutil.rmtree(str(tempfile.tempdir), ignore_errors=True)
        os.write(sys.stderr.fileno(), f"soak: ended by {signal.Signals(number).name}\n".encode())
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def _remove_when_empty(folder: str) -> None:
    """What failed left its logs in it."""
    with suppress(OSError):
        Path(folder).rmdir()


def _kill_all() -> None:
    """Kill every child, then those that the killed ones left, until none is there.

    It never waits for one: another thread may have reaped those it killed, and those that are left are not killed yet.
    """
    with suppress(ChildProcessError):
        while True:
            for child in _children():
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
            time.sleep(0.01)


def _children() -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                yield int(stat.parent.name)
