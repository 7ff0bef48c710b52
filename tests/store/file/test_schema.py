"""A store that a newer release has migrated is refused, with the last migration of both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from appliance import __version__
from appliance.errors import StoreError
from appliance.store.file import schema, snapshot, sqlite
from appliance.store.file.database import Store

FUTURE = "9999_future"


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A store with a migration that this release does not have."""
    path = tmp_path / "store.sqlite3"
    Store(path).create_or_migrate()
    with closing(sqlite.connect(path)) as writer, writer:
        writer.execute("insert into schema_migration (name, applied) values (?, '2031-01-01')", (FUTURE,))
    return path


@pytest.mark.parametrize(
    "use",
    [
        lambda path: Store(path).create_or_migrate(),
        lambda path: Store(path).attach(),
        lambda path: Store(path).keep(),
        snapshot.verify,
        lambda path: snapshot.copy_store(path, snapshot_of(path)),
    ],
)
def test_every_use_names_both_versions(newer: Path, use: Callable[[Path], None]) -> None:
    with pytest.raises(StoreError) as refused:
        use(newer)
    for part in (str(newer), FUTURE, __version__, max(schema.known())):
        assert part in str(refused.value)


def snapshot_of(path: Path) -> Path:
    copy = path.with_name("copy")
    copy.touch()
    return copy


def test_a_store_of_this_release_lacks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    Store(path).create_or_migrate()
    with closing(sqlite.connect(path)) as reader:
        assert schema.applied(reader) == schema.known()
        assert schema.unapplied(reader) == []


def test_a_file_without_tables_is_not_newer(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    path.touch()
    schema.refuse_newer_file(path)
    schema.refuse_newer_file(tmp_path / "missing")
    with closing(sqlite.connect(path)) as reader:
        assert schema.applied(reader) == set()
