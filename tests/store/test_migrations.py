"""Stores of former releases, brought to the tables of this one with what is in them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from playhouse import migrations

from appliance.store import accounts, credentials, sessions, sqlite
from appliance.store.database import MIGRATIONS, Store
from tests.desk import Clock

UUID = "00000000000040008000000000000001"


def former_store(path: Path, last: str) -> None:
    """A store as it was after the migrations up to `last`, with an account and a token."""
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
        writer.execute("insert into account values (1, ?, 'me@example.org', 1, 'a hash', 0, 0, null)", (UUID,))
        writer.execute(
            "insert into token (uuid, account_id, name, prefix, digest, permissions, created_at)"
            " values (?, 1, 'old', 'vps_', ?, '[]', 0)",
            (UUID, accounts.digest("vps_old")),
        )


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
        assert credentials.take_step(known.account.uuid, 1)
        sessions.begin(known.account, "secret", clock(), "192.0.2.1", "a browser")
        assert sessions.find("secret", clock())
