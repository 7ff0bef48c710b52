"""`zone import` through the API: what is refused is named by its place in the source, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.api.auth import local_door
from appliance.app import create_app
from appliance.cli.local_api import LocalCarrier, open_local
from appliance.cli.options import now, opened
from appliance.cli.remote_import import RemoteImporter
from appliance.client import ApiClient
from appliance.imports.formats import Options, read_path
from appliance.imports.importer import Choices, Existing
from appliance.imports.results import Outcome, ZoneResult
from appliance.imports.source import SourceZone
from appliance.principal import Principal
from appliance.settings import read_settings
from appliance.store import accounts, records, zones
from appliance.web.context import context_of
from appliance.zones.names import parse_domain
from tests.cli.conftest import State

SOA = "@ 300 IN SOA ns.example.net. me.example.net. 1 1 1 1 1"
NAME = parse_domain("example.com")
CREATOR = frozenset({"dns:list", "dns:create"})


@pytest.fixture
def api(state: State) -> Iterator[ApiClient]:
    """A client for the owner of the state folder."""
    with open_local(read_settings(state.folder / "config.toml", {}), "owner@example.org", is_limited=True) as opened:
        yield opened


def source(folder: Path, *lines: str, domain: str = "example.com") -> list[SourceZone]:
    """Return the zone of a zone file of these lines after its SOA record."""
    file = folder / f"{domain}.zone"
    file.write_text("\n".join([SOA, *lines, ""]))
    return read_path(file, Options(domain=domain)).zones


def imported(api: ApiClient, folder: Path, *lines: str, **choices: object) -> ZoneResult:
    """Import a zone file of these lines after its SOA record."""
    (result,) = RemoteImporter(api, Choices(**choices)).run(source(folder, *lines))  # type: ignore[arg-type]
    return result


def values() -> list[str]:
    """Return the values of the records of the zone, in their order."""
    zone = zones.get_by_name(NAME)
    return sorted(one.value for one in records.of_zone(zone)) if zone else []


def test_a_refused_zone_leaves_nothing_and_names_the_line(api: ApiClient, tmp_path: Path) -> None:
    for lines, line, text in (
        (("www A 192.0.2.1", "www CNAME example.net."), 3, "CNAME"),
        (("www A 192.0.2.1", "www A 192.0.2.999"), 3, "192.0.2.999"),
    ):
        result = imported(api, tmp_path, *lines)
        assert result.outcome is Outcome.REFUSED
        (reason,) = result.reasons
        assert reason.where.endswith(f"example.com.zone:{line}") and text in reason.text
    assert zones.get_by_name(NAME) is None


def test_refused_records_are_left_out_if_that_is_chosen(api: ApiClient, tmp_path: Path) -> None:
    lines = ("www A 192.0.2.1", "www A 192.0.2.999", "www CNAME example.net.", "NS ns.example.net.", "x FOO bar")
    result = imported(api, tmp_path, *lines, skip_refused=True)
    assert (result.outcome, result.added) == (Outcome.IMPORTED, 1), result
    assert len(result.skipped) >= 1 and values() == ["192.0.2.1"]


def test_a_zone_that_exists_is_changed_as_chosen(api: ApiClient, tmp_path: Path) -> None:
    lines = [f"www{number} A 192.0.2.{number}" for number in range(10)]
    assert imported(api, tmp_path, *lines, dry_run=True).added == 10
    assert zones.get_by_name(NAME) is None
    first = imported(api, tmp_path, *lines)
    assert (first.outcome, first.added, first.serial) == (Outcome.IMPORTED, 10, zones.get_by_name(NAME).serial)  # type: ignore[union-attr]
    assert imported(api, tmp_path, *lines).outcome is Outcome.UNCHANGED
    refused = imported(api, tmp_path, *lines[:5])
    assert "use --merge or --replace" in refused.reasons[0].text
    large = imported(api, tmp_path, *lines[:5], existing=Existing.REPLACE)
    assert large.reasons[0].text == "this file would remove 5 of the 10 records: use --confirm"
    planned = imported(api, tmp_path, *lines[:5], existing=Existing.REPLACE, confirmed=True, dry_run=True)
    assert (planned.removed, len(values())) == (5, 10)
    merged = imported(api, tmp_path, "new A 192.0.2.99", existing=Existing.MERGE)
    assert (merged.outcome, merged.added, merged.removed) == (Outcome.UPDATED, 1, 0)
    replaced = imported(api, tmp_path, *lines[:5], existing=Existing.REPLACE, confirmed=True)
    assert (replaced.removed, len(values())) == (6, 5)


def test_nameservers_of_the_former_host_are_dropped_if_that_is_chosen(api: ApiClient, tmp_path: Path) -> None:
    lines = ("@ NS old.example.net.", "sub NS ns.example.net.")
    assert imported(api, tmp_path, *lines, keep_ns=False).added == 1
    assert values() == ["ns.example.net"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_zone_has_no_records_of_the_zones_below_it(api: ApiClient, tmp_path: Path, *, dry_run: bool) -> None:
    below = source(tmp_path, "www A 192.0.2.1", domain="dev.example.com")
    above = source(tmp_path, "dev NS ns.old.example.", "www.dev A 192.0.2.1", "xdev A 192.0.2.2")
    results = list(RemoteImporter(api, Choices(dry_run=dry_run)).run([*above, *below]))
    assert [(one.domain, one.outcome, one.added) for one in results] == [
        ("dev.example.com", Outcome.IMPORTED, 1),
        ("example.com", Outcome.IMPORTED, 1),
    ]
    assert "2 records: at or below dev.example.com" in results[1].passed_over[0].text
    assert values() == ([] if dry_run else ["192.0.2.2"])


def test_a_zone_that_two_sources_have_is_imported_once(api: ApiClient, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    sources = [*source(tmp_path, "www A 192.0.2.1"), *source(tmp_path / "other", "www A 192.0.2.2")]
    _, second = RemoteImporter(api, Choices(existing=Existing.REPLACE)).run(sources)
    assert (second.outcome, values()) == (Outcome.REFUSED, ["192.0.2.1"])
    assert second.reasons[0].text == f"this zone is in {tmp_path}/example.com.zone too"


def test_a_zone_that_was_created_and_not_filled_is_filled(api: ApiClient, tmp_path: Path) -> None:
    api.call("POST", "/dns-zones/", {"domain": "example.com"})
    result = imported(api, tmp_path, "www A 192.0.2.1")
    assert (result.outcome, result.added, values()) == (Outcome.UPDATED, 1, ["192.0.2.1"])


def test_a_zone_that_cannot_be_withdrawn_is_reported_with_what_was_refused(state: State, tmp_path: Path) -> None:
    settings = read_settings(state.folder / "config.toml", {})
    with opened(settings):
        creator = replace(Principal.local("test", accounts.find_account("owner@example.org")), permissions=CREATOR)
        app = create_app(settings, now, door=local_door(creator))
        result = imported(ApiClient(LocalCarrier(app)), tmp_path, "www A 192.0.2.1", "www CNAME example.net.")
        context_of(app).store.close()
    (reason,) = result.reasons
    assert "CNAME" in reason.text and "the zone was created and stays empty: this token lacks" in reason.text


def test_nameservers_that_are_kept_are_noted_but_for_those_of_the_appliance(api: ApiClient, tmp_path: Path) -> None:
    (note,) = imported(api, tmp_path, "@ NS ns1.appliance.test.", "@ NS old.example.net.").notes
    assert note.text.startswith("old.example.net is a nameserver of example.com and none of the appliance")
