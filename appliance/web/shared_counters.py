"""Counters of processes that are forked after they were created: each process counts in memory of its own.

The memory of a process is a list of counters: the octets of its name, the name as JSON, its value. Every process reads
that of all others, so each of them can return the sums. What a process has counted remains when it ends, and the next
process with its number goes on counting there. This module must not know what is counted.
"""

from __future__ import annotations

import json
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from mmap import mmap

OCTETS = 2**21
"""Memory of one process, of which only what is used exists; counters that do not fit are not counted."""
_LENGTH = struct.Struct("I")
_VALUE = struct.Struct("Q")
"""Both are native and aligned, so that another process reads the former or the new number, never parts of both."""


class SharedCounters:
    """Counters by their name, a tuple of texts, of processes with the numbers 0 to `processes` - 1. Thread-safe."""

    def __init__(self, processes: int = 1) -> None:
        self._memory = mmap(-1, processes * OCTETS)
        self._processes = processes
        self._lock = threading.Lock()
        self.count_as(0)

    def count_as(self, process: int) -> None:
        """Count as the process with that number from now on."""
        self._values = {name: at for name, at, _ in self._counters(process)}
        self._end = max((at + _VALUE.size for at in self._values.values()), default=process * OCTETS)
        self._limit = (process + 1) * OCTETS

    def add(self, *name: str) -> None:
        """Add one to a counter."""
        with self._lock:
            at = self._values.get(name)
            if at is None:
                self._create(name)
            else:
                _VALUE.pack_into(self._memory, at, _VALUE.unpack_from(self._memory, at)[0] + 1)

    def totals(self) -> Counter[tuple[str, ...]]:
        """Return the sum of each counter over all processes."""
        totals: Counter[tuple[str, ...]] = Counter()
        for process in range(self._processes):
            totals.update({name: value for name, _, value in self._counters(process)})
        return totals

    def _create(self, name: tuple[str, ...]) -> None:
        """Append a counter with the value 1; its length, with which it exists for readers, is written last."""
        text = json.dumps(name).encode()
        text += b" " * (-(_LENGTH.size + len(text)) % _VALUE.size)
        value_at = self._end + _LENGTH.size + len(text)
        if value_at + _VALUE.size + _LENGTH.size > self._limit:
            return
        self._memory[self._end + _LENGTH.size : value_at] = text
        _VALUE.pack_into(self._memory, value_at, 1)
        _LENGTH.pack_into(self._memory, self._end, len(text))
        self._values[name], self._end = value_at, value_at + _VALUE.size

    def _counters(self, process: int) -> Iterator[tuple[tuple[str, ...], int, int]]:
        """Yield name, offset of the value, and value of each counter of a process."""
        at = process * OCTETS
        while length := _LENGTH.unpack_from(self._memory, at)[0]:
            value_at = at + _LENGTH.size + length
            name = tuple(json.loads(self._memory[at + _LENGTH.size : value_at]))
            yield name, value_at, _VALUE.unpack_from(self._memory, value_at)[0]
            at = value_at + _VALUE.size
