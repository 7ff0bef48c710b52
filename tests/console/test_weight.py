"""No page weighs more than 150 kB with all that it is made of, uncompressed, whatever a zone or draft holds."""

from __future__ import annotations

import pytest

from appliance.console.drafts import MOST
from appliance.console.truncate import cut, fitting
from appliance.editing import CreateRecord, RecordInput
from appliance.identity.permissions import PERMISSIONS
from appliance.principal import TokenLimits
from appliance.store import accounts, invitations, sessions
from appliance.zones.rules import MAX_RRSET_RECORDS
from tests.console.conftest import Console
from tests.console.zone_page import ZonePage, open_page

HEAVIEST = 150_000
QUOTES = '"' * 560
"""As text five times as long on a page as in a zone; a hundred such texts are nearly as much as a set may hold."""
NAME = ".".join(["x" * 60] * 3)


@pytest.fixture
def page(console: Console) -> ZonePage:
    """A new zone."""
    return open_page(console)


def texts(name: str, count: int) -> list[CreateRecord]:
    """A set of texts, each with a comment, all as long as they may be."""
    return [CreateRecord(RecordInput("TXT", name, f"{at}{QUOTES}", comment='"' * 500)) for at in range(count)]


def test_many_long_sets(page: ZonePage) -> None:
    page.store([one for at in range(50) for one in texts(f"{at}.{NAME}", 3)])
    assert page.browser.get(page.path).text.count('type="checkbox"') == 100
    assert page.browser.weight(page.path) < HEAVIEST


def test_one_set_that_is_as_long_as_can_be(page: ZonePage) -> None:
    page.store([*texts(NAME, MAX_RRSET_RECORDS), *texts(f"other.{NAME}", 1)])
    alone = f"{page.path}?name={NAME}&type=TXT"
    assert page.browser.get(page.path).text.count('type="checkbox"') == 6
    assert page.browser.get(alone).text.count('type="checkbox"') == MAX_RRSET_RECORDS
    assert page.browser.weight(alone) < HEAVIEST
    record = next(one for one in page.records() if one.owner.labels[0] == b"x" * 60)
    other_ttl = {"name": NAME, "part_value": record.value, "ttl": "60", "act": "preview"}
    path = f"{page.path}records/{record.uuid}/"
    assert "more lines." in page.browser.send(path, other_ttl).text
    assert page.browser.weight(path, **other_ttl) < HEAVIEST


def test_a_draft_that_is_as_long_as_can_be(page: ZonePage) -> None:
    page.store([one for at in range(2) for one in texts(f"{at}.{NAME}", MOST // 2)])
    chosen = [str(record.uuid) for record in page.records()]
    page.browser.send(f"{page.path}records/delete/", {"record": chosen}, page.path)
    changes = f"{page.path}changes/"
    shown = page.browser.get(changes).text
    assert "Save all 200" in shown and "1 to 50 of 200 changes" in shown and "more lines." in shown
    assert page.browser.weight(changes) < HEAVIEST
    last = f"{changes}?page=4"
    assert page.browser.send(last, {"act": "199"}).location == last
    assert "151 to 199 of 199 changes" in page.browser.get(f"{changes}?page=9").text


def test_a_list_of_zones_with_long_names(page: ZonePage) -> None:
    page.crowd([f"z{at}.{NAME}.example" for at in range(50)], comment='"' * 500, protected=True)
    assert page.browser.get("/zones/").text.count("protected") == 49
    assert page.browser.weight("/zones/") < HEAVIEST


def test_many_people_tokens_and_browsers(page: ZonePage) -> None:
    application, now = page.console.application, page.console.application.clock()
    operator = page.console.signed_in("op@example.org", is_admin=True)
    me = application.account("op@example.org")
    limits = TokenLimits(record_names=tuple(f"{at}{'x' * 250}" for at in range(100)))
    with application.writing():
        for at in range(60):
            email = f"{at:02}{'x' * 230}@example.org"
            accounts.create_account(email, now)
            invitations.add(f"i{email}", f"{at}", email, now, is_admin=False)
            accounts.create_token(me, '"' * 100, PERMISSIONS, now, limits)
            sessions.begin(me, f"{at}", now, "2001:db8::1", '"' * 200)
    people = operator.get("/people/").text
    assert "1 to 40 of 62 accounts" in people and "And 20 before these" in people
    assert operator.get("/people/?search=59XX").text.count("/disable/") == 1
    assert "51 to 60 of 60 tokens" in operator.get("/account/developers/?page=3").text
    assert "And 11 that were used before" in operator.get("/account/").text
    for path in ("/people/", "/account/developers/", "/account/", "/dashboard/audit/"):
        assert operator.weight(path) < HEAVIEST, path


def test_texts_are_cut_where_they_weigh_too_much() -> None:
    assert cut("plain", 5) == "plain" and cut("plain.", 5) == "plain…"
    assert cut("<<<", 9) == "<<…" and cut("éé", 3) == "é…" and cut("", 0) == ""


def test_lines_are_left_out_but_for_the_first() -> None:
    assert fitting(["12345", "12345", "1"], 10) == 2 and fitting(["<<<"], 1) == 1 and fitting([], 10) == 0
