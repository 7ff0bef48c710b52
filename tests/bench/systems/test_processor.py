"""Processor time as the kernel reports it."""

from __future__ import annotations

import os
import time

from bench.systems.processor import of_stat, processor_seconds

STAT = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 100 50 20 30 20 0 1 0 5 6 7\n"


def test_time_of_a_process_and_its_ended_children() -> None:
    assert of_stat(STAT) == 200 / os.sysconf("SC_CLK_TCK")


def test_it_grows_with_work() -> None:
    began, before = time.process_time(), processor_seconds([os.getpid()])
    while time.process_time() < began + 0.1:
        pass
    assert processor_seconds([os.getpid()]) > before
