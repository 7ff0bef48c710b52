"""Pages of records: each type by its form, the API's words at the field, changes gathered and saved together."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from appliance.console.kinds import KINDS
from appliance.editing import Addition, Caller, RecordInput
from appliance.store import records, zones
from appliance.store.journal import Actor
from appliance.store.zones import Scope
from appliance.web.parts import parts_of
from appliance.zones.model import Record
from appliance.zones.names import print_owner
from appliance.zones.rdata import TYPES
from tests.console.conftest import Browser, Console, texts

ME = "me@example.org"
HOSTILE = 'x"><img src=x onerror=alert(1)>'
DIGEST = "ab" * 32

# form, its fields, the value that the API would be sent
EVERY_FORM: list[tuple[str, dict[str, str], str]] = [
    ("A", {"value": "192.0.2.1"}, "192.0.2.1"),
    ("AAAA", {"value": "2001:0db8::1"}, "2001:db8::1"),
    ("CNAME", {"value": "target.example.net"}, "target.example.net"),
    ("MX", {"value": "mail.example.net"}, "mail.example.net"),
    ("TXT", {"value": "x" * 600}, "x" * 600),
    (
        "SPF",
        {
            "mx": "mx",
            "includes": "_spf.example.net b.example.net",
            "addresses": "192.0.2.1 2001:db8::/32",
            "policy": "-all",
        },
        "v=spf1 mx include:_spf.example.net include:b.example.net ip4:192.0.2.1 ip6:2001:db8::/32 -all",
    ),
    (
        "DKIM",
        {"key": "-----BEGIN PUBLIC KEY-----\nMIIB\nIjAN\n-----END PUBLIC KEY-----\n"},
        "v=DKIM1; k=rsa; p=MIIBIjAN",
    ),
    ("NS", {"value": "ns1.example.net"}, "ns1.example.net"),
    ("SRV", {"weight": "10", "port": "5060", "target": "sip.example.net"}, "10 5060 sip.example.net"),
    ("CAA", {"flags": "0", "tag": "issue", "text": 'a "b" \\c'}, '0 issue "a \\"b\\" \\\\c"'),
    ("PTR", {"value": "host.example.net"}, "host.example.net"),
    ("TLSA", {"usage": "3", "selector": "1", "matching": "1", "digest": DIGEST}, f"3 1 1 {DIGEST}"),
    ("SSHFP", {"algorithm": "4", "kind": "2", "digest": DIGEST}, f"4 2 {DIGEST}"),
    ("NAPTR", {"value": '100 10 "U" "" "!a!b!" .'}, '100 10 "U" "" "!a!b!" .'),
    ("SVCB", {"preference": "0", "target": "svc.example.net"}, "0 svc.example.net"),
    ("HTTPS", {"preference": "1", "target": ".", "parameters": "alpn=h2"}, '1 . alpn="h2"'),
    ("LOC", {"value": "52 22 23.000 N 4 53 32.000 E -2.00m"}, "52 22 23.000 N 4 53 32.000 E -2.00m"),
    (
        "URI",
        {"preference": "10", "weight": "1", "address": "https://example.net/a b"},
        '10 1 "https://example.net/a b"',
    ),
    ("SMIMEA", {"usage": "3", "selector": "1", "matching": "1", "digest": DIGEST}, f"3 1 1 {DIGEST}"),
    ("OPENPGPKEY", {"value": "mQINBFit2ioBEADhbGdsb2dh"}, "mQINBFit2ioBEADhbGdsb2dh"),
]


@dataclass
class Page:
    """A zone as its owner's browser and the store see it."""

    console: Console
    browser: Browser
    path: str

    @property
    def uuid(self) -> UUID:
        return UUID(self.path.split("/")[2])

    def records(self) -> list[Record]:
        with self.console.house.store.connection():
            return records.of_zone(zones.get_any(self.uuid))

    def serial(self) -> int:
        with self.console.house.store.connection():
            return zones.get_any(self.uuid).serial

    def add(self, form: str, name: str, act: str = "save", **fields: str) -> TestResponse:
        """Fill in the form of a new record; `part_` stands before the fields of the value."""
        typed = {"priority": "10", **fields} if KINDS[form].has_priority else fields
        return self.browser.send(f"{self.path}records/new/?type={form}", {"name": name, "act": act, **typed})

    def change(self, record: Record, act: str = "save", **fields: str) -> TestResponse:
        """Fill in the form of a record that is there, as it is shown but for these fields."""
        path = f"{self.path}records/{record.uuid}/"
        return self.browser.send(path, {**_shown(self.browser.get(path).text), "act": act, **fields})

    def address(self, value: str = "192.0.2.1", name: str = "www", act: str = "save", **fields: str) -> TestResponse:
        return self.add("A", name, act, part_value=value, **fields)


