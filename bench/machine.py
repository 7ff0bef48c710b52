"""What a run was measured on, and how noisy it was."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.systems.unpacked import UNPACKED
from tests.pair import program


@dataclass(frozen=True, slots=True)
class Moment:
    """Load average of a minute, and the processor time so far: all of it, and what other guests of the host took."""

    load: float
    ticks: int
    stolen: int


def moment(stat: str | None = None) -> Moment:
    """Return the present moment, from /proc/stat."""
    line = (stat or Path("/proc/stat").read_text()).partition("\n")[0]
    ticks = [int(word) for word in line.split()[1:9]]  # without guest time, which user time includes
    return Moment(os.getloadavg()[0], sum(ticks), ticks[7])


def noise(before: Moment, after: Moment) -> dict[str, float]:
    """Return load before and after, and the share of processor time that was stolen, in percent."""
    ticks = max(after.ticks - before.ticks, 1)
    return {
        "load before": round(before.load, 2),
        "load after": round(after.load, 2),
        "stolen processor time, %": round(100 * (after.stolen - before.stolen) / ticks, 2),
    }


def description() -> dict[str, str]:
    """Return processor, system, and the versions of what was measured."""
    versions = dict(line.split() for line in (UNPACKED / "versions").read_text().splitlines())
    bind = subprocess.run((program("named"), "-v"), capture_output=True, text=True, check=True).stdout
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": f"{os.cpu_count()} cores of {_processor()}",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "BIND": bind.split()[1],
        "PowerDNS": versions["pdns-server"],
        "Python": platform.python_version(),
    }


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _distribution() -> str:
    release: Mapping[str, str] = platform.freedesktop_os_release()
    return release["PRETTY_NAME"]
