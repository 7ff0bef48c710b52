"""Responses while the store fails: 503 for what is impossible, reads where possible, and no new empty store."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from appliance.app import create_app
from appliance.settings import ApiSettings
from appliance.store.file import sqlite
from tests.api.conftest import Application, Bearer, is_error, open_application
from tests.volumes import fill, needs_root, read_only_view, small_volume

LOCK = """
import sys, time
from pathlib import Path
from appliance.store.file import sqlite
other = sqlite.connect(Path(sys.argv[1]))
other.execute("begin immediate")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[None]:
    """Let another program hold the write lock for so many seconds, or until the end of the block."""
    with subprocess.Popen((sys.executable, "-c", LOCK, str(path), str(seconds)), stdout=subprocess.PIPE) as program:
        assert program.stdout and program.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            program.kill()


def patient(application: Application, seconds: int, threads: int = 16) -> Application:
    """Return the same application with this busy timeout, in seconds."""
    settings = replace(
        application.settings,
        store=replace(application.settings.store, busy_timeout=seconds),
        api=ApiSettings(threads=threads, failure_rate=0),
    )
    return Application(settings, application.clock, create_app(settings, application.clock))


def is_unavailable(answer: TestResponse) -> bool:
    """Return True for a 503 that says when to try again."""
    return is_error(answer, 503, "unavailable") and int(answer.headers["Retry-After"]) > 0


def is_replaced(answer: TestResponse) -> bool:
    """Return True for the 503 of a process whose store was replaced by another file."""
    return is_unavailable(answer) and "was replaced while in use: restart" in answer.get_json()["detail"]


def restarted(application: Application, bearer: Bearer) -> Bearer:
    """Return the client with an application that has just started."""
    app = create_app(application.settings, application.clock)
    return Bearer(app.test_client(), bearer.secret)


def test_a_short_lock_is_waited_for(application: Application) -> None:
    me = patient(application, 30).bearer("me@example.org")
    with locked(application.settings.store.path, 3):
        me.zone("example.com")


def test_a_long_lock_refuses_writes_and_no_reads(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    with locked(application.settings.store.path, 60):
        assert is_unavailable(me("POST", "/dns-zones/", {"domain": "second.com"}))
        assert me("GET", f"/dns-zones/{zone['uuid']}/").get_json()["uuid"] == zone["uuid"]
        assert is_unavailable(application.app.test_client().get("/readyz"))
    assert [one["domain"] for one in me("GET", "/dns-zones/").get_json()] == ["example.com"]
    me.zone("second.com")


def test_a_lock_does_not_block_every_thread(application: Application) -> None:
    patience = 60
    application = patient(application, patience, threads=8)
    me = application.bearer("me@example.org")
    with ThreadPoolExecutor(8) as threads:  # as many as the server has
        with locked(application.settings.store.path, patience):
            writes = [threads.submit(me, "POST", "/dns-zones/", {"domain": f"w{n}.com"}) for n in range(30)]
            read = threads.submit(me, "GET", "/dns-zones/")
            assert read.result(timeout=patience / 2).get_json() == []
        answers = [write.result(timeout=patience) for write in writes]
    assert sum(answer.status_code == 201 for answer in answers) >= 2
    assert all(answer.status_code == 201 or is_unavailable(answer) for answer in answers)
    assert len(me("GET", "/dns-zones/").get_json()) == sum(answer.status_code == 201 for answer in answers)


def test_a_missing_store_is_not_created_and_a_copy_is_used_after_a_restart(
    application: Application, me: Bearer
) -> None:
    me.zone("example.com")
    path = application.settings.store.path
    with closing(sqlite.connect(path)) as there:
        there.execute("vacuum into ?", (str(path.with_name("backup")),))
    me.zone("later.com")
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    for method, address, body in (("GET", "/dns-zones/", None), ("POST", "/dns-zones/", {"domain": "new.com"})):
        assert is_unavailable(me(method, address, body))
    assert not path.exists()
    shutil.copy(path.with_name("backup"), path)
    assert is_replaced(me("GET", "/dns-zones/"))
    me = restarted(application, me)
    assert [one["domain"] for one in me("GET", "/dns-zones/").get_json()] == ["example.com"]
    me.zone("new.com")


def test_a_store_that_was_moved_away_and_back_is_used_at_once(
    application: Application, me: Bearer, tmp_path: Path
) -> None:
    me.zone("example.com")
    away = tmp_path / "away"
    away.mkdir()
    files = list(application.settings.store.path.parent.glob(f"{application.settings.store.path.name}*"))
    for file in files:
        file.rename(away / file.name)
    assert is_unavailable(me("GET", "/dns-zones/"))
    for file in files:
        (away / file.name).rename(file)
    me.zone("new.com")
    assert len(me("GET", "/dns-zones/").get_json()) == 2


def test_another_store_in_its_place_is_refused_until_a_restart(
    application: Application, me: Bearer, tmp_path: Path
) -> None:
    me.zone("example.com")
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "store.sqlite3"
    program = "from tests.api.conftest import open_application; from pathlib import Path; open_application(Path({!r}))"
    subprocess.run((sys.executable, "-c", program.format(str(other.parent))), check=True, timeout=60)
    path = application.settings.store.path
    for log in path.parent.glob(f"{path.name}-*"):
        log.unlink()
    before = other.read_bytes()
    other.replace(path)
    for method, address, body in (("GET", "/dns-zones/", None), ("POST", "/dns-zones/", {"domain": "new.com"})):
        assert is_replaced(me(method, address, body))
    assert path.read_bytes() == before
    me = restarted(application, me)
    assert is_error(me("GET", "/dns-zones/"), 401, "invalid_token")
    new = Application(application.settings, application.clock, me.client.application)
    assert new.bearer("new@example.org")("GET", "/dns-zones/").get_json() == []


def test_a_damaged_store_answers_503_until_it_is_restored(application: Application, me: Bearer) -> None:
    for number in range(20):
        me.zone(f"z{number}.com")
    path = application.settings.store.path
    with closing(sqlite.connect(path)) as there:
        there.execute("pragma wal_checkpoint(truncate)")
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(4096))
    started = Application(application.settings, application.clock, create_app(application.settings, application.clock))
    me = Bearer(started.app.test_client(), me.secret)
    for _ in range(3):
        answer = me("GET", "/dns-zones/")
        assert is_unavailable(answer)
        assert "damaged" in answer.get_json()["detail"]
    assert is_unavailable(me("POST", "/dns-zones/", {"domain": "new.com"}))
    assert is_unavailable(started.app.test_client().get("/readyz"))
    for log in path.parent.glob(f"{path.name}-*"):
        log.unlink()
    path.write_bytes(whole)
    assert len(me("GET", "/dns-zones/").get_json()) == 20
    me.zone("new.com")


