"""Migrations of stores of former releases, with their rows."""

from __future__ import annotations

import uuid
from contextlib import closing
from pathlib import Path

from playhouse import migrations

from appliance.principal import EVERYTHING, Principal, TokenLimits
from appliance.store import (
    accounts,
    audit,
    columns,
    credentials,
    deployments,
    holds,
    journal,
    sessions,
    statistics,
    tables,
    zones,
)
from appliance.store.file import snapshot, sqlite
from appliance.store.file.database import Store
from appliance.store.file.schema import MIGRATIONS
from appliance.zones.deployment import DeploymentState, NameserverState, Observation
from tests.cluster.releases import LEFT_OUT
from tests.workspace import Clock

UUID = "00000000000040008000000000000001"


def former_store(path: Path, last: str) -> None:
    """Create a store with the migrations up to `last`, with an account and a token."""
    former = path.parent / "former"
    former.mkdir()
    for file in MIGRATIONS.glob("[0-9]*.py"):
        if file.name[:4] <= last:
            (former / file.name).write_bytes(file.read_bytes())
    path.touch()
    database = sqlite.Database(sqlite.address(path), pragmas={"journal_mode": "wal"})
    migrations.run(database, str(former))
    database.close()
    with closing(sqlite.connect(path)) as writer, writer:
        writer.execute(
            "insert into account (id, uuid, email, is_admin, password_hash, zone_count, created_at)"
            " values (1, ?, 'me@example.org', 1, 'a hash', 0, 0)",
            (UUID,),
        )
        writer.execute(
            "insert into token (uuid, account_id, name, prefix, digest, permissions, created_at)"
            " values (?, 1, 'old', 'vps_', ?, '[]', 0)",
            (UUID, accounts.digest("vps_old")),
        )


def test_the_journal_of_a_former_release_is_of_format_1(tmp_path: Path) -> None:
    path, clock = tmp_path / "store.sqlite3", Clock()
    former_store(path, "0004")
    with closing(sqlite.connect(path)) as writer:
        writer.execute(
            "insert into zone values (1, ?, 1, 'old.example', 'example.old.', 1, 1, 60, 0, '', 0, 0, 0, 0, null)",
            (UUID,),
        )
        writer.execute(
            "insert into change values (1, ?, 1, 'records', 1, null, 'me', '', '', 0, '[]', ?)",
            (UUID, '[{"name": "www", "value": "192.0.2.1"}]'),
        )
    store = Store(path)
    store.create_or_migrate()
    with store.writing():
        (zone,), _ = zones.find(EVERYTHING, zones.Page())
        journal.append(zone, journal.CREATE, Principal.local("me"), clock())
        old, new = tables.Change.select().order_by(tables.Change.id)
        assert (old.format, old.settings, old.added[0]["name"]) == (1, None, "www")
        assert (new.format, new.settings["after"]["default_ttl"]) == (2, 60)
        assert [(entry.kind, entry.added) for entry in audit.find(EVERYTHING, zones.Page())[0]] == [
            (journal.CREATE, 0),
            ("records", 1),
        ]


def test_zones_have_a_time_of_change_and_no_publication(tmp_path: Path) -> None:
    path, clock = tmp_path / "store.sqlite3", Clock()
    former_store(path, "0004")
    moment = columns.Instant().db_value(clock())
    with closing(sqlite.connect(path)) as writer, writer:
        writer.execute(
            "insert into zone values (1, ?, 1, 'example.com', 'com.example', 7, 1, 3600, 0, '', 0, 0, 0, 0, null)",
            (UUID,),
        )
        writer.execute("insert into deployment values (1, 7, 7, ?, null, null)", (moment,))
        writer.execute("insert into outcome values (1, 'ns1', 7, 'live', ?)", (moment,))
    store = Store(path)
    store.create_or_migrate()
    with store.connection(), store.reading():
        zone = zones.get_any(uuid.UUID(UUID))
        deployment = deployments.of_zones([zone], ["ns1"])[zone.uuid]
        assert deployment.state is DeploymentState.LIVE
        assert deployment.nameservers == [Observation("ns1", 7, NameserverState.LIVE, clock(), clock(), answered=False)]
        assert deployments.publication_of(zone.uuid) is None
        assert [status.proven for status in deployments.statuses()] == [None]


