"""Zone files are imported into the draft: merged or replacing, with their errors by line."""

from __future__ import annotations

import html
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import TestResponse

from appliance.console.drafts import MAX_CHANGES
from appliance.web.front_doors import MAX_BODY
from tests.console.conftest import Console
from tests.console.zone_page import ME, ZonePage, found_in, open_page

FILE = """$TTL 300
@ IN SOA ns1.old.example. hostmaster.old.example. 7 3600 600 86400 300
@    MX  10 mail
mail A   192.0.2.1
www  A   192.0.2.2
     A   192.0.2.3
"""


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def send(page: ZonePage, text: str = "", mode: str = "merge", **fields: Any) -> TestResponse:  # noqa: ANN401 - form fields
    """Submit the form of the import."""
    values = {"text": text, "mode": mode, "algorithm": "hmac-sha256", **fields}
    return page.browser.send(f"{page.path}import/", values, content_type="multipart/form-data")


def publish(page: ZonePage, **fields: str) -> TestResponse:
    """Publish the draft."""
    return page.browser.send(f"{page.path}changes/", {"intent": "publish", **fields})


def values(page: ZonePage) -> list[str]:
    """Return types and values of the records of the zone."""
    return sorted(f"{record.rdtype.name} {record.value}" for record in page.records())


def errors(answer: TestResponse) -> list[str]:
    """Return the errors of the file as the page lists them."""
    assert answer.status_code == 400
    listed = found_in(answer.text, r'<li><a href="#text" data-line="\d+">(.*?)</li>')
    return [html.unescape(one).replace("</a>", "").replace("<code>", "").replace("</code>", "") for one in listed]


def test_a_file_is_merged_into_the_zone(page: ZonePage) -> None:
    page.add_address("192.0.2.2"), page.add_address("192.0.2.9", name="kept")
    answer = send(page, FILE)
    assert answer.status_code == 200 and "Line 2: SOA is passed over" in answer.text
    assert f'href="{page.path}changes/">Continue to review' in answer.text
    assert page.serial() == page.serial() and len(page.records()) == 2
    assert publish(page).location == page.path
    assert values(page) == ["A 192.0.2.1", "A 192.0.2.2", "A 192.0.2.3", "A 192.0.2.9", "MX mail.example.com"]
    assert {record.ttl for record in page.records()} == {300, 3600}


def test_a_file_replaces_the_records_of_the_zone(page: ZonePage) -> None:
    page.add_address("192.0.2.2"), page.add_address("192.0.2.9", name="gone")
    page.add_address("192.0.2.8", name="drafted", intent="draft")
    assert "Your unsaved changes are discarded" in page.browser.get(f"{page.path}import/").text
    uuid = next(record.uuid for record in page.records() if record.value == "192.0.2.2")
    assert send(page, "www 60 A 192.0.2.2\nnew A 192.0.2.1", "replace").location == f"{page.path}changes/"
    assert publish(page).location == page.path
    assert values(page) == ["A 192.0.2.1", "A 192.0.2.2"] and uuid in {record.uuid for record in page.records()}


def test_an_import_joins_the_draft(page: ZonePage) -> None:
    page.add_address("192.0.2.2", intent="draft"), page.add_address("192.0.2.8", name="other", intent="draft")
    assert send(page, "www 3600 A 192.0.2.2\nnew A 192.0.2.1").location == f"{page.path}changes/"
    assert "Publish all 3 changes" in page.browser.get(f"{page.path}changes/").text
    assert publish(page).location == page.path
    assert send(page, "www 3600 A 192.0.2.2").location == page.path, "there is nothing to review"


def test_a_file_is_uploaded(page: ZonePage) -> None:
    upload = (BytesIO(b"\xef\xbb\xbfwww A 192.0.2.2\r\n"), "example.com.zone")
    assert send(page, file=upload).location == f"{page.path}changes/"
    for fields in (
        {},
        {"text": FILE, "file": (BytesIO(b"www A 192.0.2.2"), "x")},
        {"text": FILE, "server": "192.0.2.1"},
    ):
        refused = send(page, **fields)
        assert refused.status_code == 400 and "Choose a file, or enter a text, or the address" in refused.text


