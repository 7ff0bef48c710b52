"""Pages of zones: the list, a new zone, settings, deletion and deployment; zones of other accounts are not found."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import dns.name
import pytest

from appliance.store import holds, observations, zones
from appliance.web.context import context_of
from appliance.zones.deployment import NameserverState, Observation
from appliance.zones.ownership import HoldReason
from tests.api.conftest import NS1, NS2
from tests.console.conftest import Browser, Console, texts
from tests.console.zone_page import open_page
from tests.deployed import store_attempt, store_live, store_observations
from tests.signing import at_parent, key, signed, store_signing

ME, OTHER = "me@example.org", "other@example.org"
HOSTILE = '<script>alert("1")</script>'


@pytest.fixture
def me(console: Console) -> Browser:
    """A browser of the first account."""
    return console.signed_in(ME)


def new_zone(browser: Browser, domain: str = "example.com") -> str:
    """Create a zone, and return its path."""
    created = browser.send("/zones/new/", {"domain": domain})
    assert created.status_code == 303, created.text
    return str(created.location)


def domains(browser: Browser, query: str = "") -> list[str]:
    return texts(browser.get(f"/zones/{query}"), r'class="name" href="[^"]*">([^<]*)')


def test_a_zone_is_created_and_listed(me: Browser) -> None:
    assert "No zones yet" in me.get("/zones/").text
    new_zone(me, " bücher.example "), new_zone(me, "a.example")
    assert domains(me) == ["a.example", "bücher.example"]
    assert domains(me, "?search=BÜCHER") == domains(me, "?search=kva") == ["bücher.example"]
    assert domains(me, "?state=live") == [] and len(domains(me, "?state=pending")) == 2
    assert "No matching zones" in me.get("/zones/?search=nothing").text
    assert len(domains(me, "?state=nonsense&page=0")) == 2


def test_every_page_of_a_zone_shows_the_a_labels_of_its_domain(me: Browser) -> None:
    zone = new_zone(me, "аррӏе.example")
    for path in (
        "/zones/",
        *(f"{zone}{page}" for page in ("", "delete/", "settings/", "changes/", "ask/", "delegation/")),
    ):
        page = me.get(path)
        assert page.status_code == 200 and "xn--80ak6aa92e.example" in page.text, path


def test_records_that_a_new_zone_would_hide_move_along_once_that_is_confirmed(me: Browser) -> None:
    parent, domain = new_zone(me, "splitting.example"), "sub.splitting.example"
    assert "Zones below" not in me.get(parent).text
    for name in ("www.sub", "other"):
        fields = {"name": name, "part_value": "192.0.2.1", "ttl": ""}
        assert me.send(f"{parent}records/new/?type=A", fields).status_code == 303
    refused = me.send("/zones/new/", {"domain": domain})
    assert refused.status_code == 400 and "A www.sub.splitting.example" in refused.text
    assert f'name="take_records" value="{domain}">' in refused.text
    other = me.send("/zones/new/", {"domain": domain, "take_records": "another.example"})
    assert other.status_code == 400, "the confirmation is of another domain"
    created = me.send("/zones/new/", {"domain": domain, "take_records": domain})
    assert created.status_code == 303
    assert ">www<" in me.get(str(created.location)).text and ">other<" not in me.get(str(created.location)).text
    assert "Zones below" in me.get(parent).text and str(created.location) in me.get(parent).text


def test_a_refused_domain_is_reported_at_its_field(me: Browser, console: Console) -> None:
    new_zone(me)
    for domain, words in (
        ("example.com", "already exists"),
        ("com", "top-level domain"),
        ("", "empty"),
        (HOSTILE, "label"),
    ):
        refused = me.send("/zones/new/", {"domain": domain})
        assert refused.status_code == 400 and words in refused.text and 'id="domain-error"' in refused.text
        assert HOSTILE not in refused.text


def test_operators_see_the_owner_of_each_zone(me: Browser, console: Console) -> None:
    operator, other = console.signed_in("op@example.org", is_admin=True), console.signed_in(OTHER)
    zone, own = new_zone(me), new_zone(operator, "own.example")
    new_zone(other, "other.example")
    listed = operator.get("/zones/")
    assert texts(listed, r'data-label="Owner"><a href="[^"]*">([^<]*)') == [ME, OTHER, "op@example.org"]
    assert domains(operator, "?owner=ME@example") == ["example.com"]
    assert domains(operator, f"?owner={OTHER}&search=example.com") == []
    assert "No matching zones" in operator.get("/zones/?owner=nobody").text
    assert domains(me, f"?owner={OTHER}") == ["example.com"] and "Owner" not in me.get("/zones/").text
    for page in ("", "settings/", "delete/", "changes/", "ask/", "delegation/", "records/new/"):
        assert texts(operator.get(f"{zone}{page}"), r"You are editing a zone of <a [^>]*>([^<]*)") == [ME], page
        assert "You are editing" not in operator.get(f"{own}{page}").text + me.get(f"{zone}{page}").text
    assert "/zones/?owner=me%40example.org" in operator.get("/people/").text.replace("@", "%40")


def test_an_operator_confirms_a_domain_that_only_operators_may_create(me: Browser, console: Console) -> None:
    operator = console.signed_in("op@example.org", is_admin=True)
    for domain in ("com", "co.uk", "x.appliance.test"):
        asked = operator.send("/zones/new/", {"domain": domain})
        assert asked.status_code == 400 and "only an operator can create it" in asked.text
        assert texts(asked, r'name="confirmed" value="([^"]*)"') == [domain]
        assert operator.send("/zones/new/", {"domain": domain, "confirmed": "net"}).status_code == 400
        assert operator.send("/zones/new/", {"domain": domain, "confirmed": domain}).status_code == 303
        refused = me.send("/zones/new/", {"domain": domain, "confirmed": domain})
        assert refused.status_code == 400 and "confirmed" not in refused.text
    assert domains(operator) == ["co.uk", "com", "x.appliance.test"]
    assert "confirmed" not in operator.send("/zones/new/", {"domain": "version.bind"}).text


def test_a_long_list_is_paged(console: Console) -> None:
    page = open_page(console, "zone-00.example")
    me = page.browser
    page.add_zones(f"zone-{number:02}.example" for number in range(1, 53))
    assert len(domains(me)) == 50 and domains(me, "?page=2") == [f"zone-{number}.example" for number in (50, 51, 52)]
    assert "1 to 50 of 53" in me.get("/zones/").text
    (older,) = texts(me.get("/zones/?search=zone"), r'rel="next" href="([^"]*)"')
    assert older == "?search=zone&amp;page=2"
    assert domains(me, "?page=99") == domains(me, "?page=2"), "the last page"


def test_settings(me: Browser, console: Console) -> None:
    zone = new_zone(me)
    settings = f"{zone}settings/"
    assert 'value="3600"' in me.get(settings).text
    sent = me.send(settings, {"default_ttl": "60", "comment": HOSTILE, "protected": "yes"})
    assert sent.location == settings
    shown = me.get(settings).text
    assert 'value="60"' in shown and "checked" in shown and HOSTILE not in shown and "&lt;script&gt;" in shown
    for ttl in ("x", "-1", "2147483648", "1" * 30):
        refused = me.send(settings, {"default_ttl": ttl, "comment": ""})
        assert refused.status_code == 400 and 'id="default_ttl-error"' in refused.text
    assert "protected" in me.get("/zones/").text


def test_a_zone_is_deleted_by_its_domain(me: Browser, console: Console) -> None:
    zone = new_zone(me, "bücher.example")
    wrong = me.send(f"{zone}delete/", {"domain": "example.com"})
    assert wrong.status_code == 400 and "Type the domain" in wrong.text and domains(me)
    assert me.send(f"{zone}delete/", {"domain": "xn--bcher-kva.example."}).location == "/zones/"
    assert domains(me) == [] and me.get(zone).status_code == 404
    protected = new_zone(me, "kept.example")
    form = me.forms(f"{protected}delete/")[f"{protected}delete/"]
    me.send(f"{protected}settings/", {"default_ttl": "60", "protected": "yes"})
    assert me.post(f"{protected}delete/", {**form, "domain": "kept.example"}).status_code == 409
    assert domains(me) == ["kept.example"]


def test_a_zone_with_a_ds_is_deleted_when_that_is_reported_as_gone(me: Browser, console: Console) -> None:
    zone, name = new_zone(me), dns.name.from_text("example.com.")
    assert "DNSSEC" not in me.get(f"{zone}delete/").text
    context_of(console.application.app).editor.change_zone(
        console.account(ME), UUID(zone.split("/")[2]), {"dnssec": True}
    )
    with console.application.writing():
        stored = zones.get_by_name(name)
        assert stored
        store_signing(stored, signed(key(), parent=at_parent(name, key())))
    refused = me.send(f"{zone}delete/", {"domain": "example.com"})
    assert refused.status_code == 400 and "Confirm that the DS is gone" in refused.text and domains(me)
    assert me.send(f"{zone}delete/", {"domain": "example.com", "ds": "withdrawn"}).location == "/zones/"
    assert domains(me) == []


def test_zones_of_other_accounts_are_not_found(me: Browser, console: Console) -> None:
    zone = new_zone(me)
    other, operator = console.signed_in(OTHER), console.signed_in("op@example.org", is_admin=True)
    paths = [zone, *(f"{zone}{page}/" for page in ("settings", "delete", "served", "changes", "ask", "delegation"))]
    paths.append(f"{zone}records/new/")
    unknown = "00000000-0000-4000-8000-000000000000"
    for path in paths:
        missing = other.get(path)
        assert missing.status_code == 404, path
        unknown_page = other.get(path.replace(zone.split("/")[2], unknown))
        assert _without_tokens(unknown_page.text) == _without_tokens(missing.text)
        assert operator.get(path).status_code == 200
    assert domains(other) == [] and domains(operator) == ["example.com"]


def _without_tokens(text: str) -> str:
    """Return the page without its CSRF tokens."""
    return re.sub(r'value="[0-9a-f]{64}"', "", text)


def test_the_deployment_is_shown(me: Browser, console: Console) -> None:
    zone = new_zone(me)
    uuid = UUID(zone.split("/")[2])
    fragment = me.get(f"{zone}served/")
    assert 'data-state="pending"' in fragment.text and "<html" not in fragment.text
    assert fragment.text.count("lagging") == 2
    console.application.clock.forward(seconds=7)
    assert me.get(f"{zone}served/").text.count(">7 s<") == 2
    with console.application.writing():
        store_attempt(uuid, zones.get_any(uuid).serial, f"check: {HOSTILE}")
    failed = me.get(zone).text
    assert 'data-state="failed"' in failed and "check: &lt;script&gt;" in failed and HOSTILE not in failed
    with console.application.writing():
        serial, now = zones.get_any(uuid).serial, console.application.clock()
        store_live(uuid, serial, now)
        store_observations(uuid, [Observation(name, serial, NameserverState.LIVE, now) for name in (NS1, NS2)])
    assert 'data-state="live"' in me.get(zone).text
    with console.application.writing():
        store_observations(uuid, [Observation(NS2, serial, NameserverState.UNREACHABLE, now)])
    assert "degraded" in me.get("/zones/").text and f"{NS2} (since " in me.get(zone).text
    with console.application.writing():
        store_observations(uuid, [Observation(NS2, serial, NameserverState.LIVE, now)])
    with console.application.writing():
        observations.store_confirmations([NS1, NS2], now + timedelta(seconds=60))
    console.application.clock.forward(seconds=72)
    assert me.get(f"{zone}served/").text.count(">12 s ago<") == 2
    assert domains(me, "?state=live") == ["example.com"]


def test_a_held_zone_shows_its_proof_and_operators_release_it(console: Console, me: Browser) -> None:
    uuid = UUID(new_zone(me).split("/")[2])
    with console.application.writing():
        holds.insert(uuid, "a-token", HoldReason.ALWAYS, console.application.clock())
    path, release = f"/zones/{uuid}/", f"/zones/{uuid}/release/"
    page = me.get(path)
    assert "_dns-appliance-challenge.example.com" in page.text and "a-token" in page.text
    assert release not in me.forms(path)
    operator = console.signed_in("operator@example.org", is_admin=True)
    assert operator.send(release, {}, page=path).location == path
    assert "a-token" not in me.get(path).text
    assert "Zone released" in operator.get("/dashboard/audit/").text
