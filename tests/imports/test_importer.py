"""Imports of zones into a store: each once, with its serial, and again without a change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from dns.name import Name

from appliance.imports.importer import Choices, Existing, Importer
from appliance.imports.results import Outcome, ZoneResult
from appliance.imports.source import SourceZone
from appliance.imports.zone_text import read_zone_text
from appliance.store import delegations, records, zones
from appliance.zones.model import Zone
from appliance.zones.names import parse_domain
from appliance.zones.rdata import ParsedRdata
from appliance.zones.serial import is_later
from tests.editing.test_transaction import in_thread
from tests.workspace import Workspace

SOA = "@ 3600 IN SOA ns.old.example. admin.old.example. 2099010107 3600 600 604800 300\n"


def source(domain: str, text: str, soa: str = SOA) -> SourceZone:
    """A zone of a source, with a SOA of the old server."""
    return SourceZone(domain, f"{domain}.zone", lambda: read_zone_text(soa + text, domain, f"{domain}.zone"))


def run(
    workspace: Workspace, *sources: SourceZone, choices: Choices | None = None
) -> tuple[dict[str, ZoneResult], list[str]]:
    """Import zones for the owner; return the results by domain, and the domains in their order."""
    importer = Importer(workspace.editor, lambda _: workspace.owner, choices or Choices())
    results = list(importer.run(sources))
    return {one.domain: one for one in results}, [one.domain for one in results]


def stored(domain: str) -> Zone:
    found = zones.get_by_name(parse_domain(domain))
    assert found
    return found


def rows(domain: str) -> set[str]:
    """The records of a zone as type, owner and value."""
    zone = stored(domain)
    return {f"{one.rdtype.name} {one.owner.relativize(zone.name)} {one.value}" for one in records.of_zone(zone)}


def details(result: ZoneResult) -> list[tuple[str, str]]:
    return [(one.where, one.text) for one in result.reasons]


def test_a_zone_is_created_with_a_serial_that_follows(workspace: Workspace) -> None:
    results, _ = run(workspace, source("example.com", "$TTL 900\n@ NS ns.old.example.\nwww A 192.0.2.1\n"))
    result = results["example.com"]
    assert (result.outcome, result.added) == (Outcome.IMPORTED, 2)
    zone = stored("example.com")
    assert is_later(zone.serial, 2099010107)
    assert (result.serial, zone.default_ttl, zone.account) == (zone.serial, 900, workspace.owner.account.uuid)
    assert rows("example.com") == {"NS @ ns.old.example", "A www 192.0.2.1"}
    assert workspace.journal() == [("zone.create", zone.serial)]
    assert ["keeps the nameservers ns.old.example" in one.text for one in result.notes] == [True]


def test_a_second_run_changes_nothing(workspace: Workspace) -> None:
    zone = source("example.com", "www A 192.0.2.1\nwww A 192.0.2.1\n")
    run(workspace, zone)
    before = workspace.rows()
    results, _ = run(workspace, zone)
    assert results["example.com"].outcome is Outcome.UNCHANGED
    assert workspace.rows() == before


def test_secondaries_that_do_not_follow_are_reported(workspace: Workspace) -> None:
    run(workspace, source("example.com", "www A 192.0.2.1\n"))
    serial = stored("example.com").serial

    def notes(of_source: int, existing: Existing = Existing.REFUSE) -> list[str]:
        soa = f"@ 3600 SOA ns.old. hostmaster.old. {of_source} 3600 600 86400 300\n"
        results, _ = run(workspace, source("example.com", "www A 192.0.2.1\n", soa), choices=Choices(existing=existing))
        assert results["example.com"].outcome is Outcome.UNCHANGED
        return [one.text for one in results["example.com"].notes]

    expected = f"its serial {serial} is not later than {{}} of the source: secondaries of the old server do not follow"
    assert notes(serial + 1) == [expected.format(serial + 1)]
    assert notes(serial) == notes(serial - 1) == [], "an export of this zone"
    assert notes(serial, Existing.MERGE) == [expected.format(serial)], "the zone may have more records"


def test_an_existing_zone_is_not_changed_without_a_choice(workspace: Workspace) -> None:
    run(workspace, source("example.com", "www A 192.0.2.1\n"))
    before = workspace.rows()
    other = source("example.com", "www A 192.0.2.2\n")
    results, _ = run(workspace, other)
    assert results["example.com"].outcome is Outcome.REFUSED
    assert "1 would be added, 0 changed, 1 removed" in details(results["example.com"])[0][1]
    assert workspace.rows() == before


def test_records_are_merged_or_replaced(workspace: Workspace) -> None:
    run(workspace, source("example.com", "www A 192.0.2.1\n"))
    other = source("example.com", "www A 192.0.2.2\nmail A 192.0.2.3\n")
    results, _ = run(workspace, other, choices=Choices(Existing.MERGE))
    merged = results["example.com"]
    assert (merged.outcome, merged.added, merged.removed) == (Outcome.UPDATED, 2, 0)
    assert rows("example.com") == {"A www 192.0.2.1", "A www 192.0.2.2", "A mail 192.0.2.3"}
    assert run(workspace, other, choices=Choices(Existing.MERGE))[0]["example.com"].outcome is Outcome.UNCHANGED
    results, _ = run(workspace, other, choices=Choices(Existing.REPLACE))
    assert (results["example.com"].added, results["example.com"].removed) == (0, 1)
    assert rows("example.com") == {"A www 192.0.2.2", "A mail 192.0.2.3"}
    assert "secondaries of the old server" not in str(results["example.com"].notes)


def test_a_merge_is_refused_where_it_breaks_a_rule(workspace: Workspace) -> None:
    run(workspace, source("example.com", "www A 192.0.2.1\nold CNAME a.example.net.\n"))
    other = source("example.com", "new A 192.0.2.2\nwww CNAME b.example.net.\nold A 192.0.2.3\n")
    results, _ = run(workspace, other, choices=Choices(Existing.MERGE))
    assert {where for where, _ in details(results["example.com"])} == {"example.com.zone:3", "example.com.zone:4"}
    results, _ = run(workspace, other, choices=Choices(Existing.MERGE, skip_refused=True))
    assert {one.where for one in results["example.com"].skipped} == {"example.com.zone:3", "example.com.zone:4"}
    assert rows("example.com") == {"A www 192.0.2.1", "CNAME old a.example.net", "A new 192.0.2.2"}


def test_a_large_removal_must_be_confirmed(workspace: Workspace) -> None:
    lines = [f"h{number} A 192.0.2.{number}\n" for number in range(10)]
    run(workspace, source("example.com", "".join(lines)))
    smaller = source("example.com", "".join(lines[:6]))
    results, _ = run(workspace, smaller, choices=Choices(Existing.REPLACE))
    assert details(results["example.com"]) == [
        ("example.com.zone", "4 of the zone's 10 records would be removed: use --confirm")
    ]
    results, _ = run(workspace, smaller, choices=Choices(Existing.REPLACE, confirmed=True))
    assert results["example.com"].removed == 4


def test_every_refused_record_is_reported_with_its_line(workspace: Workspace) -> None:
    text = "www A 192.0.2.999\nlua WKS 1\nok A 192.0.2.1\nmail MX 10 mail.example.net.\nok CNAME ok.example.net.\n"
    results, _ = run(workspace, source("example.com", text))
    assert results["example.com"].outcome is Outcome.REFUSED
    assert zones.get_by_name(parse_domain("example.com")) is None
    results, _ = run(workspace, source("example.com", text), choices=Choices(skip_refused=True))
    result = results["example.com"]
    assert result.outcome is Outcome.IMPORTED
    assert sorted(one.where for one in result.skipped) == [f"example.com.zone:{line}" for line in (2, 3, 6)]
    assert rows("example.com") == {"A ok 192.0.2.1", "MX mail mail.example.net"}
    assert (
        run(workspace, source("example.com", text), choices=Choices(skip_refused=True))[0]["example.com"].outcome
        is Outcome.UNCHANGED
    )


def test_zones_below_come_first_and_are_delegated_by_the_appliance(workspace: Workspace) -> None:
    above = source(
        "example.com", "dev NS ns.old.example.\ndev NS ns1.dev\nns1.dev A 192.0.2.1\nother NS ns.else.example.\n"
    )
    below = source("dev.example.com", "@ NS ns.old.example.\nns1 A 192.0.2.1\nwww A 192.0.2.2\n")
    for choices in (Choices(dry_run=True), Choices()):
        results, order = run(workspace, above, below, choices=choices)
        assert order == ["dev.example.com", "example.com"]
        assert [one.outcome for one in results.values()] == [Outcome.IMPORTED] * 2
        passed = [one.text for one in results["example.com"].passed_over]
        assert "3 records: at or below dev.example.com, which is a zone of its own" in passed
    assert rows("example.com") == {"NS other ns.else.example"}
    assert [one.name.to_text() for one in delegations.of_zone(stored("example.com"))] == ["dev.example.com."]
    assert {one.outcome for one in run(workspace, above, below)[0].values()} == {Outcome.UNCHANGED}


def test_a_dry_run_stores_nothing(workspace: Workspace) -> None:
    run(workspace, source("example.net", "www A 192.0.2.1\n"))
    before = workspace.rows()
    sources = [source("example.com", "www A 192.0.2.1\n"), source("example.net", "www A 192.0.2.2\n")]
    results, _ = run(workspace, *sources, choices=Choices(Existing.REPLACE, dry_run=True))
    assert {one.domain: (one.outcome, one.added) for one in results.values()} == {
        "example.com": (Outcome.IMPORTED, 1),
        "example.net": (Outcome.UPDATED, 1),
    }
    assert workspace.rows() == before


def test_own_nameservers_and_former_ones(workspace: Workspace) -> None:
    text = "@ NS NS1.appliance.test.\n@ NS ns.old.example.\nwww A 192.0.2.1\n"
    results, _ = run(workspace, source("example.com", text), choices=Choices(keep_ns=False))
    assert rows("example.com") == {"A www 192.0.2.1"}
    assert {one.text for one in results["example.com"].passed_over} == {
        "1 record: the appliance derives them",
        "1 record: former nameservers of the zone",
    }


def test_what_cannot_be_imported_is_refused_and_the_others_are_in(workspace: Workspace) -> None:
    workspace.editor.create_zone(workspace.stranger, "example.org")

    def unreadable() -> None:
        raise OSError(2, "No such file or directory", "db.example.net")

    sources: Iterable[SourceZone] = [
        source("example.org", "www A 192.0.2.1\n"),
        source("bad-.example", "www A 192.0.2.1\n"),
        SourceZone("example.net", "db.example.net", unreadable),  # type: ignore[arg-type]
        source("twice.example", "www A 192.0.2.1\n"),
        replace(source("twice.example", "www A 192.0.2.2\n"), where="other.zone"),
        source("example.com", "( unclosed\n"),
        source("good.example", "www A 192.0.2.1\n"),
    ]
    results, order = run(workspace, *sources)
    assert [domain for domain, one in results.items() if one.outcome is Outcome.IMPORTED] == ["good.example"]
    assert order.count("twice.example") == 2
    reasons = {domain: details(one) for domain, one in results.items()}
    assert reasons["twice.example"] == [("other.zone", "this zone is in twice.example.zone too")]
    assert reasons["example.org"] == [("example.org.zone", "the zone exists on another account")]
    assert "db.example.net" in reasons["example.net"][0][1]
    assert reasons["example.com"][0][1].startswith("example.com.zone:2: the bracket")


def test_a_zone_that_changes_meanwhile_is_not_overwritten(workspace: Workspace) -> None:
    run(workspace, source("example.com", "www A 192.0.2.1\n"))
    editor, zone, added = workspace.editor, stored("example.com"), ["new"]

    def parse(record_type: str, value: str, priority: int | None, origin: Name) -> ParsedRdata:
        if added:
            in_thread(workspace, partial(workspace.add, zone, "A", added.pop(), "192.0.2.9"))
        return editor.parse(record_type, value, priority, origin)

    importer = Importer(replace(editor, parse=parse), lambda _: workspace.owner, Choices(Existing.REPLACE))
    results = list(importer.run([source("example.com", "www A 192.0.2.2\n")]))
    assert details(results[0]) == [("example.com.zone", "the zone was changed meanwhile: import it again")]
    assert rows("example.com") == {"A www 192.0.2.1", "A new 192.0.2.9"}


def test_a_zone_without_records_is_filled(workspace: Workspace) -> None:
    workspace.zone("example.com")
    results, _ = run(workspace, source("example.com", "www A 192.0.2.1\n"))
    assert (results["example.com"].outcome, rows("example.com")) == (Outcome.UPDATED, {"A www 192.0.2.1"})
