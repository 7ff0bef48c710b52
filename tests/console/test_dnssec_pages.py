"""The DNSSEC page of a zone: turned on and off, the DS to copy, reports of users, rollovers, and what went wrong."""

from __future__ import annotations

import re
from dataclasses import replace

import dns.name
import pytest
from werkzeug.test import TestResponse

from appliance.store import zones
from appliance.zones.signing import SHA_384, Signing, Timing
from tests.console.conftest import Console, texts
from tests.console.zone_page import ZonePage, open_page
from tests.signing import at_parent, key, signed, store_signing

READY = key(ds=Timing.RUMOURED)


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def see(page: ZonePage, known: Signing) -> None:
    """Store what the deployer would have seen."""
    with page.console.application.writing():
        store_signing(zones.get_any(page.uuid), known)


def turn_on(page: ZonePage, known: Signing) -> None:
    """Turn DNSSEC on, and store what the deployer would have seen."""
    page.browser.send(f"{page.path}dnssec/", {"intent": "on"})
    see(page, known)


def shown(page: ZonePage) -> str:
    """Return the DNSSEC page."""
    return page.browser.get(f"{page.path}dnssec/").text


def state(page: ZonePage) -> list[str]:
    return re.findall(r'data-state="([^"]+)"', shown(page))


def copied(text: str) -> list[str]:
    """Return what the copy buttons of a page copy."""
    return re.findall(r'<div class="copyable">\s*<code id="[^"]+">([^<]*)</code>', text)


def test_a_zone_is_signed_once_that_is_wanted(page: ZonePage) -> None:
    before = shown(page)
    assert "The zone is not signed." in before and "Turn on DNSSEC" in before and "registrar" in before
    assert not badges(page)
    answer = page.browser.send(f"{page.path}dnssec/", {"intent": "on"})
    assert answer.location == f"{page.path}dnssec/"
    after = shown(page)
    assert "DNSSEC turned on." in after and "Turn off DNSSEC" in after and state(page) == ["signing"]
    assert badges(page) == ["h1", "list"]
    assert "DNSSEC on" in page.browser.get(f"{page.path}history/").text


def test_a_new_zone_is_signed_if_that_is_chosen(page: ZonePage) -> None:
    created = page.browser.send("/zones/new/", {"domain": "new.example", "dnssec": "yes"})
    assert state(replace(page, path=str(created.location))) == ["signing"]
    refused = page.browser.send("/zones/new/", {"domain": "a..b", "dnssec": "yes"})
    assert refused.status_code == 400 and re.search(r'name="dnssec" value="yes" checked', refused.text)


def test_the_registrar_gets_the_ds_as_a_line_or_as_fields(page: ZonePage) -> None:
    turn_on(page, signed(READY))
    text, ds = shown(page), READY.ds_of(zone_name(page))
    assert state(page) == ["ds-ready"] and ">to add<" in text
    fields = [str(READY.tag), "13", "2", ds.digest]
    assert copied(text)[:5] == [ds.line(zone_name(page)), *fields]
    assert READY.ds_of(zone_name(page), SHA_384).digest in copied(text)
    assert f"example.com. 3600 IN DNSKEY {READY.dnskey_text()}" in copied(text)
    names = re.findall(r"data-copy=.*?>Copy<span class=\"sr-only\"> ([^<]+)", text)
    assert f"DS of key {READY.tag}" in names and "key tag" in names and "public key" in names


def test_an_unsigned_zone_shows_no_ds_of_the_key_that_is_kept_for_it(page: ZonePage) -> None:
    turn_on(page, signed(READY))
    with page.console.application.writing():
        zones.update(zones.get_any(page.uuid), dnssec=False, signed=False)
    text = shown(page)
    assert not copied(text) and str(READY.tag) not in text and "Turn on DNSSEC" in text


def test_what_does_not_allow_signing_is_reported(page: ZonePage) -> None:
    page.add_address(ttl="90000")
    refused = page.browser.send(f"{page.path}dnssec/", {"intent": "on"})
    assert refused.status_code == 400 and 'href="#dnssec"' in refused.text and 'id="dnssec"' in refused.text
    assert "the TTL of www" in refused.text.replace("The TTL", "the TTL") and state(page) == ["unsigned"]


def test_a_confirmed_ds_secures_the_zone(page: ZonePage) -> None:
    turn_on(page, signed(READY))
    assert "dns.resolver" in shown(page)
    answer = confirm(page)
    assert answer.status_code == 303 and state(page) == ["secured"] and ">confirmed<" in shown(page)
    token = page.browser.forms(f"{page.path}dnssec/")["/sign-out/"]
    for values, status, words in (
        ({"ds": "published", "key_tag": ""}, 409, "the state is secured"),
        ({"ds": "withdrawn", "key_tag": str(READY.tag)}, 409, "the state is secured"),
        ({"ds": "there", "key_tag": ""}, 400, "published or withdrawn"),
        ({"ds": "published", "key_tag": "x"}, 400, "is not an integer"),
    ):
        refused = page.browser.post(f"{page.path}dnssec/confirm/", {**token, **values})
        assert refused.status_code == status and words in refused.text.replace("Published", "published"), values


