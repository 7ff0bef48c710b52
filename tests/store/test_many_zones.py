"""Lists and numbers of zones do not read all zones: the steps of SQLite's virtual machine are counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from appliance.principal import EVERYTHING
from appliance.problems import find_problems
from appliance.store import deployments, observations, signing_summary, statistics, zones
from appliance.store.file import sqlite
from appliance.store.statistics import NameserverLag
from appliance.store.zones import Page
from appliance.zones.deployment import DeploymentState, NameserverState, Observation
from tests.deployed import store_attempt, store_live, store_observations
from tests.many_zones import add_zones, make_all_live
from tests.workspace import Workspace, current_database, open_workspace, read_rows

FEW, MANY = 150, 1_500
NAMESERVERS = ["ns1", "ns2"]


def steps_of(action: Callable[[], object]) -> int:
    """Return the steps that SQLite needs for the statements of the action."""
    connection, steps = current_database().connection(), 0

    def count() -> bool:
        nonlocal steps
        steps += 1
        return False

    action()  # texts are built and prepared
    connection.set_progress_handler(count, 1)
    try:
        action()
    finally:
        connection.set_progress_handler(None)
    return steps


def fill(workspace: Workspace, count: int) -> None:
    """Store zones that are live, one that failed, one that waits, and one that a nameserver refuses."""
    first = workspace.zone("first.example")
    add_zones(workspace.store, first, (f"zone-{number}.example" for number in range(count)))
    make_all_live(workspace.store, NAMESERVERS)
    failed, refused = workspace.zone("failed.example"), workspace.zone("refused.example")
    workspace.zone("waits.example")
    with workspace.store.writing():
        store_attempt(failed.uuid, failed.serial, "check: broken")
        store_live(refused.uuid, refused.serial, workspace.clock())
        store_observations(refused.uuid, [Observation("ns2", None, NameserverState.LAGGING, workspace.clock())])


def sign_all(workspace: Workspace) -> None:
    """Store that every zone is signed, that nothing is wrong with it, and that its key is in a backup, but of one."""
    database = current_database()
    with workspace.store.writing():
        database.execute_sql("update zone set signed = 1")
        database.execute_sql(
            "insert into signing (zone_id, since, due_at, ds_ttl, served, reported, state)"
            " select id, 1, 1, 1, '{}', '{}', 'secured' from zone"
        )
        key = "insert into signing_key select id, 1, 13, 257, '', 1, 1, 'omnipresent', 'omnipresent', ? from zone"
        database.execute_sql(key, (1,))
        database.execute_sql("update signing_key set backed_up_at = null where zone_id = 1")
        expiry = "insert into signature_expiry select id, ?, queued_at + id + 2592000000000 from zone"
        for name in NAMESERVERS:
            database.execute_sql(expiry, (name,))


def actions(workspace: Workspace) -> dict[str, Callable[[], object]]:
    """Return what is polled, or looked at by operators, by what it is."""
    scope = workspace.owner.scope
    return {
        "problems": lambda: find_problems(NAMESERVERS, workspace.clock()),
        "numbers by state": statistics.count_by_state,
        "numbers by state of an account": lambda: statistics.count_by_state(scope),
        "zones with problems of DNSSEC": lambda: signing_summary.count_by_problem(NAMESERVERS, workspace.clock(), 100),
        "first expiry": lambda: signing_summary.first_expiry("ns2"),
        "late zones": lambda: statistics.late_zones(100),
        "lag": statistics.lag_by_nameserver,
        "nameservers that were queried": statistics.queried_nameservers,
        "oldest lag": statistics.oldest_lag_by_nameserver,
        "first page": lambda: zones.find(EVERYTHING, Page()),
        "first page of an account": lambda: zones.find(scope, Page()),
        **{f"{state} zones": partial(zones.find, EVERYTHING, Page(), state=state) for state in DeploymentState},
        **{f"{state} of an account": partial(zones.find, scope, Page(), state=state) for state in DeploymentState},
    }


def test_what_is_polled_costs_the_same_with_many_zones(tmp_path: Path) -> None:
    counted = []
    for count in (FEW, MANY):
        folder = tmp_path / str(count)
        folder.mkdir()
        with open_workspace(folder) as workspace:
            fill(workspace, count)
            sign_all(workspace)
            counted.append({what: steps_of(action) for what, action in actions(workspace).items()})
    few, many = counted
    assert {what: (few[what], many[what]) for what in few if many[what] > 1.5 * few[what]} == {}


def test_lists_and_numbers_of_states_are_of_all_zones(workspace: Workspace) -> None:
    fill(workspace, 3)
    expected = {"live": 4, "failed": 1, "pending": 1, "deploying": 1}
    for scope in (EVERYTHING, workspace.owner.scope):
        assert statistics.count_by_state(scope) == expected
        assert {state.value: zones.find(scope, Page(1, 1), state=state)[1] for state in DeploymentState} == expected
    assert zones.find(EVERYTHING, Page(), state=DeploymentState.LIVE, search="zone-1")[1] == 1
    assert zones.find(EVERYTHING, Page(), state=DeploymentState.FAILED, search="zone-1")[1] == 0
    assert statistics.lag_by_nameserver() == {"ns2": NameserverLag(1, 0)}
    assert statistics.queried_nameservers() == ["ns2"]
    with workspace.store.writing():
        observations.store_confirmations(NAMESERVERS, workspace.clock())
    assert statistics.queried_nameservers() == ["ns1", "ns2"]


def unsettled(workspace: Workspace) -> list[str]:
    query = "select name from zone where id in (select zone_id from unsettled_zone) order by name"
    return [row["name"] for row in read_rows(workspace.store.path, query)]


def test_the_database_keeps_the_zones_that_may_not_be_live(workspace: Workspace) -> None:
    zone, other = workspace.zone("a.example"), workspace.zone("b.example")
    assert unsettled(workspace) == ["a.example", "b.example"]
    with workspace.store.writing():
        for one in (zone, other):
            store_live(one.uuid, one.serial, workspace.clock())
    assert unsettled(workspace) == []
    workspace.add(zone, "A", "www", "192.0.2.1")
    assert unsettled(workspace) == ["a.example"]
    with workspace.store.writing():
        store_live(zone.uuid, zone.serial, workspace.clock())
    assert unsettled(workspace) == ["a.example"]
    workspace.editor.delete_zone(workspace.owner, other.uuid)
    assert unsettled(workspace) == ["a.example", "b.example"]
    with workspace.store.writing():
        deployments.store_removed(other.uuid, workspace.clock())
    assert unsettled(workspace) == ["a.example"]


@pytest.mark.parametrize("conflict", ["or replace", "or ignore", "or abort"])
def test_a_statement_with_conflicts_keeps_them_too(workspace: Workspace, conflict: str) -> None:
    workspace.zone("a.example")
    insert = f"insert {conflict} into deployment (zone_id, live_serial) select id, ? from zone"  # noqa: S608
    with closing(sqlite.connect(workspace.store.path)) as writer, writer:
        writer.execute(insert, (None,))
    assert unsettled(workspace) == ["a.example"]
    with closing(sqlite.connect(workspace.store.path)) as writer, writer:
        writer.execute("update deployment set live_serial = (select serial from zone)")
    assert unsettled(workspace) == []
