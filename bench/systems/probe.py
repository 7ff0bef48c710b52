"""The longest time that a query waits while something else happens, measured by dnsperf."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from appliance.addresses import Endpoint
from bench.systems.unpacked import program

RATE = 200
"""Queries a second."""


@dataclass
class Waits:
    """The longest wait of a query, in milliseconds, and how many had no answer; known after the block."""

    longest: list[float] = field(default_factory=list)
    lost: int = 0


@contextmanager
def probing(server: Endpoint, name: str, rdtype: str = "A") -> Iterator[Waits]:
    """Query a name at a steady rate while the block runs."""
    waits = Waits()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        questions = Path(folder) / "questions"
        questions.write_text(f"{name} {rdtype}\n")
        where = ("-s", server.host, "-p", str(server.port), "-d", str(questions))
        how = ("-Q", str(RATE), "-c", "1", "-T", "1", "-t", "5", "-l", "86400")
        with subprocess.Popen((program("dnsperf"), *where, *how), stdout=subprocess.PIPE, text=True) as process:
            try:
                yield waits
            finally:
                process.send_signal(signal.SIGINT)
                printed, _ = process.communicate()
    waits.longest.append(longest_wait(printed))
    waits.lost = lost_queries(printed)


def longest_wait(printed: str) -> float:
    """Return the largest latency that dnsperf printed, in milliseconds."""
    found = re.search(r"Average Latency \(s\): .*max ([0-9.]+)\)", printed)
    if found is None:
        raise SystemExit(f"dnsperf printed no latency: {printed}")
    return float(found[1]) * 1000


def lost_queries(printed: str) -> int:
    """Return how many queries had no answer."""
    found = re.search(r"Queries lost: +(\d+)", printed)
    return int(found[1]) if found else 0
