"""Where an imported zone file comes from: transfers from servers, and who may ask which of them."""

from __future__ import annotations

import dns.name
from werkzeug.test import TestResponse

from tests.console.conftest import Console
from tests.console.zone_page import ZonePage, found_in
from tests.pair import LOOPBACK, Pair, free_port

ORIGIN = dns.name.from_text("transferred.example")
SECRET = "c2VjcmV0"


def open_zone(console: Console, *, is_admin: bool) -> ZonePage:
    """Create the zone of an account that is signed in."""
    browser = console.signed_in("op@example.org" if is_admin else "me@example.org", is_admin=is_admin)
    return ZonePage(console, browser, str(browser.send("/zones/new/", {"domain": "transferred.example"}).location))


def transfer(page: ZonePage, server: str, **fields: str) -> TestResponse:
    """Submit the form of the import with the address of a server."""
    values = {"mode": "merge", "server": server, "algorithm": "hmac-sha256", **fields}
    return page.browser.send(f"{page.path}import/", values, content_type="multipart/form-data")


def errors(answer: TestResponse) -> list[tuple[str, str]]:
    """Return the fields of the form that have an error, and the errors."""
    assert answer.status_code == 400
    return [(field, text) for field, text in found_in(answer.text, r'<p class="error" id="(\w+)-error">([^<]*)')]


def test_a_zone_is_transferred_from_a_server(console: Console, pair: Pair) -> None:
    page, server = open_zone(console, is_admin=True), str(pair.primary.endpoint)
    pair.create(ORIGIN, 3)
    pair.wait_for_serial(pair.primary, ORIGIN, 3)
    key = pair.transfer_key
    assert errors(transfer(page, server))[0][0] == "server"
    signed = {"key_name": f"{key.name}.", "algorithm": key.algorithm, "secret": key.secret}
    answer = transfer(page, server, **signed)
    assert answer.status_code == 200 and "SOA is passed over" in answer.text, errors(answer)
    page.browser.send(f"{page.path}changes/", {"intent": "publish"})
    assert "www" in {record.owner.relativize(ORIGIN).to_text() for record in page.records()}
    (_, text), *_ = errors(transfer(page, server, **{**signed, "secret": SECRET}))
    assert "The transfer failed" in text and key.secret not in text
    (_, text), *_ = errors(transfer(page, f"{LOOPBACK}:{free_port()}"))
    assert "refused" in text


def test_errors_of_a_key_are_at_its_fields(console: Console) -> None:
    page = open_zone(console, is_admin=True)
    assert errors(transfer(page, LOOPBACK, secret=SECRET))[0][0] == "key_name"
    assert errors(transfer(page, LOOPBACK, key_name="k"))[0][0] == "secret"
    assert errors(transfer(page, LOOPBACK, key_name="k", secret="%"))[0][0] == "secret"
    assert errors(transfer(page, LOOPBACK, key_name="k", secret=SECRET, algorithm="none"))[0][0] == "algorithm"
    refused = transfer(page, LOOPBACK, key_name="k k", secret=SECRET)
    assert errors(refused)[0][0] == "key_name" and SECRET not in refused.text
