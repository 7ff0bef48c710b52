"""Files behind what is served, with real programs: what is on disk, what a restart serves, and what is reported."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from appliance.render.zone_file import is_complete
from appliance.store.file import sqlite
from tests.live_zone import CHECKERS, HEAL_SECONDS, NEW, OLD, LiveZone
from tests.pair import wait_for

EDITED = b"\xcb\0\x71\x09"


def test_a_planted_row_keeps_the_file_of_its_zone_behind(new_zone: LiveZone) -> None:
    """A change of another record is served; after a restart the last good file and its journal have it."""
    new_zone.wait_for_file("; records=")  # it is the appliance's, and no dump of named
    before = new_zone.file.read_bytes()
    with closing(sqlite.connect(new_zone.appliance.state / "store" / "store.sqlite3")) as database, database:
        database.execute(
            "update record set line = ? where rdtype = 'A' and line like ?",
            (f"www.{new_zone.domain}. 60 IN A 192.0.2.999", f"www.{new_zone.domain}.%"),
        )
    other = new_zone.api.zone("innocent.example")
    new_zone.api.record(new_zone.zone, "TXT", "@", "a change that publishes the planted row")
    reported = f"{new_zone.domain} .*192.0.2.999"
    wait_for(lambda: re.search(reported, new_zone.problems()), "it is reported", HEAL_SECONDS)
    new_zone.api.wait_until_live(other)
    new_zone.api.wait_until_live(new_zone.zone)
    assert new_zone.file.read_bytes() == before
    new_zone.restart("ns1/named.conf")
    wait_for(lambda: new_zone.answers() == [{OLD}, {OLD}], "a restart serves the last good zone")
    new_zone.appliance.wait_until_answered(new_zone.domain, "TXT", [b"\x27a change that publishes the planted row"])
    new_zone.change()
    new_zone.wait_until_healed()
    new_zone.wait_for_file("192.0.2.2")
    wait_for(lambda: "192.0.2.999" not in new_zone.problems(), "nothing is reported any longer", HEAL_SECONDS)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("#!/bin/sh\nsleep 30\n", "not finished within 1 s"),
        ("#!/bin/sh\nkill -9 $$\n", "killed by signal 9"),
        (None, "cannot be started"),
    ],
    ids=["hung", "killed", "missing"],
)
def test_without_a_verdict_of_the_checker_no_file_is_published(
    new_zone: LiveZone, script: str | None, error: str
) -> None:
    """What needs a file is not published; other changes are served, and a file that stays behind is reported."""
    by_file = LiveZone(new_zone.appliance, f"by-file-{new_zone.domain}")
    checkers = [Path(os.environ[variable]) for variable in CHECKERS.values()]
    good = [checker.read_text() for checker in checkers]
    for checker in checkers:
        checker.unlink()
        if script is not None:
            checker.write_text(script)
            checker.chmod(0o755)
    new_zone.appliance.kill_children_of("appliance deployer")
    by_file.change_by_file()
    before, new = new_zone.file.read_bytes(), new_zone.api.zone(f"unchecked-{new_zone.domain}")
    new_zone.wait_until_failed(error, new)
    by_file.wait_until_failed(error)
    assert by_file.answers() == [{OLD}, {OLD}]
    new_zone.change()
    new_zone.wait_until_healed()
    stale = f"the zone file of {new_zone.domain} is older than what is served"
    wait_for(lambda: re.search(f"{stale}: .*{error}", new_zone.problems()), "it is reported", HEAL_SECONDS)
    assert new_zone.file.read_bytes() == before
    new_zone.restart("ns1/named.conf")
    wait_for(lambda: new_zone.answers() == [{NEW}, {NEW}], "the file and its journal have the change")
    for checker, text in zip(checkers, good, strict=True):
        checker.write_text(text)
        checker.chmod(0o755)
    new_zone.api.wait_until_live(new)
    by_file.wait_until_healed()
    new_zone.wait_for_file("192.0.2.2")
    wait_for(lambda: stale not in new_zone.problems(), "nothing is reported any longer", HEAL_SECONDS)


def test_other_content_under_the_right_serial_is_found_by_the_audit(new_zone: LiveZone) -> None:
    new_zone.wait_for_file("192.0.2.1")
    content = new_zone.file.read_bytes()
    with new_zone.appliance.without("appliance deployer"):
        new_zone.restart(
            "ns1/named.conf", lambda: new_zone.file.write_bytes(content.replace(b"192.0.2.1", b"203.0.113.9"))
        )
        wait_for(lambda: new_zone.answers() == [{EDITED}, {OLD}], "only the primary serves the edited file")
        new_zone.file.write_bytes(content)
    wait_for(lambda: new_zone.answers() == [{OLD}, {OLD}], "both answer what is stored", HEAL_SECONDS)
    log = new_zone.appliance.log("deployer")
    assert f"event=nameserver-differs zone={new_zone.domain} nameserver=ns1.appliance.test" in log
    assert f"event=file-touched zone={new_zone.domain}" not in log
    new_zone.change()
    new_zone.wait_until_healed()


def edit(file: Path) -> None:
    file.write_text(file.read_text().replace("192.0.2.1", "203.0.113.9"))


def link(file: Path) -> None:
    target = file.with_name("elsewhere")
    target.write_text(file.read_text())
    file.unlink()
    file.symlink_to(target)


@pytest.mark.parametrize("damage", [edit, Path.unlink, link], ids=["edited", "deleted", "linked"])
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_a_damaged_zone_file_is_replaced(new_zone: LiveZone, damage: Callable[[Path], None], restarted: bool) -> None:
    new_zone.wait_for_file("192.0.2.1")
    if restarted:
        new_zone.restart("ns1/named.conf", lambda: damage(new_zone.file))
    else:
        damage(new_zone.file)
    wait_for(lambda: new_zone.file.exists() and is_complete(new_zone.file.read_bytes()), "it is replaced", HEAL_SECONDS)
    wait_for(lambda: new_zone.answers() == [{OLD}, {OLD}], "both answer what is stored", HEAL_SECONDS)
    new_zone.change()
    new_zone.wait_until_healed()
    wait_for(lambda: not new_zone.file.is_symlink(), "the link is replaced", HEAL_SECONDS)
    elsewhere = new_zone.file.with_name("elsewhere")
    assert not elsewhere.exists() or "192.0.2.1" in elsewhere.read_text()


def fill_with_rubbish(file: Path) -> None:
    file.write_bytes(b"rubbish" * 100)


@pytest.mark.parametrize("damage", [Path.unlink, fill_with_rubbish], ids=["unlinked", "rubbish"])
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_a_damaged_journal_of_a_changed_zone(
    new_zone: LiveZone, damage: Callable[[Path], object], restarted: bool
) -> None:
    """Nothing that was served is lost for long: the file, or the secondary, and the store have it."""
    journal = new_zone.file.with_suffix(".zone.jnl")
    new_zone.change()
    new_zone.wait_until_healed()
    if restarted:
        new_zone.restart("ns1/named.conf", lambda: damage(journal))
    else:
        damage(journal)
    new_zone.api.record(new_zone.zone, "A", "more", "192.0.2.7")
    wait_for(lambda: new_zone.deployment()["state"] == "live", "the record is served", HEAL_SECONDS)
    new_zone.wait_until_healed()
    new_zone.restart("ns1/named.conf")
    new_zone.wait_until_healed()
    new_zone.appliance.wait_until_answered(f"more.{new_zone.domain}", "A", [b"\xc0\0\2\7"])
