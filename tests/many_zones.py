"""Insert many zones at once, without any check, for tests of what must not grow with the number of zones."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from appliance.store import name_keys, tables
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from tests.workspace import current_database

_ROWS = 500
"""Rows inserted by one statement."""


def add_zones(store: Store, like: Zone, domains: Iterable[str], **columns: Any) -> None:  # noqa: ANN401 - of several types
    """Insert zones of these domains: copies of `like` except for `columns`. This thread must be connected."""
    with store.writing():
        found: Any = tables.Zone.select().where(tables.Zone.uuid == like.uuid).dicts()
        row = found.get()
        del row["id"]
        rest = iter(domains)
        while part := list(itertools.islice(rest, _ROWS)):
            tables.Zone.insert_many([{**row, **columns, **_named(domain)} for domain in part]).execute()
        _count(row["account"])


def make_all_live(store: Store, nameservers: Sequence[str]) -> None:
    """Store that all these nameservers serve every zone at its serial. This thread must be connected."""
    database = current_database()
    with store.writing():
        database.execute_sql(
            "insert or replace into deployment (zone_id, serial, live_serial, live_at)"
            " select id, serial, serial, queued_at from zone where deleted_at is null"
        )
        for name in nameservers:
            database.execute_sql(
                "insert or replace into observation (zone_id, nameserver, serial, state, checked_at, answered)"
                " select id, ?, serial, 'live', queued_at, 1 from zone where deleted_at is null",
                (name,),
            )


def _named(domain: str) -> dict[str, Any]:
    return {"uuid": uuid4(), "name": domain, "name_key": name_keys.domain_key(name_keys.domain_from(domain))}


def _count(account: int) -> None:
    """Set the counter of the account to the number of its zones."""
    current_database().execute_sql(
        "update account set zone_count = (select count(*) from zone where account_id = ? and deleted_at is null)"
        " where id = ?",
        (account, account),
    )
