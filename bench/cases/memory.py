"""The memory of each process at the end of a run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench.run import Run
from bench.series import Series

KINDS = {"Pss": "PSS", "Rss": "RSS"}


def memory(run: Run) -> Iterator[Series]:
    """Yield PSS and RSS of the processes of each name, with all that the run has stored in them."""
    run.ensure([])
    for side in run.sides:
        found: dict[tuple[str, str], float] = defaultdict(float)
        for pid, name in side.system.processes().items():
            for kind, mebibytes in sizes(Path(f"/proc/{pid}/smaps_rollup").read_text()).items():
                found[name, kind] += mebibytes
                found["all processes", kind] += mebibytes
        for (name, kind), mebibytes in sorted(found.items()):
            yield Series("memory", run.stored(), side.system.name, f"{name}, {kind}", "MiB", (mebibytes,))


def sizes(rollup: str) -> dict[str, float]:
    """Return PSS and RSS of `smaps_rollup`, in MiB."""
    found = dict(re.findall(r"^(Pss|Rss): +(\d+) kB$", rollup, re.MULTILINE))
    return {name: int(found[field]) / 1024 for field, name in KINDS.items()}