def test_errors_name_their_lines(page: ZonePage) -> None:
    page.add("CNAME", "www", part_value="target.example.net")
    serial = page.serial()
    refused = send(page, 'a A 192.0.2.999\nb A 192.0.2.1\nc FROB <x>\n"')
    assert errors(refused)[0].startswith("Line 4: ")
    refused = send(page, "a A 192.0.2.999\nb A 192.0.2.1\nc FROB <x>")
    first, second = errors(refused)
    assert first.startswith("Line 1: ") and first.endswith(" a A 192.0.2.999")
    assert second.startswith("Line 3: 'FROB' is not a record type") and second.endswith(" c FROB &lt;x>") is False
    assert "c FROB &lt;x&gt;" in refused.text and 'data-invalid="1 3"' in refused.text
    assert errors(send(page, "b A 192.0.2.1\nwww A 192.0.2.2"))[0].startswith("Line 2: ")
    assert page.serial() == serial and "unsaved" not in page.browser.get(page.path).text


def test_what_cannot_be_imported_is_left_out_on_request(page: ZonePage) -> None:
    answer = send(page, "a A 192.0.2.999\nb A 192.0.2.1\nc FROB x", skip="yes")
    assert answer.status_code == 200 and answer.text.count("is passed over") == 2
    assert publish(page).location == page.path and values(page) == ["A 192.0.2.1"]
    answer = send(page, "c FROB x", skip="yes")
    assert "the draft is empty" in answer.text and f'href="{page.path}">View records' in answer.text


def test_many_removals_are_confirmed_in_the_review(page: ZonePage) -> None:
    for number in range(10):
        page.add_address(name=f"a{number}")
    changes = f"{page.path}changes/"
    assert send(page, "a0 3600 A 192.0.2.1\na1 3600 A 192.0.2.1", "replace").location == changes
    assert "This draft removes 8 of the 10 records of the zone" in page.browser.get(changes).text
    refused = page.browser.send(changes, {"intent": "publish"}, f"{page.path}settings/")
    assert refused.status_code == 400 and "This removes 8 of the 10 records: confirm that below" in refused.text
    assert len(page.records()) == 10
    assert publish(page, confirm_removal="yes").location == page.path and len(page.records()) == 2


def test_a_draft_that_changed_meanwhile_is_not_replaced(page: ZonePage) -> None:
    form = page.browser.forms(f"{page.path}import/")[f"{page.path}import/"]
    page.add_address(name="meanwhile", intent="draft")
    refused = send(page, FILE, "replace", **form)
    assert refused.status_code == 409 and "1 change was added" in refused.text
    assert "www  A   192.0.2.2" in refused.text, "the text is shown again"


def test_large_files_are_refused(page: ZonePage) -> None:
    generated = f"$GENERATE 1-{MAX_CHANGES + 1} a$ A 192.0.2.1"
    assert f"holds at most {MAX_CHANGES} changes" in send(page, generated).text
    assert "more than 10000 records" in send(page, "$GENERATE 1-20000 a$ A 192.0.2.1").text
    large = send(page, "; comment\n" * (MAX_BODY // 10))
    assert large.status_code == 400 and "larger than 256 KiB" in large.text and "zone import" in large.text
    assert "unsaved" not in page.browser.get(page.path).text


def test_a_draft_that_cannot_be_published_takes_no_import(page: ZonePage) -> None:
    page.add_address()
    page.change(page.records()[0], intent="draft", ttl="60")
    page.console.application.bearer(ME)("DELETE", f"/dns-records/{page.records()[0].uuid}/")
    refused = send(page, FILE)
    assert refused.status_code == 400 and "Your draft cannot be published as it is, review it first" in refused.text
