"""Read every committed version of every zone from the store's journal, to compare answers with.

Contents are sets of (owner, type, TTL, data in wire form), without SOA and apex NS, `condensed`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import dns.rdata

from tests.soak.base_records import Row, condensed

Content = frozenset[Row]


@dataclass(slots=True)
class Journal:
    """`versions` by domain and serial; `sets`: every RRset that ever existed, by domain, owner and type."""

    versions: dict[tuple[str, int], Content] = field(default_factory=dict)
    sets: Mapping[tuple[str, str, str], set[Content]] = field(default_factory=lambda: defaultdict(set))
    newest: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    changes: int = 0


def read_journal(store: Path) -> tuple[Journal, list[str]]:
    """Return the journal and its violations: decreasing serials, records added twice or removed but absent."""
    journal, wrong = Journal(), []
    contents: dict[str, dict[str, Row]] = {}
    with closing(apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READONLY)) as database:
        if (verdict := database.execute("pragma integrity_check").get) != "ok":
            wrong.append(f"the database is damaged: {verdict}")
        query = (
            "select zone.uuid, zone.name, kind, change.serial, removed, added from change"
            " join zone on zone.id = change.zone_id order by change.id"
        )
        for uuid, domain, kind, serial, removed, added in database.execute(query):
            journal.changes += 1
            content = contents.setdefault(uuid, {})
            wrong += _apply(content, domain, json.loads(removed), json.loads(added))
            last = journal.newest.get(domain)
            if last and serial < last[1]:
                wrong.append(f"the serial of {domain} went from {last[1]} back to {serial} in the store")
            _add_version(journal, domain, serial, condensed(domain, content.values()))
            journal.newest[domain] = (uuid, serial, kind == "zone.delete")
    return journal, wrong


def row_of(domain: str, record: Mapping[str, Any]) -> Row:
    """Return the served form of a record of the API."""
    owner = f"{domain}." if record["name"] == "@" else f"{record['name']}.{domain}."
    value = record["value"]
    if record["record_type"] == "TXT":
        value = f'"{value}"'
    if record["priority"] is not None:
        value = f"{record['priority']} {value}."
    rdata = dns.rdata.from_text("IN", record["record_type"], value)
    return owner, record["record_type"], record["ttl"], rdata.to_wire() or b""


def _apply(content: dict[str, Row], domain: str, removed: list[Any], added: list[Any]) -> list[str]:
    wrong = [
        f"{domain}: the journal removes {record}, which does not exist"
        for record in removed
        if content.pop(record["uuid"], None) != row_of(domain, record)
    ]
    for record in added:
        if record["uuid"] in content:
            wrong.append(f"{domain}: the journal adds {record} twice")
        content[record["uuid"]] = row_of(domain, record)
    if len(set(content.values())) != len(content):
        wrong.append(f"{domain}: two records are identical")
    return wrong


def _add_version(journal: Journal, domain: str, serial: int, content: Content) -> None:
    journal.versions[domain, serial] = content
    sets: dict[tuple[str, str], set[Row]] = {}
    for row in content:
        sets.setdefault(row[:2], set()).add(row)
    for (owner, rdtype), rows in sets.items():
        journal.sets[domain, owner, rdtype].add(frozenset(rows))
