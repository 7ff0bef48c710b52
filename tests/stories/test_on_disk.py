"""Files behind what is served, with real programs: what is on disk, what a restart serves, and what is reported."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from appliance.store.file import sqlite
from tests.appliance import Appliance
from tests.live_zone import CHECKERS, HEAL_SECONDS, NEW, OLD, LiveZone
from tests.pair import wait_for
from tests.stories.conftest import appliance_with_checkers

EDITED = b"\xcb\0\x71\x09"

NUMBERS = count()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """An appliance for the tests of this file, each with a zone of its own."""
    with appliance_with_checkers(tmp_path_factory.mktemp("checkers")) as running:
        yield running


@pytest.fixture
def live_zone(shared: Appliance) -> LiveZone:
    """A new live zone."""
    return LiveZone(shared, f"disk{next(NUMBERS)}.example")


def test_a_planted_row_keeps_the_file_of_its_zone_behind(live_zone: LiveZone) -> None:
    """A change of another record is served; after a restart the last good file and its journal have it."""
    live_zone.wait_for_file("192.0.2.1")
    before = live_zone.file.read_bytes()
    with closing(sqlite.connect(live_zone.appliance.state / "store" / "store.sqlite3")) as database, database:
        database.execute(
            "update record set line = ? where rdtype = 'A' and line like ?",
            (f"www.{live_zone.domain}. 60 IN A 192.0.2.999", f"www.{live_zone.domain}.%"),
        )
    other = live_zone.api.zone("innocent.example")
    live_zone.api.record(live_zone.zone, "TXT", "@", "a change that publishes the planted row")
    reported = f"{live_zone.domain} .*192.0.2.999"
    wait_for(lambda: re.search(reported, live_zone.problems()), "it is reported", HEAL_SECONDS)
    live_zone.api.wait_until_live(other)
    live_zone.api.wait_until_live(live_zone.zone)
    assert live_zone.file.read_bytes() == before
    live_zone.restart("ns1/named.conf")
    wait_for(lambda: live_zone.answers() == [{OLD}, {OLD}], "a restart serves the last good zone")
    live_zone.appliance.wait_until_answered(live_zone.domain, "TXT", [b"\x27a change that publishes the planted row"])
    live_zone.change()
    live_zone.wait_until_healed()
    live_zone.wait_for_file("192.0.2.2")
    wait_for(lambda: "192.0.2.999" not in live_zone.problems(), "nothing is reported any longer", HEAL_SECONDS)


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
    live_zone: LiveZone, script: str | None, error: str
) -> None:
    """A new zone needs its file; a change is served by UPDATE, and its file, which stays behind, is reported."""
    checkers = [Path(os.environ[variable]) for variable in CHECKERS.values()]
    good = [checker.read_text() for checker in checkers]
    for checker in checkers:
        checker.unlink()
        if script is not None:
            checker.write_text(script)
            checker.chmod(0o755)
    live_zone.appliance.kill_children_of("appliance deployer")
    before, new = live_zone.file.read_bytes(), live_zone.api.zone(f"unchecked-{live_zone.domain}")
    live_zone.wait_until_failed(error, new)
    live_zone.change()
    live_zone.wait_until_healed()
    stale = f"the zone file of {live_zone.domain} is older than what is served"
    wait_for(lambda: re.search(f"{stale}: .*{error}", live_zone.problems()), "it is reported", HEAL_SECONDS)
    assert live_zone.file.read_bytes() == before
    live_zone.restart("ns1/named.conf")
    wait_for(lambda: live_zone.answers() == [{NEW}, {NEW}], "the file and its journal have the change")
    for checker, text in zip(checkers, good, strict=True):
        checker.write_text(text)
        checker.chmod(0o755)
    live_zone.api.wait_until_live(new)
    live_zone.wait_for_file("192.0.2.2")
    wait_for(lambda: stale not in live_zone.problems(), "nothing is reported any longer", HEAL_SECONDS)


def test_other_content_under_the_right_serial_is_found_by_the_audit(live_zone: LiveZone) -> None:
    live_zone.wait_for_file("192.0.2.1")
    content = live_zone.file.read_bytes()
    with live_zone.appliance.without("appliance deployer"):
        live_zone.restart(
            "ns1/named.conf", lambda: live_zone.file.write_bytes(content.replace(b"192.0.2.1", b"203.0.113.9"))
        )
        wait_for(lambda: live_zone.answers() == [{EDITED}, {OLD}], "only the primary serves the edited file")
        live_zone.file.write_bytes(content)
    wait_for(lambda: live_zone.answers() == [{OLD}, {OLD}], "both answer what is stored", HEAL_SECONDS)
    log = live_zone.appliance.log("deployer")
    assert f"event=nameserver-differs zone={live_zone.domain} nameserver=ns1.appliance.test" in log
    assert f"event=file-touched zone={live_zone.domain}" not in log
    live_zone.change()
    live_zone.wait_until_healed()


def fill_with_rubbish(file: Path) -> None:
    file.write_bytes(b"rubbish" * 100)


@pytest.mark.parametrize("damage", [Path.unlink, fill_with_rubbish], ids=["unlinked", "rubbish"])
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_a_damaged_journal_of_a_changed_zone(
    live_zone: LiveZone, damage: Callable[[Path], object], restarted: bool
) -> None:
    """Nothing that was served is lost for long: the file, or the secondary, and the store have it."""
    journal = live_zone.file.with_suffix(".zone.jnl")
    live_zone.change()
    live_zone.wait_until_healed()
    if restarted:
        live_zone.restart("ns1/named.conf", lambda: damage(journal))
    else:
        damage(journal)
    live_zone.api.record(live_zone.zone, "A", "more", "192.0.2.7")
    wait_for(lambda: live_zone.deployment()["state"] == "live", "the record is served", HEAL_SECONDS)
    live_zone.wait_until_healed()
    live_zone.restart("ns1/named.conf")
    live_zone.wait_until_healed()
    live_zone.appliance.wait_until_answered(f"more.{live_zone.domain}", "A", [b"\xc0\0\2\7"])
