"""`host prepare`: it creates what is missing, keeps what is there, and migrates without loss."""

from __future__ import annotations

import stat
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from playhouse import migrations

from appliance.errors import SettingsError, StoreError
from appliance.keys import read_key
from appliance.provision.bootstrap import catalog_file
from appliance.provision.prepare import prepare_host
from appliance.settings import Settings
from appliance.store.file import snapshot, sqlite
from appliance.store.file.schema import MIGRATIONS
from tests.provision.conftest import OWNERS

OLDEST = "0001_initial"
ADD_ACCOUNT = """
    insert into account (uuid, email, is_admin, zone_count, created_at)
    values (hex(randomblob(16)), hex(randomblob(16)), 0, 0, 0)
"""


def prepared(settings: Settings) -> list[str]:
    return list(prepare_host(settings, OWNERS))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_missing_is_created_once(settings: Settings) -> None:
    deployer = settings.deployer
    assert prepared(settings) == [
        f"the key {deployer.control_key}",
        f"the key {deployer.transfer_key}",
        f"the key {deployer.update_key}",
        f"the store {settings.store.path}",
        f"the catalog catalog.example.net in {catalog_file(deployer.zone_directory)}",
    ]
    kept = {path: path.read_bytes() for path in (deployer.control_key, catalog_file(deployer.zone_directory))}
    assert prepared(settings) == []
    assert kept == {path: path.read_bytes() for path in kept}


def test_a_catalog_file_of_a_former_name_is_replaced(settings: Settings) -> None:
    prepared(settings)
    file = catalog_file(settings.deployer.zone_directory)
    file.write_text(
        "$ORIGIN .\n$TTL 0\t; 0 seconds\ncatalog.example.net\tIN SOA\tinvalid. invalid. (\n\t9 60 10 9 0 )\n"
    )
    journal = file.with_name(f"{file.name}.jnl")
    journal.touch()
    assert prepared(settings) == []
    renamed = replace(settings, dns=replace(settings.dns, catalog="renamed.example.net"))
    assert prepared(renamed) == [f"the catalog renamed.example.net in {file}"]
    assert file.read_bytes().startswith(b"renamed.example.net. 0 IN SOA")
    assert not journal.exists()
    assert prepared(renamed) == []


def test_files_have_their_owners_and_modes(settings: Settings) -> None:
    prepared(settings)
    assert {mode(file) for file in settings.deployer.control_key.parent.iterdir()} == {0o640}
    assert {mode(file) for file in settings.store.path.parent.iterdir()} == {0o660}
    assert mode(catalog_file(settings.deployer.zone_directory)) == 0o644


def test_a_lost_file_is_created_again_and_the_others_are_kept(settings: Settings) -> None:
    prepared(settings)
    before = read_key(settings.deployer.control_key)
    settings.deployer.update_key.unlink()
    assert prepared(settings) == [f"the key {settings.deployer.update_key}"]
    assert read_key(settings.deployer.control_key) == before


def test_an_unreadable_key_is_reported(settings: Settings) -> None:
    settings.deployer.transfer_key.write_text("no key\n")
    with pytest.raises(SettingsError, match=r"transfer\.key: must hold exactly one key statement"):
        prepared(settings)
    assert settings.deployer.transfer_key.read_text() == "no key\n"


@pytest.mark.parametrize("folder", ["etc", "store", "zones"])
def test_a_missing_folder_is_reported(settings: Settings, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).rmdir()
    with pytest.raises(SettingsError, match=f"the folder {tmp_path / folder} is missing"):
        prepared(settings)


def test_a_lost_store_is_not_created_again(settings: Settings) -> None:
    prepared(settings)
    settings.store.path.unlink()
    with pytest.raises(StoreError, match="is missing or empty: restore a backup"):
        prepared(settings)
    settings.store.path.touch()
    with pytest.raises(StoreError, match="is missing or empty: restore a backup"):
        prepared(settings)
    assert settings.store.path.read_bytes() == b""


def test_a_damaged_store_stays_as_it_is(settings: Settings) -> None:
    prepared(settings)
    settings.store.path.write_bytes(b"no store at all" * 1000)
    with pytest.raises(StoreError, match="file is not a database"):
        prepared(settings)
    assert settings.store.path.read_bytes() == b"no store at all" * 1000


def test_an_older_store_is_copied_and_then_migrated(settings: Settings) -> None:
    at_oldest_tables(settings.store.path)
    newer = sorted(file.stem for file in MIGRATIONS.glob("[0-9]*.py"))[1:]
    aside = Path(f"{settings.store.path}.before-{newer[0]}")
    created = prepared(settings)
    assert f"a copy of the store before the migration, {aside}" in created
    assert [one for one in created if one.startswith("the migration")] == [
        f"the migration {one} of the store" for one in newer
    ]
    assert snapshot.unapplied_migrations(settings.store.path) == []
    assert snapshot.unapplied_migrations(aside) == newer
    assert mode(aside) == 0o600


def test_a_store_that_cannot_be_copied_is_not_migrated(settings: Settings) -> None:
    at_oldest_tables(settings.store.path)
    with closing(sqlite.connect(settings.store.path)) as writer, writer:
        writer.execute("drop table change")
    with pytest.raises(StoreError, match="is not an intact database"):
        prepared(settings)
    assert snapshot.unapplied_migrations(settings.store.path) != []


def test_the_former_release_writes_on_while_the_store_is_migrated(settings: Settings) -> None:
    at_oldest_tables(settings.store.path)
    ended, written = threading.Event(), 0

    def write_on() -> None:
        nonlocal written
        with closing(sqlite.connect(settings.store.path)) as writer:
            while not ended.wait(0.001) or written < 200:
                with writer:
                    writer.execute(ADD_ACCOUNT)
                written += 1

    former = threading.Thread(target=write_on)
    former.start()
    try:
        prepared(settings)
    finally:
        ended.set()
        former.join()
    with closing(sqlite.connect(settings.store.path)) as reader:
        assert reader.execute("select count(*) from account").fetchone() == (written,)
        assert reader.execute("pragma integrity_check").fetchone() == ("ok",)


def test_nameservers_in_the_settings_are_not_needed(settings: Settings) -> None:
    assert prepared(replace(settings, dns=replace(settings.dns, nameservers=())))


def at_oldest_tables(file: Path) -> None:
    """Create a store of the first release."""
    file.touch()
    older = sqlite.Database(sqlite.address(file), pragmas={"journal_mode": "wal"})
    migrations.Runner(older, str(MIGRATIONS)).up(target=OLDEST)
    older.close()
