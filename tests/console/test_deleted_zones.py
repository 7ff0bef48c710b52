"""Deleted zones: listed with who deleted them, and restored while that is possible."""

from __future__ import annotations

import pytest

from tests.console.conftest import Console, forms_in, texts
from tests.console.zone_page import ME, ZonePage, open_page

LIST = "/zones/deleted/"


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone with a record."""
    page = open_page(console)
    page.add_address("192.0.2.1")
    return page


def delete(page: ZonePage, domain: str = "example.com") -> str:
    """Delete the zone; return the path of the form that restores it."""
    assert page.browser.send(f"{page.path}delete/", {"domain": domain}).location == "/zones/"
    return f"{LIST}{page.uuid}/"


def test_a_deleted_zone_is_restored(page: ZonePage) -> None:
    assert "No deleted zones." in page.browser.get(LIST).text
    serial, restore = page.serial(), delete(page)
    text = page.browser.get(LIST).text
    assert texts(page.browser.get(LIST), r'class="name">([^<]*)') == ["example.com"]
    assert ME in text and "2031-05-04 12:00 UTC" in text and "2031-06-03 12:00 UTC" in text
    assert "No matching zones." in page.browser.get(f"{LIST}?search=other").text
    assert restore in page.browser.forms(f"{LIST}?search=EXAMPLE")
    assert page.browser.send(restore, {}, LIST).location == page.path
    assert "Zone example.com restored." in page.browser.get(page.path).text
    assert page.serial() > serial and len(page.records()) == 1
    assert "No deleted zones." in page.browser.get(LIST).text


def test_a_deletion_is_taken_back_from_its_notice(page: ZonePage) -> None:
    restore = delete(page)
    form = forms_in(page.browser.get("/zones/").text, "/zones/")[restore]
    assert page.browser.post(restore, form).location == page.path
    assert page.browser.get(page.path).status_code == 200


def test_a_name_that_is_in_use_again_is_reported(page: ZonePage) -> None:
    restore = delete(page)
    page.browser.send("/zones/new/", {"domain": "example.com"})
    refused = page.browser.send(restore, {}, LIST)
    assert refused.status_code == 400 and "The zone example.com already exists" in refused.text
    assert texts(page.browser.get(LIST), r'class="name">([^<]*)') == ["example.com"]


def test_a_zone_is_not_restored_after_thirty_days(page: ZonePage) -> None:
    restore, application = delete(page), page.console.application
    application.clock.forward(days=30)
    page.browser.sign_in(ME)
    assert "No deleted zones." in page.browser.get(LIST).text
    token = page.browser.forms("/account/")["/sign-out/"]
    assert page.browser.post(restore, token).status_code == 404


def test_operators_see_the_owner_and_others_nothing(page: ZonePage) -> None:
    restore = delete(page)
    other = page.console.signed_in("other@example.org")
    assert "No deleted zones." in other.get(LIST).text
    assert other.post(restore, other.forms("/account/")["/sign-out/"]).status_code == 404
    operator = page.console.signed_in("op@example.org", is_admin=True)
    text = operator.get(LIST).text
    assert text.count(ME) == 2 and "Owner" in text, "the owner, and who deleted the zone"
    assert operator.send(restore, {}, LIST).location == page.path


def test_a_protected_zone_says_so_and_is_not_deleted(page: ZonePage) -> None:
    settings, path = f"{page.path}settings/", f"{page.path}delete/"
    form = page.browser.forms(path)[path]
    page.browser.send(settings, {"default_ttl": "3600", "protected": "yes"})
    assert "protected</span></h1>" in page.browser.get(page.path).text
    assert "protected and cannot be deleted" in page.browser.get(path).text and path not in page.browser.forms(path)
    assert path not in page.browser.get(settings).text
    refused = page.browser.post(path, {**form, "domain": "example.com"})
    assert refused.status_code == 409 and "is protected" in refused.text
    page.browser.send(settings, {"default_ttl": "3600"})
    delete(page)
