"""Very many zones, put into a store at once and past every check, for what shall not grow with their number."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from appliance.store import name_keys, tables
from appliance.store.file.database import Store
from appliance.zones.model import Zone

_ROWS = 500
"""Rows of one statement."""


def add_zones(store: Store, like: Zone, domains: Iterable[str], **columns: Any) -> None:  # noqa: ANN401 - of several types
    """Zones of these domains, in all else like one that is there but for these columns; this thread is connected."""
    with store.writing():
        found: Any = tables.Zone.select().where(tables.Zone.uuid == like.uuid).dicts()
        row = found.get()
        del row["id"]
        rest = iter(domains)
        while part := list(itertools.islice(rest, _ROWS)):
            tables.Zone.insert_many([{**row, **columns, **_named(domain)} for domain in part]).execute()
        _count(store, row["account"])


def make_all_live(store: Store, nameservers: Sequence[str]) -> None:
    """Every zone as it is once all these nameservers serve it; this thread is connected."""
    with store.writing():
        store._db.execute_sql(
            "insert or replace into deployment (zone_id, serial, live_serial, live_at)"
            " select id, serial, serial, queued_at from zone where deleted_at is null"
        )
        for name in nameservers:
            store._db.execute_sql(
                "insert or replace into observation (zone_id, nameserver, serial, state, checked_at, answered)"
                " select id, ?, serial, 'live', queued_at, 1 from zone where deleted_at is null",
                (name,),
            )


def _named(domain: str) -> dict[str, Any]:
    return {"uuid": uuid4(), "name": domain, "name_key": name_keys.domain_key(name_keys.domain_from(domain))}


def _count(store: Store, account: int) -> None:
    store._db.execute_sql(
        "update account set zone_count = (select count(*) from zone where account_id = ? and deleted_at is null)"
        " where id = ?",
        (account, account),
    )