def _shown(page: str) -> dict[str, str]:
    """What the fields of the form hold."""
    found = dict(_texts(page, r'<input id="([a-z_]+)" name="[a-z_]+" [^>]*value="([^"]*)"'))
    found |= {
        name: value
        for value, name in _texts(page, r'<input class="mono" type="text" value="([^"]*)"[^>]* id="(part_\w+)"')
    }
    found |= dict(_texts(page, r'<textarea [^>]*id="(part_\w+)"[^>]*>\n?([^<]*)'))
    for name, options in _texts(page, r'<select [^>]*id="(part_\w+)"[^>]*>(.*?)</select>'):
        found[name] = next(iter(_texts(options, r'value="([^"]*)" selected')), "")
    return {name: html.unescape(value) for name, value in found.items()}


def _texts(text: str, pattern: str) -> list[Any]:
    return re.findall(pattern, text, re.DOTALL)


@pytest.fixture
def page(console: Console) -> Page:
    """A new zone."""
    browser = console.signed_in(ME)
    return Page(console, browser, str(browser.send("/zones/new/", {"domain": "example.com"}).location))


def test_every_type_has_a_form() -> None:
    assert {kind.record_type for kind in KINDS.values()} == {rdtype.name for rdtype in TYPES}
    assert {form for form, _, _ in EVERY_FORM} | {"DS"} == set(KINDS)


def test_one_record_of_each_type(page: Page) -> None:
    for form, fields, _ in EVERY_FORM:
        made = page.add(form, form.lower(), **{f"part_{name}": text for name, text in fields.items()})
        assert made.status_code == 303, _texts(made.text, r'class="error"[^>]*>([^<]*)')
    made = page.add("DS", "ns", part_tag="12345", part_algorithm="13", part_kind="2", part_digest=DIGEST)
    assert made.status_code == 303
    wanted = [(KINDS[form].record_type, form.lower(), value) for form, _, value in EVERY_FORM]
    wanted.append(("DS", "ns", f"12345 13 2 {DIGEST}"))
    with page.console.house.store.connection():
        origin = zones.get_any(page.uuid).name
    found = [(record.rdtype.name, print_owner(record.owner, origin), record.value) for record in page.records()]
    assert sorted(found) == sorted(wanted)


def test_a_form_shows_what_it_made_and_sends_it_back_unchanged(page: Page) -> None:
    for form, fields, _ in EVERY_FORM:
        page.add(
            form, form.lower(), ttl="60", comment="a note", **{f"part_{name}": text for name, text in fields.items()}
        )
    before, serial = page.records(), page.serial()
    for record in before:
        assert page.change(record).status_code == 303, record
    assert page.records() == before and page.serial() == serial
    (caa,) = (record for record in before if record.rdtype.name == "CAA")
    assert page.change(caa, part_text="other.example").status_code == 303
    assert '0 issue "other.example"' in {record.value for record in page.records()}


MISTAKES: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("A", {"part_value": "nonsense"}, {"value": "nonsense"}),
    ("A", {"part_value": "192.0.2.1", "name": "a..b"}, {"value": "192.0.2.1", "name": "a..b"}),
    ("A", {"part_value": "192.0.2.1", "name": "x.example.net."}, {"value": "192.0.2.1", "name": "x.example.net."}),
    ("A", {"part_value": "192.0.2.1", "ttl": "2147483648"}, {"value": "192.0.2.1", "ttl": 2147483648}),
    ("A", {"part_value": "192.0.2.1", "comment": "x" * 501}, {"value": "192.0.2.1", "comment": "x" * 501}),
    ("MX", {"part_value": "mail.example.net", "priority": ""}, {"value": "mail.example.net"}),
    ("MX", {"part_value": "mail.example.net", "priority": "65536"}, {"value": "mail.example.net", "priority": 65536}),
    ("MX", {"part_value": "mail", "priority": "1"}, {"value": "mail", "priority": 1}),
    ("CNAME", {"part_value": "a.example.net", "name": "@"}, {"value": "a.example.net", "name": "@"}),
    ("SRV", {"part_weight": "", "part_port": "x", "part_target": "y"}, {"value": " x y", "priority": 10}),
    ("TXT", {"part_value": ""}, {"value": ""}),
    ("TXT", {"part_value": "a\r\nb"}, {"value": "a\r\nb"}),
    ("TXT", {"part_value": "x" * 5000}, {"value": "x" * 5000}),
    ("TLSA", {"part_usage": "3"}, {"value": "3   "[:-1]}),
]


