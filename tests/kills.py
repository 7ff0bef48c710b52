"""Kill children of a whole appliance, which `run` restarts, or not while a test prevents it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.appliance import Appliance
from tests.pair import wait_for


@contextmanager
def not_restarted(appliance: Appliance, *children: str) -> Iterator[None]:
    """Kill these children and prevent their restart while the block runs."""
    assert appliance.process
    appliance.process.send_signal(signal.SIGSTOP)
    try:
        kill(appliance, *children)
        wait_for(lambda: not any(map(appliance.child, children)), "they have ended")
        yield
    finally:
        appliance.process.send_signal(signal.SIGCONT)


def kill(appliance: Appliance, *children: str) -> None:
    """Kill these children; `run` restarts them."""
    for words in children:
        if pid := appliance.child(words):
            os.kill(pid, signal.SIGKILL)
