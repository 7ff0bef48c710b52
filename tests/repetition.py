"""Something that a thread does over and over while a block runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeated(action: Callable[[], object], pause: float = 0.0) -> Iterator[None]:
    """Call the action in a thread while the block runs, each time after `pause` seconds."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(pause):
            action()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
