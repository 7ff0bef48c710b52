"""Every row of the table of hostile inputs gets its documented response, and an error changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.principal import TokenLimits
from appliance.store import accounts
from appliance.store.file import sqlite
from tests.api.conftest import Application, open_application
from tests.hostile import Answer, Row, Tokens, World, rows, run


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Application:
    """One application for all rows: each row removes what it created."""
    return open_application(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def world(application: Application) -> World:
    """The two accounts with their zones and tokens."""
    a, b = "a@example.org", "b@example.org"
    revoked = application.secret(a, "dns:*")
    with application.writing():
        found = accounts.find_token(revoked)
        assert found
        accounts.revoke_token(found.uuid, application.clock())
    tokens = Tokens(
        a=application.secret(a, "dns:*"),
        b=application.secret(b, "dns:*"),
        revoked=revoked,
        expired=application.secret(a, "dns:*", limits=TokenLimits(expires_at=application.clock() - timedelta(hours=1))),
        limited=application.secret(a, "dns:list", "dns:read"),
    )
    web = application.app.test_client()

    def client(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = web.open(path, method=method, headers=dict(headers), data=body)
        return answer.status_code, dict(answer.headers), answer.data

    world = World(client, tokens, catalog="catalog.appliance.test", nameserver_domain="appliance.test")
    assert world.call("GET", "/api/v1/dns-zones/", token=tokens.limited)[0] == 200  # its use is stored once a minute
    return world


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_row(row: Row, world: World, application: Application) -> None:
    before = _contents(application.settings.store.path)
    run(row, world)
    if row["status"] >= 400 and "setup" not in row:
        assert _contents(application.settings.store.path) == before


def _contents(path: Path) -> list[str]:
    """Return every row of the database."""
    with closing(sqlite.connect(path)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        return [f"{table} {row}" for table in tables for row in database.execute(f"select * from {table}")]  # noqa: S608
