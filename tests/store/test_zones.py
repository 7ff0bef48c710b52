"""Zones found by names that they contain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import apsw
import dns.name
import pytest

from appliance.principal import EVERYTHING, Scope
from appliance.store import zones
from appliance.store.file import sqlite
from appliance.store.file.database import Store
from tests.many_zones import add_zones
from tests.workspace import Workspace, read_rows


def found(name: str, scope: Scope = EVERYTHING) -> str | None:
    """Return the zone that contains the name."""
    zone = zones.find_zone_of(dns.name.from_text(name), scope)
    return zone.name.to_text(omit_final_dot=True) if zone else None


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Collect the statements of the block, on a connection of its own."""
    executed: list[str] = []

    def listen(connection: sqlite.Connection) -> None:
        connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: executed.append(event["sql"]))

    apsw.connection_hooks.append(listen)
    try:
        another = Store(store.path)
        another.attach()
        with another.connection():
            executed.clear()
            yield executed
    finally:
        apsw.connection_hooks.remove(listen)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("example.com.", "example.com"),
        ("www.example.com.", "example.com"),
        ("dev.example.com.", "dev.example.com"),
        ("a.b.dev.example.com.", "dev.example.com"),
        ("xdev.example.com.", "example.com"),
        ("dev-2.example.com.", "example.com"),
        ("notexample.com.", None),
        ("com.", None),
        (".", None),
    ],
)
def test_the_longest_match_is_found(workspace: Workspace, name: str, zone: str | None) -> None:
    for domain in ("example.com", "dev.example.com", "deep.a.b.dev.example.com"):
        workspace.zone(domain)
    assert found(name) == zone


def test_deleted_zones_are_known_and_others_are_not(workspace: Workspace) -> None:
    deleted, present = workspace.zone("deleted.org"), workspace.zone("present.org")
    workspace.editor.delete_zone(workspace.owner, deleted.uuid)
    assert zones.known([deleted.uuid, present.uuid, uuid4()]) == {deleted.uuid, present.uuid}


def test_a_deleted_zone_leaves_its_names_to_the_one_above(workspace: Workspace) -> None:
    workspace.zone("example.com")
    gone = workspace.zone("dev.example.com")
    workspace.editor.delete_zone(workspace.owner, gone.uuid)
    assert found("www.dev.example.com.") == "example.com"


def test_zones_outside_of_the_scope_are_ignored(workspace: Workspace) -> None:
    above, below = workspace.zone("example.com"), workspace.zone("dev.example.com")
    assert found("www.dev.example.com.", workspace.stranger.scope) is None
    assert found("www.dev.example.com.", Scope(None, frozenset({above.uuid}))) == "example.com"
    assert found("www.dev.example.com.", Scope(below.account, frozenset({below.uuid}))) == "dev.example.com"


def test_it_is_one_statement_that_searches_an_index(workspace: Workspace) -> None:
    zone = workspace.zone("example.com")
    add_zones(workspace.store, zone, (f"z{number}.example.com" for number in range(3000)))
    with statements(workspace.store) as executed:
        for name in ("www.example.com.", "a.b.c.d.e.f.z2999.example.com.", "nowhere.test."):
            found(name, workspace.owner.scope)
    assert len(executed) == 3
    plan = read_rows(workspace.store.path, f"explain query plan {executed[1]}", ("",) * executed[1].count("?"))
    steps = [row["detail"] for row in plan]
    assert any("USING INDEX zone_key (name_key=?)" in step for step in steps), steps
    assert not any(step.startswith("SCAN") for step in steps), steps
