"""Processes write in turn: who has just written waits behind the one that waits already."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.store.file.database import Store
from appliance.store.file.turnstile import Turnstile, pause_after
from tests.pair import wait_for

HOLD = """
import sys
from pathlib import Path
from appliance.store.file.turnstile import Turnstile
with Turnstile(Path(sys.argv[1])).held(60):
    print("held", flush=True)
    sys.stdin.read()
"""
WRITE = """
import sys
from pathlib import Path
from appliance.store.file.database import Store
store = Store(Path(sys.argv[1]), busy_timeout=60)
store.attach()
with store.writing():
    store.version()
    Path(sys.argv[2]).touch()
"""


@contextmanager
def program(code: str, *arguments: Path) -> Iterator[subprocess.Popen[str]]:
    argv = (sys.executable, "-c", code, *map(str, arguments))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def is_taken(turnstile: Turnstile) -> bool:
    try:
        with turnstile.held(0):
            return False
    except TimeoutError:
        return True


def test_without_the_file_nobody_waits(tmp_path: Path) -> None:
    with Turnstile(tmp_path / "missing.lock").held(3) as left:
        assert left == 3
    assert not (tmp_path / "missing.lock").exists()


def test_one_process_at_a_time_has_the_place_until_it_dies(tmp_path: Path) -> None:
    file = tmp_path / "store.lock"
    file.touch()
    turnstile = Turnstile(file)
    with turnstile.held(3) as left:
        assert left == 3
    with program(HOLD, file) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        assert is_taken(turnstile)
        holder.kill()
        with turnstile.held(60) as left:
            assert 0 < left <= 60


def test_who_waits_without_success_gives_up_after_its_patience(tmp_path: Path) -> None:
    file, pauses = tmp_path / "store.lock", list[float]()
    file.touch()
    with program(HOLD, file) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with (
            pytest.raises(TimeoutError, match="another writer holds the write lock"),
            Turnstile(file, pauses.append).held(0.1),
        ):
            pass
    assert pauses[0] == pause_after(0) and len(pauses) > 1


def test_pauses_grow_but_stay_short() -> None:
    pauses = [pause_after(number) for number in range(300)]
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < pauses[-1] <= 0.005


def test_a_writer_that_begins_again_lets_a_waiting_process_write_first(tmp_path: Path) -> None:
    path, written = tmp_path / "store.sqlite3", tmp_path / "written"
    store = Store(path, busy_timeout=60)
    store.create_or_migrate()
    place = Turnstile(path.with_suffix(".lock"))
    with program(WRITE, path, written) as waiting:
        with store.writing():
            wait_for(lambda: is_taken(place), "the other process waits")
            assert not written.exists()
        with store.writing():
            assert written.exists()
        assert waiting.wait(60) == 0


def test_a_write_within_a_write_does_not_wait_for_the_process_that_waits_for_it(tmp_path: Path) -> None:
    path, written = tmp_path / "store.sqlite3", tmp_path / "written"
    store = Store(path, busy_timeout=60)
    store.create_or_migrate()
    place = Turnstile(path.with_suffix(".lock"))
    with program(WRITE, path, written) as waiting:
        with store.writing():
            wait_for(lambda: is_taken(place), "the other process waits")
            with store.writing():
                assert not written.exists()
        assert waiting.wait(60) == 0


def test_a_closed_store_keeps_no_file_open(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    store.create_or_migrate()
    for _ in range(2):  # it can be used again
        with store.connection(), store.writing():
            assert open_files(tmp_path)
        store.close()
        assert not open_files(tmp_path)


def open_files(folder: Path) -> list[Path]:
    return [file for file in map(Path.resolve, Path("/proc/self/fd").iterdir()) if file.parent == folder]