def test_accounts_gain_second_factors_and_sessions(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    former_store(path, "0002")
    store, clock = Store(path), Clock()
    store.create_or_migrate()
    with store.connection(), store.writing():
        known = credentials.find("me@example.org")
        token = accounts.find_token("vps_old")
        assert known and token and token.account == known.account
        assert (known.password_hash, known.is_first, known.totp_secret) == ("a hash", False, None)
        assert credentials.use_totp_step(known.account.uuid, 1)
        sessions.begin(known.account, "secret", clock(), "192.0.2.1", "a browser")
        assert sessions.find("secret", clock())


def test_zones_of_a_former_release_are_not_held(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    former_store(path, "0008")
    with closing(sqlite.connect(path)) as writer, writer:
        writer.execute(
            "insert into zone values (1, ?, 1, 'example.com', 'com.example.', 7, 1, 3600, 0, '', 0, 0, 0, 0, null)",
            (UUID,),
        )
    store = Store(path)
    store.create_or_migrate()
    with store.reading():
        assert holds.due(None, 9) == [] and len(deployments.statuses()) == 1


def test_a_token_of_a_former_release_keeps_its_limits(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    former_store(path, "0008")
    with closing(sqlite.connect(path)) as writer, writer:
        writer.execute("update token set record_types = '[\"TXT\"]'")
    store = Store(path)
    store.create_or_migrate()
    with store.connection():
        token = accounts.find_token("vps_old")
    assert token and token.limits == TokenLimits(record_types=("TXT",))


def test_the_last_use_of_a_token_of_a_former_release_was_at_the_api(tmp_path: Path) -> None:
    path, used_at = tmp_path / "store.sqlite3", Clock()()
    former_store(path, "0018")
    with closing(sqlite.connect(path)) as writer, writer:
        writer.execute("update token set last_used_at = ?", (columns.Instant().db_value(used_at),))
        writer.execute(
            "insert into token (uuid, account_id, name, prefix, digest, permissions, created_at)"
            " values (?, 1, 'unused', 'vps_', 'x', '[]', 0)",
            (UUID.replace("1", "2"),),
        )
    store = Store(path)
    store.create_or_migrate()
    with store.connection():
        assert [token.last_uses for token in accounts.list_tokens()] == [(("api", used_at),), ()]


def test_a_migration_that_was_left_out_is_applied_later(tmp_path: Path) -> None:
    """As in the upgrade test of the cluster, whose previous release lacks one that is not the last."""
    path, others = tmp_path / "store.sqlite3", tmp_path / "others"
    others.mkdir()
    for file in MIGRATIONS.glob("[0-9]*.py"):
        if file.stem != LEFT_OUT:
            (others / file.name).write_bytes(file.read_bytes())
    path.touch()
    database = sqlite.Database(sqlite.address(path), pragmas={"journal_mode": "wal"})
    migrations.run(database, str(others))
    database.close()
    assert snapshot.unapplied_migrations(path) == [LEFT_OUT]
    Store(path).create_or_migrate()
    assert snapshot.unapplied_migrations(path) == []


def test_what_reverted_a_change_is_unknown_in_a_former_release(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    former_store(path, "0017")
    with closing(sqlite.connect(path)) as writer, writer:
        writer.execute("pragma foreign_keys = off")
        writer.execute("insert into pending_change (change_id, due_at, reverted_at) values (1, 0, 1)")
    Store(path).create_or_migrate()
    with closing(sqlite.connect(path)) as reader:
        assert list(reader.execute("select change_id, reverted_at, reverted_by from pending_change")) == [(1, 1, None)]


def test_a_token_of_a_former_release_has_no_tsig_key(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    former_store(path, "0018")
    store = Store(path)
    store.create_or_migrate()
    with store.connection():
        token = accounts.find_token("vps_old")
        assert token and not token.has_tsig_key and accounts.find_tsig_key(token.uuid) is None


def test_zones_of_a_former_release_that_are_not_live_are_found(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    former_store(path, "0025")
    zone = "insert into zone values (?, ?, 1, ?, ?, 7, 1, 60, 0, '', 0, 0, 0, 0, ?)"
    deployed = "insert into deployment (zone_id, live_serial, removed_at) values (?, ?, ?)"
    rows = [("live", None, 7, None), ("changed", None, 6, None), ("new", None, None, None), ("gone", 1, 7, 1)]
    with closing(sqlite.connect(path)) as writer, writer:
        for number, (name, deleted_at, live_serial, removed_at) in enumerate([*rows, ("deleted", 1, 7, None)], 1):
            writer.execute(zone, (number, f"{number:032}", name, f"{name}.", deleted_at))
            if live_serial:
                writer.execute(deployed, (number, live_serial, removed_at))
    store = Store(path)
    store.create_or_migrate()
    with store.connection(), store.reading():
        assert [str(late.name) for late in statistics.late_zones(9)] == ["changed.", "new.", "deleted."]
        assert [row.zone.id for row in tables.UnsettledZone.select()] == [2, 3, 5]
