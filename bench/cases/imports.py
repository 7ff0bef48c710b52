"""Import a large zone from a zone file, over HTTP, until each nameserver serves its last record."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cases.timing import until_served
from bench.run import Run, Side
from bench.series import Series
from bench.systems.system import Content
from bench.systems.watcher import has_address, query


def imports(run: Run) -> Iterator[Series]:
    """Yield the series of one import."""
    run.ensure([])
    content = Content("imported.example", run.scale.imported)
    yield from run.interleave(
        "zone file imported", f"{content.records:,} records", lambda side, _: _import(content, side), 1
    )


def _import(content: Content, side: Side) -> dict[str, float]:
    *_, (host, address) = content.hosts()
    message, domain = query(f"{host}.{content.domain}", "A"), content.domain
    return until_served(
        side, domain, lambda: side.client.import_zone(content), message, has_address(address), is_new=True
    )
