"""The floor: what each part of a change costs alone, on this machine and in this run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import apsw
import dns.name

from bench.run import Run
from bench.series import MACHINE, Series
from bench.systems.connection import Connection
from bench.systems.watcher import Watcher, query
from tests.pair import CATALOG, Pair, free_port, wait_for

PAUSE = 0.01
ROUNDS = 4
"""Measurements for each round of other cases."""


def floor(run: Run) -> Iterator[Series]:
    """Yield the series of each part."""
    rounds = run.scale.rounds * ROUNDS
    with _commit() as commit:
        yield _series("commit of a row by SQLite, flushed", commit, rounds)
    with _hello() as hello:
        yield _series("answer by Flask and waitress", hello, rounds)
    with Pair() as pair:
        ask = Watcher(pair.primary.endpoint)
        soa = query(CATALOG.to_text(), "SOA")
        yield _series("query answered by named over UDP", lambda: ask.ask(soa), rounds)
        ask.close()
        yield _series("control channel of named, null command", lambda: pair.connection.command("null"), rounds)
        yield _series(
            "signed UPDATE of named, by dnspython",
            lambda: pair.updates.change((), {uuid4().hex: dns.name.from_text(f"{uuid4().hex}.example")}),
            rounds,
        )


def _series(what: str, call: Callable[[], object], rounds: int) -> Series:
    values = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        values.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE)
    return Series("floor", "", MACHINE, what, "ms", tuple(values))


@contextmanager
def _commit() -> Iterator[Callable[[], object]]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        closing(apsw.Connection(str(Path(folder) / "floor.sqlite3"))) as database,
    ):
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.execute("create table line (text)")
        yield lambda: database.execute("insert into line values (?)", ("x" * 200,))


@contextmanager
def _hello() -> Iterator[Callable[[], object]]:
    port = free_port()
    with subprocess.Popen((sys.executable, "-m", "bench.hello", str(port))) as process:
        connection = Connection(port, {})
        try:
            wait_for(lambda: _answers(connection), "the hello answers")
            yield lambda: connection.expect(200, "GET", "/")
        finally:
            process.terminate()


def _answers(connection: Connection) -> bool:
    try:
        connection.expect(200, "GET", "/")
    except OSError:
        return False
    return True
