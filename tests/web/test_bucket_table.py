"""Buckets in memory that forked processes share: found by their digest, replaced when there are too many."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

from appliance.web.bucket_table import GROUP, BucketTable, ForkedLocks, ThreadLocks

COUNTING = """
import os
from appliance.web.bucket_table import BucketTable, ForkedLocks

table, key = BucketTable(1000, ForkedLocks()), b"k" * 16
table.put(key, 0, 0)
children = []
for _ in range(3):
    if (child := os.fork()) == 0:
        for _ in range(2000):
            with table.locked(key):
                held, since = table.get(key)
                table.put(key, held + 1, since)
        os._exit(0)
    children.append(child)
statuses = [os.waitpid(child, 0)[1] for child in children]
print(statuses, table.get(key))
"""
HOLDING = """
import os, signal
from appliance.web.bucket_table import BucketTable, ForkedLocks

table, key = BucketTable(1000, ForkedLocks()), b"k" * 16
holding, held = os.pipe()
if (child := os.fork()) == 0:
    with table.locked(key):
        os.write(held, b"x")
        signal.pause()
os.read(holding, 1)
os.kill(child, signal.SIGKILL)
with table.locked(key):
    print("locked")
"""
CROSSING = """
import os, threading, time
from appliance.web.bucket_table import BucketTable, ForkedLocks

locks, key = ForkedLocks(), b"k" * 16
tables, taken = [BucketTable(1000, locks) for _ in range(2)], []

def take(number):
    for step in range(40):
        with tables[(number + step) % 2].locked(key):
            time.sleep(0.001)
        taken.append(step)

children = []
for _ in range(2):
    if (child := os.fork()) == 0:
        threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os._exit(len(taken))
    children.append(child)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


def digest(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def test_what_was_put_is_found_until_it_is_removed() -> None:
    table = BucketTable(20_000, ThreadLocks())
    for number in range(1000):
        table.put(digest(number), number, 2.5)
    assert len(table) == 1000
    assert [table.get(digest(number)) for number in range(1000)] == [(number, 2.5) for number in range(1000)]
    table.remove(digest(7))
    assert (table.get(digest(7)), table.get(digest(8)), len(table)) == (None, (8, 2.5), 999)
    table.remove(digest(7))
    table.touch(digest(7), 3.0)
    assert len(table) == 999


def test_the_least_recently_used_of_a_full_group_is_replaced() -> None:
    table = BucketTable(GROUP, ThreadLocks())
    for number in range(GROUP):
        table.put(digest(number), 1, float(number))
    table.touch(digest(0), 1000.0)
    table.put(digest(GROUP), 1, 1001.0)
    assert len(table) == GROUP
    assert table.get(digest(0)) and table.get(digest(GROUP)) and table.get(digest(1)) is None


def test_a_digest_that_appears_across_two_slots_is_not_found() -> None:
    table = BucketTable(GROUP, ThreadLocks())
    table.put(b"a" * 16, 0, 0)
    assert table.get(b"a" * 8 + bytes(8)) is None


def test_locks_have_numbers_of_their_own() -> None:
    locks = ForkedLocks()
    assert [locks.reserve(3), locks.reserve(1), locks.reserve(5)] == [0, 3, 4]
    with locks.held(0), locks.held(4):
        pass


@pytest.mark.parametrize(
    ("program", "printed"),
    [(COUNTING, "[0, 0, 0] (6000.0, 0.0)"), (HOLDING, "locked"), (CROSSING, "[160, 160]")],
    ids=["counting", "holding", "crossing"],
)
def test_forked_processes_share_a_table_and_the_dead_lock_nothing(program: str, printed: str) -> None:
    """Run it in a process of its own, since this one has threads."""
    argv = (sys.executable, "-c", program)
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120, env=os.environ)
    assert done.stdout.strip() == printed