def test_a_key_is_replaced_step_by_step(page: ZonePage) -> None:
    turn_on(page, signed(READY))
    confirm(page)
    assert "You need to do nothing" in shown(page)
    assert page.browser.send(f"{page.path}dnssec/rollover/", {}, f"{page.path}dnssec/").status_code == 303
    text = shown(page)
    assert "Next: the rollover begins." in text and "Replace key" not in text
    token = page.browser.forms(f"{page.path}dnssec/")["/sign-out/"]
    assert page.browser.post(f"{page.path}dnssec/rollover/", token).status_code == 409
    former, new = key(is_wanted=False, ds=Timing.OMNIPRESENT), key(1, ds=Timing.RUMOURED)
    see(page, signed(former, new))
    text = shown(page)
    assert state(page) == ["rolling"] and "can be turned off once the replacement of the key is complete" in text
    assert "Turn off DNSSEC</button>" not in text
    assert page.browser.post(f"{page.path}dnssec/", {**token, "intent": "off"}).status_code == 409
    assert f"The DS of key {new.tag} is in" in text and "is gone" not in text
    assert confirm(page).status_code == 303
    text = shown(page)
    assert f"The DS of key {former.tag} is gone" in text and "is in the parent" not in text
    assert confirm(page).status_code == 303
    assert "caches forget the former key" in shown(page) and "is gone" not in shown(page)


def test_off_waits_until_the_ds_is_gone(page: ZonePage) -> None:
    name = zone_name(page)
    turn_on(page, signed(READY, parent=at_parent(name, READY)))
    assert ">at the parent<" in shown(page) and "caches may hold it for 24 h 0 min more" in shown(page)
    page.browser.send(f"{page.path}dnssec/", {"intent": "off"})
    text = shown(page)
    assert state(page) == ["ds-remove"] and ">to remove<" in text and "stays signed" in text
    assert "still had the DS at" in text and "The DS is gone" not in text
    page.browser.send(f"{page.path}dnssec/", {"intent": "on"})
    assert state(page) == ["secured"]
    page.browser.send(f"{page.path}dnssec/", {"intent": "off"})
    see(page, signed(READY, parent=at_parent(name)))
    assert confirm(page).status_code == 303
    text = shown(page)
    assert state(page) == ["ds-expiring"] and "Keep DNSSEC on" in text and badges(page) == ["h1", "list"]
    assert "Caches may hold it until 2031-05-05 12:00 UTC" in text


def test_the_page_says_what_the_parent_has(page: ZonePage) -> None:
    turn_on(page, signed(READY))
    assert "It was not checked yet" in shown(page)
    see(page, signed(READY, parent=at_parent(zone_name(page), key(1))))
    text = shown(page)
    assert str(key(1).tag) in text and "none of a key of this zone" in text and "2031-05-04 12:00 UTC" in text
    assert "2031-06-03 12:00 UTC" in text, "the signature of ns1"
    assert texts(page.browser.get(f"{page.path}dnssec/"), r'data-label="State"><span><span[^>]*>([^<]*)')[:2] == [
        "signed",
        "not known",
    ]


def test_nobody_copies_the_ds_where_the_parent_zone_is_on_the_appliance(page: ZonePage) -> None:
    child = ZonePage(
        page.console, page.browser, str(page.browser.send("/zones/new/", {"domain": "sub.example.com"}).location)
    )
    assert "<code>example.com</code> on this appliance gets the DS by itself" in shown(child)
    turn_on(child, signed(READY))
    text = shown(child)
    assert state(child) == ["ds-ready"] and "<code>example.com</code> is on this appliance" in text
    assert "your registrar" not in text and "Registrars" not in text and "The DS of key" not in text


def test_the_pages_of_other_accounts_are_not_found(page: ZonePage) -> None:
    turn_on(page, signed(READY))
    stranger = page.console.signed_in("other@example.org")
    token = stranger.forms("/account/")["/sign-out/"]
    assert stranger.get(f"{page.path}dnssec/").status_code == 404
    for path, values in (
        ("", {"intent": "off"}),
        ("confirm/", {"ds": "published", "key_tag": ""}),
        ("rollover/", {}),
    ):
        assert stranger.post(f"{page.path}dnssec/{path}", {**token, **values}).status_code == 404
    assert state(page) == ["ds-ready"]


def confirm(page: ZonePage) -> TestResponse:
    """Press the button of the report that the page offers."""
    return page.browser.send(f"{page.path}dnssec/confirm/", {}, f"{page.path}dnssec/")


def badges(page: ZonePage) -> list[str]:
    """Return where the zone is shown as signed."""
    badge = '<span class="badge">signed</span>'
    places = {"h1": page.path, "list": "/zones/"}
    return [place for place, path in places.items() if badge in page.browser.get(path).text]


def zone_name(page: ZonePage) -> dns.name.Name:
    with page.console.application.store.connection():
        return zones.get_any(page.uuid).name