def test_mistakes_are_told_at_the_field_in_the_words_of_the_api(page: Page) -> None:
    api = page.console.house.bearer(ME)
    for form, typed, body in MISTAKES:
        record = {"record_type": form, "name": "www", **body}
        told = api("POST", f"/dns-zones/{page.uuid}/records/", record).get_json()
        words = html.escape(told["detail"].removeprefix(f"{told['field']}: ")).lower()
        for act in ("save", "gather", "preview"):
            refused = page.add(form, act=act, **{"name": "www", **typed})
            assert refused.status_code == 400
            (error,) = _texts(refused.text, r'class="error" id="([a-z_]+)-error">([^<]*)')
            assert (error[0], html.escape(html.unescape(error[1])).lower()) == (told["field"], f"{words}.")
    assert page.records() == [] and "No changes wait" in page.browser.get(f"{page.path}changes/").text


def test_what_was_typed_stays_and_is_text(page: Page) -> None:
    refused = page.address(HOSTILE, name="www", comment=HOSTILE)
    assert HOSTILE not in refused.text and "&lt;img src=x" in refused.text
    page.add("TXT", "@", part_value=HOSTILE, comment=HOSTILE)
    (record,) = page.records()
    assert (record.value, record.comment) == (HOSTILE, HOSTILE)
    page.change(record, act="gather", part_value=HOSTILE + "2")
    shown = [page.path, f"{page.path}records/{record.uuid}/", f"{page.path}changes/", f"{page.path}?search={HOSTILE}"]
    shown += [f"{page.path}ask/?name={HOSTILE}&type=A", f"{page.path}?type={HOSTILE}", f"/zones/?search={HOSTILE}"]
    for path in shown:
        assert "<img" not in page.browser.get(path).text, path


def test_a_preview_shows_the_lines_and_stores_nothing(page: Page) -> None:
    serial = page.serial()
    shown = page.address(act="preview")
    assert shown.status_code == 200
    lines = _texts(shown.text, r'<div class="(comes|goes)">.*?<span>([^<]*)</span></div>')
    assert [sign for sign, _ in lines] == ["goes", "comes", "comes"]
    assert lines[2][1] == "www.example.com. 3600 IN A 192.0.2.1" and " SOA " in lines[0][1]
    assert page.records() == [] and page.serial() == serial


def test_changes_are_gathered_and_saved_under_one_serial(page: Page) -> None:
    page.address("192.0.2.1"), page.address("192.0.2.2", name="old")
    www, old = sorted(page.records(), key=lambda record: record.value)
    serial, changes = page.serial(), f"{page.path}changes/"
    assert page.address("192.0.2.3", name="new", act="gather").location == changes
    assert "1 change waits" in page.browser.get(page.path).text
    assert page.change(www, act="save", ttl="60").location == changes, "what waits is saved together"
    assert page.change(old, act="delete").location == changes
    shown = page.browser.get(changes).text
    assert "Save all 3" in shown and [one for one, _ in _lines(shown)] == [
        "goes",
        "comes",
        "comes",
        "goes",
        "goes",
        "comes",
    ]
    assert page.serial() == serial and len(page.records()) == 2
    assert page.browser.send(changes, {"act": "save", "comment": "why"}).location == page.path
    assert page.serial() == serial + 1
    assert sorted((record.value, record.ttl) for record in page.records()) == [("192.0.2.1", 60), ("192.0.2.3", 3600)]
    assert "No changes wait" in page.browser.get(changes).text


def _lines(text: str) -> list[Any]:
    return _texts(text, r'<div class="(comes|goes)">.*?<span>([^<]*)</span></div>')


