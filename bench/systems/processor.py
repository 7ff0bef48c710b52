"""The processor time of processes; a busy machine changes it far less than any time that a clock shows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pids: Iterable[int]) -> float:
    """Return the processor time of these processes and of their children that ended, in seconds."""
    return sum(of_stat(Path(f"/proc/{pid}/stat").read_text()) for pid in pids)


def of_stat(stat: str) -> float:
    """Return the processor time in /proc/PID/stat: utime, stime, cutime and cstime (proc(5))."""
    return sum(map(int, stat.rpartition(")")[2].split()[11:15])) / _TICKS
