"""The impact in dry runs: of changes, restore, undo and import."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.api.change_schemas import AnswerChange
from tests.api.conftest import Application, Bearer

Json = dict[str, Any]
CHANGES = {"changes": [{"action": "create", "record_type": "TXT", "name": "www", "value": "x"}]}


@pytest.fixture
def zone(me: Bearer) -> Json:
    """A zone with a wildcard."""
    zone = me.zone("example.com")
    me.record(zone, "A", "*", "192.0.2.1", ttl=300)
    return zone


def test_a_dry_run_lists_the_answers_that_change(me: Bearer, zone: Json) -> None:
    path = f"/dns-zones/{zone['uuid']}/changes/"
    planned = me("POST", f"{path}?dry_run=true", CHANGES).get_json()
    assert planned["impact"][0] == {
        "name": "www",
        "type": "A",
        "before": ["*.example.com. 300 IN A 192.0.2.1"],
        "after": "NODATA",
        "why": "wildcard-ends",
        "detail": "the wildcard *.example.com no longer answers for www.example.com, which exists now",
        "cached_for": 300,
    }
    assert list(planned["impact"][0]) == list(AnswerChange().fields)
    assert [(one["name"], one["type"]) for one in planned["impact"]] == [("www", "A"), ("www", "TXT"), ("*.www", "A")]
    assert me("POST", path, CHANGES).get_json()["impact"] is None


def test_restore_and_undo_have_it_too(me: Bearer, zone: Json) -> None:
    path = f"/dns-zones/{zone['uuid']}"
    done = me("POST", f"{path}/changes/", CHANGES).get_json()
    former = me("GET", f"{path}/versions/").get_json()[1]["serial"]
    planned = [
        me("POST", f"{path}/versions/{call}/?dry_run=true").get_json()
        for call in (f"{former}/restore", f"{done['serial']}/undo")
    ]
    for plan in planned:
        assert [one["why"] for one in plan["impact"]] == ["wildcard-begins"] * 3
    assert me("GET", f"{path}/versions/{done['serial']}/").get_json()["impact"] is None


def test_the_import_of_a_zone_file_has_it_too(me: Bearer, zone: Json) -> None:
    path = f"/dns-zones/{zone['uuid']}/zonefile/"
    text = f"{me('GET', path).text}www.example.com. 300 IN TXT x\n"
    planned = me("PUT", f"{path}?dry_run=true", data=text, content_type="text/dns").get_json()
    assert [(one["name"], one["why"]) for one in planned["impact"]] == [
        *(("www", "wildcard-ends"), ("www", "wildcard-ends")),
        ("*.www", "wildcard-ends"),
    ]


def test_a_token_that_may_not_read_sees_no_impact(application: Application, zone: Json) -> None:
    blind = application.bearer("me@example.org", "dns:update")
    planned = blind("POST", f"/dns-zones/{zone['uuid']}/changes/?dry_run=true", CHANGES).get_json()
    assert planned["added"] and planned["impact"] is None
