"""Work beside the loop: jobs in threads of their own, each doing a step again and again until it is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from appliance.errors import StoreError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class BackgroundJob:
    """A job; `failure` is the event that the log has of a failed step, which is tried again after `every` seconds."""

    failure: ClassVar[str]
    every: ClassVar[float]
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)

    def step(self) -> float | None:
        """Do what is due; return the seconds until the next step, None if nothing is left to do for ever."""
        raise NotImplementedError

    def run(self) -> None:
        """Do one step after the other until `stop` is called, or until nothing is left to do."""
        pause: float | None = 0.0
        while pause is not None and not self._stopped.wait(pause):
            try:
                pause = self.step()
            except StoreError as failed:
                log.warning("%s reason=%r", self.failure, str(failed))
                pause = self.every
            except Exception:  # the top of the thread: the next step tries again
                log.exception("%s", self.failure)
                pause = self.every

    def stop(self) -> None:
        """End `run` after the running step, or a part of it."""
        self._stopped.set()


@contextmanager
def running(*jobs: BackgroundJob) -> Iterator[None]:
    """Run each job in a thread of its own while the block runs."""
    threads = [threading.Thread(target=job.run, name=type(job).__name__) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for job in jobs:
            job.stop()
        for thread in threads:
            thread.join()
