"""The time at which a record expires: in its form, in a draft, and in the list of records."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.console.expiry import parse_stored, print_expiry, read_expiry
from appliance.errors import InputError
from tests.console.conftest import Console
from tests.console.zone_page import ZonePage, open_page

NOON = datetime(2031, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def test_a_record_gets_an_expiry_and_loses_it(page: ZonePage) -> None:
    page.add_address(expires_at="2031-06-01T12:00")
    (record,) = page.records()
    assert record.expires_at == NOON
    assert "expires 2031-06-01 12:00 UTC" in page.browser.get(page.path).text
    page.change(record, ttl="60")
    assert page.records()[0].expires_at == NOON, "what is sent back as shown stays"
    page.change(record, expires_at="")
    assert page.records()[0].expires_at is None
    assert "expires" not in page.browser.get(page.path).text


def test_an_expiry_waits_in_a_draft(page: ZonePage) -> None:
    page.add_address()
    (record,) = page.records()
    page.change(record, intent="draft", expires_at="2031-06-01T12:00:30")
    assert "expires 2031-06-01 12:00 UTC" in page.browser.get(f"{page.path}changes/").text
    assert "expires 2031-06-01 12:00 UTC" in page.browser.get(page.path).text
    page.browser.send(f"{page.path}changes/", {"intent": "publish"})
    assert page.records()[0].expires_at == NOON.replace(second=30)
    assert 'value="2031-06-01T12:00:30"' in page.browser.get(f"{page.path}records/{record.uuid}/").text


@pytest.mark.parametrize("text", ["tomorrow", "2031-02-30 12:00", "2030-01-01T00:00", "0001-01-01T00:00+23:59"])
def test_an_invalid_expiry_is_reported_at_its_field(page: ZonePage, text: str) -> None:
    for intent in ("save", "draft", "preview"):
        refused = page.add_address(intent=intent, expires_at=text)
        assert refused.status_code == 400 and 'id="expires_at-error"' in refused.text
    assert page.records() == []


def test_a_concurrent_change_of_the_expiry_is_shown(page: ZonePage) -> None:
    page.add_address()
    (record,) = page.records()
    form = page.browser.forms(f"{page.path}records/{record.uuid}/")[f"{page.path}records/{record.uuid}/"]
    page.change(record, expires_at="2031-06-01T12:00")
    fields = {"name": "www", "part_value": "192.0.2.1", "ttl": "3600", "intent": "save"}
    refused = page.browser.post(f"{page.path}records/{record.uuid}/", {**form, **fields})
    assert refused.status_code == 409 and 'data-label="Field">Expires<' in refused.text


def test_times_are_read_in_utc() -> None:
    for text in ("2031-06-01T12:00", " 2031-06-01 12:00 UTC ", "2031-06-01T14:00:00+02:00", "2031-06-01T12:00:00Z"):
        assert read_expiry(text) == "2031-06-01T12:00:00Z"
    assert parse_stored("2031-06-01T12:00:00Z") == NOON and parse_stored(None) is None
    assert read_expiry(" ") is None and print_expiry(None) == "" and print_expiry(NOON) == "2031-06-01T12:00"
    with pytest.raises(InputError, match="'x' is not a date and time, such as 2031-05-04 12:00"):
        read_expiry("x")
