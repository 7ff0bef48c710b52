"""A name has one SPF, DKIM or DMARC record: the forms edit the one that exists, and refuse a second."""

from __future__ import annotations

import pytest

from tests.console.conftest import Console, texts
from tests.console.zone_page import RSA_KEY, ZonePage, found_in, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def values(page: ZonePage) -> list[str]:
    return sorted(record.value for record in page.records())


def test_an_existing_spf_record_is_edited(page: ZonePage) -> None:
    assert page.add("SPF", "@", part_mx="mx", comment="mine").status_code == 303
    (record,) = page.records()
    edit = f"{page.path}records/{record.uuid}/"
    assert f'href="{edit}"' in page.browser.get(f"{page.path}records/new/?type=SPF").text
    second = page.add("SPF", "example.com", part_addresses="192.0.2.1")
    assert second.status_code == 409 and values(page) == ["v=spf1 mx ~all"]
    (table,) = found_in(second.text, r'role="alert".*?<tbody>(.*?)</tbody>')
    assert "mx" in table and "192.0.2.1" in table and "mine" in table
    (action, revision) = texts(
        second, r'<form method="post" action="([^"]*records[^"]*)"|name="revision" value="(\d+)"'
    )
    assert action[0] == edit
    saved = page.browser.send(edit, {"name": "@", "part_addresses": "192.0.2.1", "revision": revision[1]})
    assert saved.status_code == 303 and values(page) == ["v=spf1 ip4:192.0.2.1 ~all"]
    assert page.add("SPF", "other", part_mx="mx").status_code == 303
    assert page.add("SPF", "a..b", part_mx="mx").status_code == 400


def test_a_record_that_its_form_cannot_hold_is_replaced_as_text(page: ZonePage) -> None:
    page.add("TXT", "@", part_value="v=spf1 redirect=example.net")
    second = page.add("SPF", "@", part_mx="mx")
    assert second.status_code == 409 and "\nv=spf1 mx ~all</textarea>" in second.text


def test_errors_are_shown_at_the_field_of_the_mechanism(page: ZonePage) -> None:
    for number in range(2):  # without a record at the name, and with one
        refused = page.add("SPF", "@", part_addresses="ip4:300.1.1.1")
        assert refused.status_code == 400 and 'value="ip4:300.1.1.1"' in refused.text
        (shown,) = texts(refused, r'class="error" id="part_addresses-error">([^<]*)')
        assert shown.startswith("ip4:300.1.1.1 is not an address") and 'href="#part_addresses"' in refused.text
        page.save_text("@", f"v=spf1 ip4:192.0.2.{number} -all")


def test_the_key_of_a_selector_is_revoked_in_its_place(page: ZonePage) -> None:
    refused = page.add("DKIM", "mail._domainkey")
    assert refused.status_code == 400 and 'id="part_key-error"' in refused.text and page.records() == []
    page.add("DKIM", "mail._domainkey", part_key=RSA_KEY)
    (record,) = page.records()
    assert page.add("DKIM", "mail._domainkey", part_purpose="revoke").status_code == 409
    assert page.change(record, part_purpose="revoke").status_code == 303
    assert values(page) == ["v=DKIM1; p="]


def test_no_form_adds_a_second_one(page: ZonePage) -> None:
    page.save_text("@", "v=spf1 -all")
    page.save_text("other", "v=spf1 ~all")
    page.save_text("_dmarc", "v=DMARC1; p=none")
    (other,) = (record for record in page.records() if "~all" in record.value)
    for refused in (
        page.add("TXT", "@", part_value="v=spf1 mx -all"),
        page.add("TXT", "@", "draft", part_value='"V=SPF1 mx -all"'),
        page.add("TXT", "_dmarc", "preview", part_value="v=DMARC1; p=reject"),
        page.change(other, name="@"),
    ):
        assert refused.status_code == 400 and 'id="name-error"' in refused.text
        assert "may have only one" in refused.text
    assert page.add("TXT", "@", part_value="v=spf10 is something else").status_code == 303
    assert page.change(other, part_value="v=spf1 a:mail.example.net ~all").status_code == 303


def test_a_draft_may_replace_one_but_not_add_two(page: ZonePage) -> None:
    page.save_text("@", "v=spf1 -all")
    (record,) = page.records()
    page.browser.send(f"{page.path}records/delete/", {"record": [str(record.uuid)]}, page.path)
    assert page.add("SPF", "@", "draft", part_mx="mx").status_code == 303
    second = page.add("SPF", "@", "draft", part_a="a")
    assert second.status_code == 400 and "may have only one SPF record" in second.text
    changes = f"{page.path}changes/"
    version = page.browser.forms(changes)[changes]["draft_version"]
    assert page.browser.send(changes, {"intent": "save", "draft_version": version}).status_code == 303
    assert values(page) == ["v=spf1 mx ~all"]
