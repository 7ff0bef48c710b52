"""Run by test_crash.py: backup or restore, killed before its 1st, 2nd, ... Nth touch of a file, until one run ends.

crashing.py backup|restore TEMPLATE-FOLDER WORK-FOLDER: in the template are `store.sqlite3` and `backup.sqlite3`.
After each kill the store in the work folder must be sound and hold the rows of before or of after, never others, and
the keys of the signed zone must be all there or missing; the last line printed is the number of kills.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import apsw

from appliance.recovery.backup import back_up
from appliance.recovery.restore import restore
from appliance.store.file import sqlite
from tests.host_keys import host_keys, place_keys
from tests.signing import key
from tests.workspace import Workspace

STORE, BACKUP = "store.sqlite3", "backup.sqlite3"
TOUCHES = ("open", "os.rename", "os.link", "os.remove", "os.chmod", "os.chown", "os.mkdir")
KILLED = 9
FILES_OF_A_KEY = 3


def make_template(workspace: Workspace, template: Path) -> None:
    """Create the template folder: a backup of one zone, and a store with a second one, which is still in its log.

    The first zone is signed. Its keys are in the folder of the zone files, which a restore does not find.
    """
    template.mkdir()
    zone = workspace.zone("first.example")
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
    place_keys(host_keys(template), zone, key())
    back_up(workspace.store.path, template / BACKUP, host_keys(template), workspace.clock(), overwrite=False)
    workspace.zone("second.example")
    for file in workspace.store.path.parent.glob(f"{STORE}*"):
        shutil.copy(file, template)  # with its log, as a crash leaves it: nobody else writes here
    assert (template / f"{STORE}-wal").stat().st_size


def main(what: str, template: Path, work: Path) -> None:
    """Kill the operation at each file operation in turn, and check the files after each."""
    kills = 0
    while True:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(template, work)
        if what == "restore":
            shutil.rmtree(work / "zones")
        child = os.fork()
        if not child:
            end(what, work, kills + 1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        check(work / (STORE if what == "restore" else BACKUP))
        keys = [len([*folder.iterdir()]) for folder in work.glob("zones/keys/*-*") if folder.suffix != ".new"]
        if status == 0:
            assert keys == [FILES_OF_A_KEY]
            break
        assert keys in ([], [FILES_OF_A_KEY]), keys
        assert status == KILLED, status
        kills += 1
    sys.stdout.write(f"{kills}\n")


def end(what: str, work: Path, last: int) -> None:
    """Perform the operation, and be killed at the file operation of that number."""
    left = last

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(KILLED)

    sys.addaudithook(lambda event, _: count() if event in TOUCHES else None)
    apsw.connection_hooks.append(count)
    if what == "restore":
        restore(work / BACKUP, work / STORE, host_keys(work), lambda: datetime.now(UTC))
    else:
        back_up(work / STORE, work / BACKUP, host_keys(work), datetime.now(UTC), overwrite=True)
    os._exit(0)


def check(file: Path) -> None:
    """Assert that the file is complete: the former store has two zones, the restored one has one."""
    with closing(sqlite.connect(file)) as reader:
        assert reader.execute("pragma integrity_check").fetchone() == ("ok",)
        names = [name for (name,) in reader.execute("select name from zone order by id")]
        files = reader.execute("select count(*) from sqlite_master where name = 'key_file'").get
    assert names in (["first.example"], ["first.example", "second.example"]), names
    assert files == (file.name == BACKUP)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
