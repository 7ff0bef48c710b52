"""Token buckets by the digest of their key, in memory that forked processes share.

A table is an array of groups, and a group an array of slots: a digest decides its group, and in a full group a new one
replaces the least recently used. `locks` locks a group among threads and processes; the kernel releases the lock of a
process that ends. This module must not know what is limited.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import struct
import threading
from contextlib import AbstractContextManager
from mmap import mmap
from typing import Protocol

GROUP = 100
"""Slots of a group: few enough to search, and enough that groups fill evenly."""
_SLOT = struct.Struct("=16sddd")
"""Digest; tokens, and when they were counted; when it was last used, plus one second. A free slot has only zeros."""
_USED = struct.Struct("=d")
_USED_AT = 32


class GroupLocks(Protocol):
    """Locks groups among threads and processes."""

    def reserve(self, groups: int) -> int:
        """Return the number of the first of so many new locks."""

    def held(self, number: int) -> AbstractContextManager[object]:
        """Hold the lock with that number for the block; no other thread of this process holds one meanwhile."""


class ThreadLocks:
    """Locks of a process that shares its memory with no other: one, among its threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def reserve(self, groups: int) -> int:  # noqa: ARG002 - as declared
        """Return any number."""
        return 0

    def held(self, number: int) -> AbstractContextManager[object]:  # noqa: ARG002 - as declared
        """Let no other thread hold a lock in the block."""
        return self._lock


class ForkedLocks:
    """Locks among the processes that are forked after this was created. One thread of a process holds them.

    The kernel knows processes only: one thread that held a lock while another one waited could seem to be a deadlock.
    """

    def __init__(self) -> None:
        self._one_thread = threading.RLock()
        self._file = os.memfd_create("rate-limits")  # open as long as the process runs, and in those that it forks
        self._numbers = itertools.count()

    def reserve(self, groups: int) -> int:
        """Return the number of the first of so many new locks."""
        first, *_ = [next(self._numbers) for _ in range(groups)]
        return first

    def held(self, number: int) -> AbstractContextManager[object]:
        """Hold the lock with that number for the block."""
        return _ForkedLock(self._one_thread, self._file, number)


class _ForkedLock:
    """One lock: a byte of a file that processes share."""

    __slots__ = ("_file", "_number", "_one_thread")

    def __init__(self, one_thread: threading.RLock, file: int, number: int) -> None:
        self._one_thread, self._file, self._number = one_thread, file, number

    def __enter__(self) -> None:
        """Wait for the lock."""
        self._one_thread.acquire()
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, self._number)
        except BaseException:
            self._one_thread.release()
            raise

    def __exit__(self, *_: object) -> None:
        """Release the lock."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._number)
        finally:
            self._one_thread.release()


class BucketTable:
    """At most `max_keys` buckets: the tokens of each key, and when they were counted. Thread-safe."""

    def __init__(self, max_keys: int, locks: GroupLocks) -> None:
        self._groups = -(-max_keys // GROUP)
        self._octets = max_keys // self._groups * _SLOT.size
        self._memory = mmap(-1, self._groups * self._octets)
        self._locks = locks
        self._first_lock = locks.reserve(self._groups)

    def __len__(self) -> int:
        """Return the number of buckets."""
        return sum(used > 0 for *_, used in _SLOT.iter_unpack(self._memory))

    def locked(self, digest: bytes) -> AbstractContextManager[object]:
        """Let no other thread or process change the bucket of that digest in the block."""
        return self._locks.held(self._first_lock + self._group(digest))

    def get(self, digest: bytes) -> tuple[float, float] | None:
        """Return the tokens of a bucket and when they were counted, or None if there is no such bucket."""
        at = self._find(digest)
        return None if at is None else _SLOT.unpack_from(self._memory, at)[1:3]

    def put(self, digest: bytes, held: float, since: float) -> None:
        """Store a bucket, in place of the least recently used of its group if that is full."""
        at = self._find(digest)
        if at is None:
            start = self._group(digest) * self._octets
            slots = range(start, start + self._octets, _SLOT.size)
            at = min(slots, key=lambda slot: _USED.unpack_from(self._memory, slot + _USED_AT))
        _SLOT.pack_into(self._memory, at, digest, held, since, since + 1)

    def touch(self, digest: bytes, now: float) -> None:
        """Count a bucket as used, if there is one."""
        at = self._find(digest)
        if at is not None:
            _USED.pack_into(self._memory, at + _USED_AT, now + 1)

    def remove(self, digest: bytes) -> None:
        """Forget a bucket, if there is one."""
        at = self._find(digest)
        if at is not None:
            self._memory[at : at + _SLOT.size] = bytes(_SLOT.size)

    def _group(self, digest: bytes) -> int:
        return int.from_bytes(digest[:8]) % self._groups

    def _find(self, digest: bytes) -> int | None:
        """Return the offset of the slot of that digest."""
        start = self._group(digest) * self._octets
        group, at = self._memory[start : start + self._octets], -1
        while (at := group.find(digest, at + 1)) >= 0:
            if at % _SLOT.size == 0:
                return start + at
        return None
