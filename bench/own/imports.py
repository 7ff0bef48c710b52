"""Measure `zone import`: 1,000 zones from a folder, and one zone of 100,000 records, with time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.cli.conftest import SETTINGS
from tests.workspace import open_workspace

ZONES = 1_000
RECORDS = 100_000


@dataclass(frozen=True)
class Import:
    """What was imported, the seconds that it took, those of processor time, and the largest memory, in MiB."""

    what: str
    seconds: float
    processor: float
    memory: float


def imports() -> Iterator[Import]:
    """Yield the figures of each import, and of the same again, which changes nothing."""
    with TemporaryDirectory(prefix="bench-") as folder:
        state, zones, large = Path(folder) / "state", Path(folder) / "zones", Path(folder) / "large.example.zone"
        _create_state(state)
        zones.mkdir()
        for number in range(ZONES):
            (zones / f"z{number}.example.zone").write_text(_zone(f"z{number}.example", 20))
        large.write_text(_zone("large.example", RECORDS))
        sources = {f"import of {ZONES:,} zones of 20 records": zones, f"import of {RECORDS:,} records": large}
        for what, source in sources.items():
            for again in ("", ", again"):
                yield _import(f"{what}{again}", source, state)


def _create_state(state: Path) -> None:
    (state / "store").mkdir(parents=True)
    with open_workspace(state / "store") as workspace:
        (state / "config.toml").write_text(SETTINGS.format(store=workspace.store.path, folder=state))


def _zone(domain: str, records: int) -> str:
    soa = f"$ORIGIN {domain}.\n$TTL 300\n@ SOA ns.old.example. admin.old.example. 7 3600 600 604800 300\n"
    return soa + "".join(f"h{at} A 10.{at >> 16}.{at >> 8 & 255}.{at & 255}\n" for at in range(records))


def _import(what: str, source: Path, state: Path) -> Import:
    began = time.perf_counter()
    argv = ("zone", "import", str(source), "--account", "owner@example.org", "--state", str(state))
    process = subprocess.Popen((sys.executable, "-m", "appliance", *argv), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"zone import ended with {process.returncode}")
    return Import(what, time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
