"""A page of the audit log is read from indices in order, however long the log is."""

from __future__ import annotations

from contextlib import closing

import pytest

from appliance.principal import EVERYTHING, Principal
from appliance.store import audit
from appliance.store.file import sqlite
from appliance.store.zones import Page
from tests.workspace import Workspace


def plan_of(workspace: Workspace, statement: str) -> list[str]:
    """Return the steps of SQLite's query plan."""
    with closing(sqlite.connect(workspace.store.path)) as reader:
        return [detail for _, _, _, detail in reader.execute(f"explain query plan {statement}")]


def statements(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the SQL statements that the store executed."""
    return [str(record.msg[0]) for record in caplog.records if record.name == "peewee"]


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """Return a workspace with changed zones and created tokens."""
    for number in range(3):
        workspace.clock.forward(seconds=1)
        workspace.zone(f"z{number}.example")
        with workspace.store.writing():
            audit.append(
                "token.create",
                workspace.owner.account.uuid,
                f"token {number}",
                Principal.local("me"),
                workspace.clock(),
            )
    return workspace


def test_a_page_is_read_without_sorting(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "peewee"):
        entries, total = audit.find(EVERYTHING, Page(1, 4))
    assert total == 6 and {entry.subject for entry in entries[:2]} == {"token 2", "z2.example"}
    statement = next(sql for sql in statements(caplog) if "UNION" in sql)
    values = iter(("'change'", "'act'", "4", "0"))
    plan = plan_of(workspace, "".join(part + next(values, "") for part in statement.split("?")))
    assert any("change_moment" in step for step in plan) and any("audit_event_moment" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_a_search_reads_what_it_finds(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "peewee"):
        entries, total = audit.find(EVERYTHING, Page(1, 4), "token 1")
    assert total == 1 and [entry.subject for entry in entries] == ["token 1"]
    assert len(statements(caplog)) == 5
