"""Prepared queries: they have the rows of Peewee's own, and one text for each shape of their arguments."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from uuid import UUID

import peewee as pw
import pytest

from appliance.compiler import compile_zone
from appliance.principal import EVERYTHING, Scope
from appliance.store import deltas, deployments, heartbeat, journal, tables, zones
from appliance.store.prepared import PreparedSelect, PreparedWrite, in_parts
from appliance.store.scopes import within
from appliance.store.zones import select
from appliance.zones.deployment import NameserverState, Observation, Publication
from tests.workspace import APEX, SERVERS, Workspace, read_rows


@contextmanager
def texts_built() -> Iterator[list[str]]:
    """Collect a name for each SQL text that Peewee builds in the block, in this thread."""
    built: list[str] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is pw.Context.query.__code__:
            built.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        yield built
    finally:
        sys.setprofile(None)


@PreparedSelect
def zones_within(scope: Scope, name: str | None) -> pw.ModelSelect[tables.Zone]:
    found = select().where(*within(scope)).order_by(tables.Zone.id)
    return found if name is None else found.where(tables.Zone.name == name)


@PreparedSelect
def zones_with(uuids: frozenset[UUID]) -> pw.ModelSelect[tables.Zone]:
    return tables.Zone.select().where(tables.Zone.uuid.in_(list(uuids))).order_by(tables.Zone.id)


@PreparedWrite
def update_comments(uuids: frozenset[UUID], /, **columns: object) -> pw.ModelUpdate:
    return tables.Zone.update(columns).where(tables.Zone.uuid.in_(list(uuids)))


@PreparedWrite
def insert_codes(rows: list[dict[str, object]]) -> pw.ModelInsert:
    return tables.RecoveryCode.insert_many(rows)


def test_the_text_is_built_once_for_each_shape(workspace: Workspace) -> None:
    one, other = workspace.zone("a.org"), workspace.zone("b.org")
    account, both = one.account, frozenset({one.uuid, other.uuid})
    with texts_built() as built:
        for scope, name in (
            (EVERYTHING, None),
            (Scope(account), None),
            (Scope(None, both), None),
            (Scope(None, both, frozenset({"b.org"})), None),
            (EVERYTHING, "a.org"),
        ):
            expected = list(zones_within.build(scope, name))
            built.clear()
            first = zones_within(scope, name)
            assert len(built) == 1 and first == expected
            assert zones_within(scope, name) == expected and len(built) == 1
        assert zones_within(EVERYTHING, "b.org")[0].uuid == other.uuid and len(built) == 1, "another value, one text"
        assert zones_within(Scope(UUID(int=7)), None) == [] and len(built) == 1


def test_rows_have_the_values_and_related_rows_of_a_query(workspace: Workspace) -> None:
    zone = workspace.zone("a.org")
    for _ in range(2):
        row = zones_within.first(EVERYTHING, "a.org")
        assert row is not None and row.account.uuid == zone.account
        assert (row.uuid, row.created_at, row.deleted_at) == (zone.uuid, zone.created_at, None)
        assert (row.protected, row.dirty_fields) == (False, [])
    assert zones_within.first(EVERYTHING, "b.org") is None


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 1025])
def test_a_set_may_have_any_size(workspace: Workspace, size: int) -> None:
    zones = [workspace.zone(f"z{number}.org") for number in range(min(size, 5))]
    unknown = {UUID(int=number) for number in range(size - len(zones))}
    found = zones_with(frozenset({*(zone.uuid for zone in zones), *unknown}))
    assert [row.uuid for row in found] == [zone.uuid for zone in zones]


def test_few_texts_are_kept_for_sets(workspace: Workspace) -> None:
    workspace.zone()
    with texts_built() as built:
        for size in range(1, 129):
            zones_with(frozenset(UUID(int=number) for number in range(size)))
        assert len(built) <= 8


def test_values_are_written_as_their_columns_hold_them(workspace: Workspace) -> None:
    one, other = workspace.zone("a.org"), workspace.zone("b.org")
    moment = workspace.clock()
    assert update_comments(frozenset({one.uuid}), comment="new", deleted_at=moment, protected=True) == 1
    assert update_comments(frozenset({one.uuid, other.uuid}), comment="both", deleted_at=None, protected=False) == 2
    rows = read_rows(workspace.store.path, "select comment, deleted_at, protected from zone order by id")
    assert rows == [{"comment": "both", "deleted_at": None, "protected": 0}] * 2
    account = tables.Account.get().id
    rows_to_insert = [{"account": account, "digest": str(at), "created_at": moment} for at in range(5)]
    assert [insert_codes(part) for part in in_parts(rows_to_insert)] == [4, 1]
    stored = read_rows(workspace.store.path, "select digest, created_at, used_at from recovery_code order by id")
    assert [row["digest"] for row in stored] == list("01234")
    assert {row["used_at"] for row in stored} == {None} and len({row["created_at"] for row in stored}) == 1


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (7, [4, 2, 1]), (600, [256, 256, 64, 16, 8])])
def test_rows_are_written_in_parts_of_few_sizes(count: int, sizes: list[int]) -> None:
    parts = list(in_parts(range(count)))
    assert [len(part) for part in parts] == sizes and [one for part in parts for one in part] == list(range(count))


def test_a_deployment_builds_no_text_once_there_was_one(workspace: Workspace) -> None:
    zone, counts = workspace.zone(), []
    for name in ("a", "b"):
        position = journal.last()
        workspace.add(zone, "A", name, "192.0.2.1")
        with texts_built() as built:
            deploy(workspace, zone.uuid, position)
        counts.append(len(built))
    assert counts[1] == 0


def deploy(workspace: Workspace, uuid: UUID, position: int) -> None:
    """Read and store what the deployer does for a zone that changed since that position in the journal."""
    changed, _ = journal.zones_since(position)
    (status,) = deployments.statuses(changed)
    assert status.uuid == uuid
    with workspace.store.reading():
        compile_zone(zones.get_any(uuid), APEX)
        deployments.publication_of(uuid)
        deltas.since(uuid, status.serial, SERVERS)
    published = Publication(status.serial, "digest", "derived")
    done = deployments.attempt_columns(status.serial, None, published) | deployments.proof_columns(status.serial)
    now = workspace.clock()
    seen = [Observation(name, status.serial, NameserverState.LIVE, now) for name in ("ns1", "ns2")]
    with workspace.store.writing():
        deployments.store_all({uuid: done}, {uuid: seen})
        deployments.store_all({uuid: deployments.live_columns(status.serial, now)}, {})
        heartbeat.store(heartbeat.Heartbeat(now, now, 1, 0))
