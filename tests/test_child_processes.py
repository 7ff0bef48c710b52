"""Children that end early start again after growing delays; all end with their parent."""

from __future__ import annotations

import signal
import subprocess
import sys

from appliance.child_processes import RestartDelay

PARENT = """
import os, signal, sys
from appliance.child_processes import end_with_parent

parent = os.getpid()
if (child := os.fork()) == 0:
    end_with_parent(parent)
    print(os.getpid(), flush=True)
signal.pause()
"""


def test_the_delay_doubles_while_a_child_ends_early() -> None:
    delay, now, delays = RestartDelay(), 1000.0, []
    for _ in range(8):
        delay.start(now)
        delays.append(round(delay.seconds_left(now), 3))
        now += delays[-1]
        assert delay.seconds_left(now) < 1e-9
    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_child_that_ran_for_long_starts_again_at_once() -> None:
    delay = RestartDelay()
    for now in (0.0, 1.0, 2.0, 3.0, 4.0):
        delay.start(now)
    assert delay.seconds_left(4.5) > 1
    assert delay.seconds_left(40.0) == 0
    delay.start(40.0)
    assert delay.seconds_left(40.0) < 0.3


def test_a_child_ends_with_its_parent() -> None:
    with subprocess.Popen((sys.executable, "-c", PARENT), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert int(parent.stdout.readline()) != parent.pid
        parent.send_signal(signal.SIGKILL)
        assert parent.stdout.read() == "", "the child has closed it, too"
