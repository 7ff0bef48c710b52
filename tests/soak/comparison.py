"""Compare what an appliance has after a storm with what was acknowledged: store, both nameservers, and the disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import dns.name

from appliance.errors import CommandError
from appliance.queries.transfer import axfr
from tests.pair import wait_for
from tests.soak.base_records import Row, condensed
from tests.soak.disk import content_on_disk
from tests.soak.journal import Content, Journal, row_of
from tests.soak.part_run import PartRun
from tests.soak.watchers import Watcher, content_of
from tests.soak.writers import TTL, Acknowledged, Entry, Writer


def expected_contents(
    part: PartRun, writers: Iterable[Writer], base: Mapping[str, Sequence[Row]]
) -> dict[tuple[str, str], Content]:
    """Return the acknowledged content of each zone, by domain and uuid; `base` has the records of zones before.

    Check that the store has the same.
    """
    entries: dict[tuple[str, str], list[Entry]] = {}
    for writer in writers:
        for share in writer.shares:
            found = writer.read(share)
            is_same = found == (share.uuid, share.entries)
            part.check(is_same, f"{share.domain} {share.mark}: the store has {found}, acknowledged is {share}")
            if share.uuid is not None:
                entries.setdefault((share.domain, share.uuid), []).extend(share.entries.values())
    return {
        (domain, uuid): condensed(domain, [*(served_row(domain, one) for one in found), *base.get(domain, ())])
        for (domain, uuid), found in entries.items()
    }


def compare_served(part: PartRun, watcher: Watcher, domain: str, expected: Content) -> None:
    """Check the transfer of the zone from the nameserver of the watcher."""
    try:
        rows = axfr(watcher.server, dns.name.from_text(domain), watcher.key, timeout=30)
    except CommandError as failed:
        part.wrong(f"{watcher.server.name} does not serve {domain}: {failed}")
        return
    served = content_of(domain, rows)[1]
    part.check(
        served == expected,
        f"{watcher.server.name}: {domain} is missing {expected - served}, has unexpected {served - expected}",
    )


def compare_disk(part: PartRun, file: Path, domain: str, expected: Content) -> None:
    """Check file and journal of the zone; one of them may just be replaced, behind what is served."""
    try:
        wait_for(lambda: content_on_disk(file, domain) == expected, "")
    except AssertionError:
        part.wrong(f"on disk, {domain} has {content_on_disk(file, domain)}, acknowledged is {expected}")


def lost_writes(journal: Journal, acknowledged: Iterable[Acknowledged]) -> list[str]:
    """Return acknowledged changes that are not in the version of their serial."""
    return [
        f"lost: {one}"
        for one in acknowledged
        if (served_row(one.domain, one.entry) in journal.versions.get((one.domain, one.serial), ())) != one.exists
    ]


def served_row(domain: str, entry: Entry) -> Row:
    """Return the served form of an entry."""
    record_type, name, value, priority = entry
    return row_of(domain, {"record_type": record_type, "name": name, "value": value, "priority": priority, "ttl": TTL})
