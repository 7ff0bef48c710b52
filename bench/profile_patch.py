"""Measure the processor time of a PATCH of one record, and where it goes: the application alone, without a network.

    python -m bench.profile_patch --rounds 500 --output patch.prof

The share of each stage is from a second run under the profiler, which makes calls look dearer than they are; so the
shares compare stages, and the first run has the time.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.api.conftest import Bearer, open_application

RECORDS = 10
BATCH = 20
"""Requests of one measurement of processor time, whose clock is coarse."""
STAGES = (
    ("authenticate", "identity/authentication.py", "authenticate"),
    ("evaluate", "editing/record_editor.py", "evaluated"),
    ("commit", "editing/record_editor.py", "commit_evaluated"),
    ("warnings", "api/warnings.py", "warning_header"),
    ("in all of them: connect to SQLite", "store/file/database.py", "_connect"),
    ("in all of them: build SQL text", "peewee.py", "sql"),
    ("in all of them: execute statements", "~", "<method 'execute' of 'apsw.Cursor' objects>"),
)
"""A stage, the end of the path of its file (~ for C), and its function."""

Key = tuple[str, int, str]
Entries = Mapping[Key, tuple[int, int, float, float, dict[Key, Any]]]
"""What `pstats.Stats.stats` holds: primitive calls, calls, own seconds, cumulative seconds, callers."""


def main(argv: Sequence[str] | None = None) -> None:
    """Print processor time, statements and the shares of the stages."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile_patch", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="PATCH requests of each run (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="where the profile is written, for pstats or snakeviz")
    options = parser.parse_args(argv)
    with TemporaryDirectory(prefix="bench-") as folder:
        patch = _patch(open_application(Path(folder)).bearer("bench@example.org"))
        for number in range(BATCH):
            patch(number)
        print(f"processor time of a PATCH: median {processor_time(patch, options.rounds):.2f} ms")
        stats = profiled(patch, options.rounds)
        if options.output:
            stats.dump_stats(options.output)
        _print_stages(stats, options.rounds)


def _patch(api: Bearer) -> Callable[[int], None]:
    zone = api.zone("patched.example")
    record, *_ = [api.record(zone, "A", f"h{number}", "192.0.2.1") for number in range(RECORDS)]

    def patch(number: int) -> None:
        body = {"value": f"10.0.{number // 250}.{number % 250}"}
        if api("PATCH", f"/dns-records/{record['uuid']}/", body).status_code != 200:
            raise SystemExit("the PATCH was refused")

    return patch


def processor_time(call: Callable[[int], None], rounds: int) -> float:
    """Return the median processor time of a call, in milliseconds."""
    batches = []
    for first in range(BATCH, BATCH + max(rounds, BATCH), BATCH):
        began = time.process_time()
        for number in range(first, first + BATCH):
            call(number)
        batches.append((time.process_time() - began) / BATCH * 1000)
    return statistics.median(batches)


def profiled(call: Callable[[int], None], rounds: int) -> pstats.Stats:
    """Return the profile of that many calls."""
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    for number in range(rounds):
        call(number + 1)
    profile.disable()
    return pstats.Stats(profile)


def calls_and_seconds(entries: Entries, file: str, function: str) -> tuple[int, float]:
    """Return how often a function was entered, and the seconds until it was left; 0 if it was not called."""
    found = [entry for key, entry in entries.items() if key[0].endswith(file) and key[2] == function]
    return max(((primitive, cumulative) for primitive, _, _, cumulative, _ in found), default=(0, 0.0))


def _print_stages(stats: pstats.Stats, rounds: int) -> None:
    attributes = vars(stats)
    for stage, file, function in STAGES:
        calls, seconds = calls_and_seconds(attributes["stats"], file, function)
        print(f"  {stage:36} {seconds / attributes['total_tt']:6.1%}  calls {calls / rounds:6.1f}")
    stats.sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    main()
