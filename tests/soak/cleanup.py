"""Kill all processes that a soak run started, on SIGTERM and SIGINT.

The soak process is a subreaper: orphaned processes become its children, so it can kill them all.
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
    """Install handlers for both signals that kill all children, remove temporary folders, and exit.

    The exit status is 128 plus the signal number. In processes forked later the handlers do nothing.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")
    own = os.getpid()
    tempfile.tempdir = tempfile.mkdtemp(prefix="soak-")
    Path(tempfile.tempdir).chmod(0o755)  # named runs as another user
    atexit.register(_remove_when_empty, tempfile.tempdir)

    def end(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != own:
            return
        _kill_all()
        shutil.rmtree(str(tempfile.tempdir), ignore_errors=True)
        os.write(sys.stderr.fileno(), f"soak: stopped by {signal.Signals(number).name}\n".encode())
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def _remove_when_empty(folder: str) -> None:
    """Remove the folder, unless a failure left logs in it."""
    with suppress(OSError):
        Path(folder).rmdir()


def _kill_all() -> None:
    """Kill every child, then the orphans of killed ones, until no child is left.

    It never blocks on a child: another thread may have reaped it, and remaining ones may not be killed yet.
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