def test_damage_to_the_file_in_use_is_no_internal_error(application: Application, me: Bearer) -> None:
    zone = me.zone("example.com")
    for number in range(200):
        me.record(zone, "TXT", f"h{number}", "x" * 200)
    path = application.settings.store.path
    with closing(sqlite.connect(path)) as there:
        there.execute("pragma wal_checkpoint(truncate)")
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // 4096):
            file.seek(4096 * page)
            file.write(os.urandom(4096))
    assert is_unavailable(me("GET", f"/dns-zones/{zone['uuid']}/"))
    assert is_unavailable(me("POST", "/dns-zones/", {"domain": "new.com"}))


@needs_root
def test_a_full_volume_refuses_writes_and_no_reads(tmp_path: Path) -> None:
    with small_volume(tmp_path / "store", 2048) as volume:
        application = open_application(volume)
        me = application.bearer("me@example.org")
        zone = me.zone("example.com")
        filler = fill(volume)
        not_ready = application.app.test_client().get("/readyz")  # before any write has failed
        assert "its disk is full" in not_ready.get_json()["detail"] and is_unavailable(not_ready)
        acknowledged, refused = set(), 0
        for number in range(400):
            body = {"record_type": "TXT", "name": f"h{number}", "value": "x" * 200}
            answer = me("POST", f"/dns-zones/{zone['uuid']}/records/", body)
            if answer.status_code == 201:
                acknowledged.add(body["name"])
            else:
                refused += is_unavailable(answer)
        assert refused > 100
        shown = me("GET", f"/dns-zones/{zone['uuid']}/").get_json()["records"]
        assert {record["name"] for record in shown} == acknowledged
        restarted = Application(
            application.settings, application.clock, create_app(application.settings, application.clock)
        )
        me = Bearer(restarted.app.test_client(), me.secret)
        assert me("GET", f"/dns-zones/{zone['uuid']}/").get_json()["record_count"] == len(acknowledged)
        filler.unlink()
        me.record(zone, "A", "after", "192.0.2.1")


@needs_root
@pytest.mark.parametrize("closed", [False, True])
def test_a_read_only_volume_refuses_writes_and_no_reads(tmp_path: Path, closed: bool) -> None:
    (tmp_path / "files").mkdir()
    here = tmp_path / "here"
    here.symlink_to("files")
    application = open_application(here)
    me = application.bearer("me@example.org")
    zone = me.zone("example.com")
    if closed:  # as after a clean exit: without the write-ahead log, which cannot be created here
        application.store.close()
        assert [file.name for file in (tmp_path / "files").glob("store.sqlite3*")] == ["store.sqlite3"]
    with read_only_view(tmp_path / "files", tmp_path / "view"):
        here.unlink()
        here.symlink_to("view")
        for _ in range(2):
            assert me("GET", f"/dns-zones/{zone['uuid']}/").get_json()["domain"] == "example.com"
            assert is_unavailable(me("POST", "/dns-zones/", {"domain": "second.com"}))
        here.unlink()
        here.symlink_to("files")
        me.zone("second.com")
