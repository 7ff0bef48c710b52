"""No page is larger than 150 kB with all its files, uncompressed, whatever a zone or draft holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.console.drafts import MAX_CHANGES
from appliance.console.truncate import break_at_dots, count_fitting, truncate
from appliance.editing import CreateRecord, RecordInput
from appliance.identity.permissions import PERMISSIONS
from appliance.principal import TokenLimits
from appliance.store import accounts, invitations, sessions
from appliance.zones.rules import MAX_RRSET_RECORDS
from tests.console.conftest import Console
from tests.console.zone_page import ZonePage, open_page

MAX_SIZE = 150_000
QUOTES = '"' * 560
"""A TXT value that is five times as long on a page, escaped, as in a zone; an RRset holds about a hundred of them."""
NAME = ".".join(["x" * 60] * 3)


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def long_txt_records(name: str, count: int) -> list[CreateRecord]:
    """Return the requests for an RRset of TXT records with values and comments of the greatest length."""
    long = RecordInput("TXT", name, "", comment='"' * 500, expires_at=datetime(2050, 1, 1, tzinfo=UTC))
    return [CreateRecord(replace(long, value=f"{at}{QUOTES}")) for at in range(count)]


def test_many_long_rrsets(page: ZonePage) -> None:
    page.save([one for at in range(50) for one in long_txt_records(f"{at}.{NAME}", 3)])
    assert page.browser.get(page.path).text.count('type="checkbox"') == 100
    assert page.browser.weight(page.path) < MAX_SIZE


def test_the_longest_rrset(page: ZonePage) -> None:
    page.save([*long_txt_records(NAME, MAX_RRSET_RECORDS), *long_txt_records(f"other.{NAME}", 1)])
    alone = f"{page.path}?name={NAME}&type=TXT"
    assert page.browser.get(page.path).text.count('type="checkbox"') == 6
    assert page.browser.get(alone).text.count('type="checkbox"') == MAX_RRSET_RECORDS
    assert page.browser.weight(alone) < MAX_SIZE
    record = next(one for one in page.records() if one.owner.labels[0] == b"x" * 60)
    other_ttl = {"name": NAME, "part_value": record.value, "ttl": "60", "intent": "preview"}
    path = f"{page.path}records/{record.uuid}/"
    assert "more lines." in page.browser.send(path, other_ttl).text
    assert page.browser.weight(path, **other_ttl) < MAX_SIZE


def test_the_longest_draft(page: ZonePage) -> None:
    rrsets = MAX_CHANGES // MAX_RRSET_RECORDS
    page.save([one for at in range(rrsets) for one in long_txt_records(f"{at}.{NAME}", MAX_RRSET_RECORDS)])
    selected = [str(record.uuid) for record in page.records()]
    page.browser.send(f"{page.path}records/delete/", {"record": selected}, page.path)
    changes = f"{page.path}changes/"
    shown = page.browser.get(changes).text
    assert "Publish all 2000" in shown and "1 to 50 of 2000 changes" in shown and "more lines." in shown
    assert page.browser.weight(changes) < MAX_SIZE and page.browser.weight(page.path) < MAX_SIZE
    last = f"{changes}?page=40"
    assert page.browser.send(last, {"intent": "1999"}).location == last
    assert "1951 to 1999 of 1999 changes" in page.browser.get(f"{changes}?page=99").text


def test_a_long_draft_of_short_changes(page: ZonePage) -> None:
    lines = "".join(f"{at} 300 A 192.0.2.1\n" for at in range(MAX_CHANGES))
    fields = {"text": lines, "mode": "replace"}
    page.browser.send(f"{page.path}import/", fields, content_type="multipart/form-data")
    for path in ("", "changes/", "text/", "import/"):
        assert page.browser.weight(f"{page.path}{path}") < MAX_SIZE, path


def test_a_list_of_zones_with_long_names(page: ZonePage) -> None:
    page.add_zones([f"z{at}.{NAME}.example" for at in range(50)], comment='"' * 500, protected=True)
    assert page.browser.get("/zones/").text.count("protected") == 49
    assert page.browser.weight("/zones/") < MAX_SIZE


def test_many_accounts_tokens_and_sessions(page: ZonePage) -> None:
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
    assert "1 to 40 of 62 accounts" in people and "20 older invitations not shown" in people
    assert operator.get("/people/?search=59XX").text.count("/disable/") == 1
    assert "51 to 60 of 60 tokens" in operator.get("/account/developers/?page=3").text
    assert "11 older sessions not shown" in operator.get("/account/").text
    for path in ("/people/", "/account/developers/", "/account/integrations/", "/account/", "/dashboard/audit/"):
        assert operator.weight(path) < MAX_SIZE, path


def test_long_text_is_truncated() -> None:
    assert truncate("plain", 5) == "plain" and truncate("plain.", 5) == "plain…"
    assert truncate("<<<", 9) == "<<…" and truncate("éé", 3) == "é…" and truncate("", 0) == ""


def test_long_names_break_at_dots_only() -> None:
    assert break_at_dots("www.example.com") == "www.example.com"
    assert break_at_dots("a<b." + "x" * 20 + ".c") == "a&lt;b.<wbr>" + "x" * 20 + ".<wbr>c"


def test_lines_that_do_not_fit_are_not_counted_except_the_first() -> None:
    assert (
        count_fitting(["12345", "12345", "1"], 10) == 2
        and count_fitting(["<<<"], 1) == 1
        and count_fitting([], 10) == 0
    )
