"""Counters that forked processes share: sums of all, kept when a process ends."""

from __future__ import annotations

import subprocess
import sys

from appliance.web.shared_counters import OCTETS, SharedCounters

COUNTING = """
import os
from appliance.web.shared_counters import SharedCounters

counters = SharedCounters(3)
for number in (0, 1, 2, 1):
    if (child := os.fork()) == 0:
        counters.count_as(number)
        for _ in range(1000):
            counters.add("GET", str(number))
        counters.add("GET", "all")
        os._exit(0)
    os.waitpid(child, 0)
print(sorted(counters.totals().items()))
"""


def test_processes_count_together_and_the_next_one_goes_on() -> None:
    """Fork in a process of its own, since this one has threads."""
    done = subprocess.run((sys.executable, "-c", COUNTING), capture_output=True, text=True, check=True, timeout=120)
    expected = [(("GET", "0"), 1000), (("GET", "1"), 2000), (("GET", "2"), 1000), (("GET", "all"), 4)]
    assert done.stdout.strip() == str(expected)


def test_a_new_process_knows_the_counters_of_the_former_one() -> None:
    counters = SharedCounters(2)
    counters.count_as(1)
    counters.add("a", "ä")
    counters.add("b")
    counters.count_as(1)
    counters.add("a", "ä")
    counters.count_as(0)
    counters.add("b")
    assert counters.totals() == {("a", "ä"): 2, ("b",): 2}


def test_counters_that_do_not_fit_change_no_others() -> None:
    counters = SharedCounters(2)
    counters.count_as(1)
    counters.add("other")
    counters.count_as(0)
    for number in range(3):
        counters.add("x" * (OCTETS // 3), str(number))
    assert sorted((len(name), count) for name, count in counters.totals().items()) == [(1, 1), (2, 1), (2, 1)]