def test_a_gathered_change_may_be_taken_out_or_all_thrown_away(page: Page) -> None:
    changes = f"{page.path}changes/"
    for name in ("a", "b", "c"):
        page.address(name=name, act="gather")
    page.browser.send(changes, {"act": "1"})
    assert "Save all 2" in page.browser.get(changes).text
    page.browser.send(changes, {"act": "discard"})
    assert "No changes wait" in page.browser.get(changes).text and page.records() == []


def test_gathered_changes_that_do_not_fit_any_more_are_told(page: Page) -> None:
    page.address()
    (record,) = page.records()
    page.change(record, act="gather", ttl="60")
    page.console.house.bearer(ME)("DELETE", f"/dns-records/{record.uuid}/")
    changes = f"{page.path}changes/"
    assert "Change 1: there is no record" in page.browser.get(changes).text
    refused = page.browser.send(changes, {"act": "save"})
    assert refused.status_code == 400 and "no record" in refused.text
    other = page.address("192.0.2.9", act="preview")
    assert other.status_code == 400 and "Change 1 of those that wait" in other.text


def test_what_one_gathers_is_for_oneself_alone(page: Page) -> None:
    page.address(act="gather")
    operator = page.console.signed_in("op@example.org", is_admin=True)
    assert "No changes wait" in operator.get(f"{page.path}changes/").text


def test_chosen_records_are_deleted_after_a_look(page: Page) -> None:
    for number in range(3):
        page.address(f"192.0.2.{number}")
    chosen = [str(record.uuid) for record in page.records()[:2]]
    path = f"{page.path}records/delete/"
    assert page.browser.send(path, {"record": [*chosen, str(uuid4())]}, page.path).location == f"{page.path}changes/"
    assert len(page.records()) == 3
    page.browser.send(f"{page.path}changes/", {"act": "save"})
    assert len(page.records()) == 1
    assert page.browser.send(path, {}, page.path).location == page.path
    assert page.browser.send(path, {"record": "nonsense"}, page.path).status_code == 404


def test_records_are_shown_as_sets_and_found(page: Page) -> None:
    for number in range(8):
        page.address(f"192.0.2.{number}")
    page.add("TXT", "@", part_value="Hello")
    whole = page.browser.get(page.path).text
    assert len(_texts(whole, "<tbody>")) == 3 and "3 more A records at www" in whole
    assert "192.0.2.7" in page.browser.get(f"{page.path}?search=www&type=A").text
    assert len(_texts(page.browser.get(f"{page.path}?search=www.example.com").text, 'type="checkbox"')) == 8
    assert "Hello" in page.browser.get(f"{page.path}?search=hello").text
    assert "No record is like that" in page.browser.get(f"{page.path}?search=nothing").text
    assert "No record is like that" not in page.browser.get(f"{page.path}?type=SPF").text


def test_a_large_zone_is_light(page: Page) -> None:
    asked = [Addition(RecordInput("TXT", f"host-{number}", f"{number} {'<' * 300}")) for number in range(300)]
    house = page.console.house
    account = house.account(ME)
    caller = Caller(account.uuid, Actor(account.uuid, ME, ""), Scope(account.uuid))
    with house.store.connection():
        parts_of(house.app).editor.change_many(caller, page.uuid, asked)
    shown = page.browser.get(page.path)
    assert "1 to 50 of 300" in shown.text and len(shown.data) < 100_000
    assert "251 to 300 of 300" in page.browser.get(f"{page.path}?page=6").text


def test_records_of_others_are_not_there(page: Page) -> None:
    page.address()
    (record,) = page.records()
    other = page.console.signed_in("other@example.org")
    assert other.get(f"{page.path}records/{record.uuid}/").status_code == 404
    theirs = str(other.send("/zones/new/", {"domain": "theirs.example"}).location)
    assert other.get(f"{theirs}records/{record.uuid}/").status_code == 404
    mine = str(page.browser.send("/zones/new/", {"domain": "second.example"}).location)
    assert page.browser.get(f"{mine}records/{record.uuid}/").status_code == 404
    assert page.browser.get(f"{page.path}records/new/?type=NONSENSE").status_code == 404
    refused = other.send(f"{theirs}records/new/?type=A", {"name": "www", "part_value": "x"})
    assert refused.status_code == 400
    assert len(page.records()) == 1 and texts(page.browser.get(page.path), "192.0.2.1")
