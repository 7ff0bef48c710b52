"""Pages of records: the form of each type, errors at the fields in the words of the API, and the list of RRsets."""

from __future__ import annotations

import html
from typing import Any

import pytest

from appliance.console.record_forms import FORMS
from appliance.editing import CreateRecord, RecordInput
from appliance.store import zones
from appliance.zones.names import print_owner
from appliance.zones.rdata import TYPES
from tests.console.conftest import Console, texts
from tests.console.zone_page import DIGEST, EVERY_FORM, ME, ZonePage, found_in, open_page

HOSTILE = 'x"><img src=x onerror=alert(1)>'


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def test_every_type_has_a_form() -> None:
    assert {kind.record_type for kind in FORMS.values()} == {rdtype.name for rdtype in TYPES}
    assert {form for form, _, _ in EVERY_FORM} | {"DS"} == set(FORMS)


def test_one_record_of_each_type(page: ZonePage) -> None:
    for form, fields, _ in EVERY_FORM:
        created = page.add(form, form.lower(), **{f"part_{name}": text for name, text in fields.items()})
        assert created.status_code == 303, found_in(created.text, r'class="error"[^>]*>([^<]*)')
    created = page.add("DS", "ns", part_tag="12345", part_algorithm="13", part_kind="2", part_digest=DIGEST)
    assert created.status_code == 303
    expected = [(FORMS[form].record_type, form.lower(), value) for form, _, value in EVERY_FORM]
    expected.append(("DS", "ns", f"12345 13 2 {DIGEST}"))
    with page.console.application.store.connection():
        origin = zones.get_any(page.uuid).name
    found = [(record.rdtype.name, print_owner(record.owner, origin), record.value) for record in page.records()]
    assert sorted(found) == sorted(expected)


def test_an_unchanged_form_changes_nothing(page: ZonePage) -> None:
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


def test_a_value_that_cannot_be_split_is_edited_in_one_field(page: ZonePage) -> None:
    api = page.console.application.bearer(ME)
    value = '10 1 "https://example.net/\\255"'
    api("POST", f"/dns-zones/{page.uuid}/records/", {"record_type": "URI", "name": "www", "value": value})
    (before,) = page.records()
    assert page.change(before).status_code == 303
    assert page.records() == [before] and before.value == value
    page.change(before, part_value=value.replace("10", "11"))
    assert page.records()[0].value == value.replace("10", "11")


def test_a_text_may_be_pasted_in_the_brackets_of_a_zone_file(page: ZonePage) -> None:
    pasted = '( "v=DKIM1; k=rsa; "\r\n\t  "p=AAAA" )  ; ----- a key'
    assert page.add("TXT", "default._domainkey", part_value=pasted).status_code == 303
    refused = page.add("TXT", "www", part_value=f"other IN TXT {pasted}")
    assert refused.status_code == 400 and "is for other: enter that name" in refused.text
    assert [record.value for record in page.records()] == ["v=DKIM1; k=rsa; p=AAAA"]


def test_a_stored_text_in_brackets_is_edited_as_it_is(page: ZonePage) -> None:
    page.save_text("www", '(v=1) "a"')
    (record,) = page.records()
    assert page.change(record).status_code == 303 and page.records() == [record]


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


def test_errors_are_shown_at_the_field_in_the_words_of_the_api(page: ZonePage) -> None:
    api = page.console.application.bearer(ME)
    for form, submitted, body in MISTAKES:
        record = {"record_type": form, "name": "www", **body}
        error = api("POST", f"/dns-zones/{page.uuid}/records/", record).get_json()
        words = html.escape(error["detail"].removeprefix(f"{error['field']}: ")).lower()
        for intent in ("save", "draft", "preview"):
            refused = page.add(form, intent=intent, **{"name": "www", **submitted})
            assert refused.status_code == 400
            (shown,) = found_in(refused.text, r'class="error" id="([a-z_]+)-error">([^<]*)')
            assert (shown[0], html.escape(html.unescape(shown[1])).lower()) == (error["field"], f"{words}.")
    assert page.records() == [] and "The draft is empty" in page.browser.get(f"{page.path}changes/").text


def test_submitted_values_are_kept_and_escaped(page: ZonePage) -> None:
    refused = page.add_address(HOSTILE, name="www", comment=HOSTILE)
    assert HOSTILE not in refused.text and "&lt;img src=x" in refused.text
    page.add("TXT", "@", part_value=HOSTILE, comment=HOSTILE)
    (record,) = page.records()
    assert (record.value, record.comment) == (HOSTILE, HOSTILE)
    page.change(record, intent="draft", part_value=HOSTILE + "2")
    shown = [page.path, f"{page.path}records/{record.uuid}/", f"{page.path}changes/", f"{page.path}?search={HOSTILE}"]
    shown += [f"{page.path}ask/?name={HOSTILE}&type=A", f"{page.path}?type={HOSTILE}", f"/zones/?search={HOSTILE}"]
    for path in shown:
        assert "<img" not in page.browser.get(path).text, path


def test_a_concurrent_change_is_not_overwritten(page: ZonePage) -> None:
    page.add_address(comment="mine")
    (record,) = page.records()
    path = f"{page.path}records/{record.uuid}/"
    operator = page.console.signed_in("op@example.org", is_admin=True)
    opened = {**operator.forms(path)[path], "name": "www", "ttl": "", "comment": "mine"}
    page.change(record, part_value="192.0.2.2")
    for intent in ("save", "preview", "draft"):
        conflict = operator.post(path, {**opened, "part_value": "192.0.2.3", "intent": intent})
        assert conflict.status_code == 409
        (table,) = found_in(conflict.text, r'role="alert".*?<tbody>(.*?)</tbody>')
        assert found_in(table, r"<td [^>]*>([^<]*)</td>") == [
            "IPv4 address",
            "192.0.2.2",
            "192.0.2.3",
            "TTL",
            "3600",
            "empty",
        ]
    wrong = operator.post(path, {**opened, "part_value": "192.0.2.3", "ttl": "x"})
    assert wrong.status_code == 400 and f'name="revision" value="{opened["revision"]}"' in wrong.text
    assert [one.value for one in page.records()] == ["192.0.2.2"]
    (revision,) = found_in(operator.get(path).text, r'name="revision" value="(\d+)"')
    assert operator.post(path, {**opened, "part_value": "192.0.2.3", "revision": revision}).status_code == 303
    assert [one.value for one in page.records()] == ["192.0.2.3"]
    without = {name: value for name, value in opened.items() if name != "revision"}
    assert operator.post(path, {**without, "part_value": "192.0.2.4"}).status_code == 409


def test_a_preview_shows_the_diff_and_stores_nothing(page: ZonePage) -> None:
    serial = page.serial()
    shown = page.add_address(intent="preview")
    assert shown.status_code == 200
    lines = found_in(shown.text, r'<div class="(added|removed)">.*?<span>([^<]*)</span></div>')
    assert [sign for sign, _ in lines] == ["removed", "added", "added"]
    assert lines[2][1] == "www.example.com. 3600 IN A 192.0.2.1" and " SOA " in lines[0][1]
    assert page.records() == [] and page.serial() == serial


def test_records_are_listed_by_rrset_and_found(page: ZonePage) -> None:
    for number in range(8):
        page.add_address(f"192.0.2.{number}")
    page.add("TXT", "@", part_value="Hello")
    page.add_address("192.0.2.9", name="www2")
    whole = page.browser.get(page.path).text
    assert len(found_in(whole, "<tbody>")) == 3 and "192.0.2.7" not in whole
    (rest,) = found_in(whole, r'href="([^"]*)">Show all 8 A records of www<')
    alone = page.browser.get(page.path + html.unescape(rest)).text
    assert len(found_in(alone, 'type="checkbox"')) == 8 and "192.0.2.9" not in alone
    assert "192.0.2.9" in page.browser.get(f"{page.path}?search=www2.example.com").text
    assert "Hello" in page.browser.get(f"{page.path}?search=hello").text
    assert "No matching records" in page.browser.get(f"{page.path}?search=nothing").text
    assert "No matching records" not in page.browser.get(f"{page.path}?type=SPF").text


def test_rrsets_are_sorted_by_each_column(page: ZonePage) -> None:
    for form, name, value, ttl in (
        ("A", "b", "192.0.2.1", 60),
        ("TXT", "a", "zz", 300),
        ("AAAA", "c", "2001:db8::1", 5),
    ):
        page.add(form, name, part_value=value, ttl=str(ttl))

    def names(sort: str) -> list[str]:
        shown = page.browser.get(f"{page.path}?search=&type=&sort={sort}")
        return texts(shown, r'id="n\d+"[^>]*>([^<]*)')

    for sort, order in (("name", "abc"), ("type", "bca"), ("ttl", "cba"), ("value", "bca"), ("nonsense", "abc")):
        assert names(sort) == list(order)
        assert sort == "nonsense" or names(f"-{sort}") == list(order)[::-1]
    shown = page.browser.get(f"{page.path}?search=a&sort=ttl&page=2")
    assert texts(shown, r'aria-sort="ascending"><a href="\?([^"]*)">TTL') == ["search=a&amp;sort=-ttl"]
    assert texts(shown, r'<th scope="col"><a href="\?([^"]*)">Name') == ["search=a&amp;sort=name"]
    assert 'name="sort" value="ttl"' in shown.text


def test_managed_records_are_shown_locked_at_the_start_of_the_list(page: ZonePage) -> None:
    def managed(query: str = "") -> list[str]:
        (*found,) = found_in(page.browser.get(f"{page.path}{query}").text, '<tbody class="managed">(.*?)</tbody>')
        return found_in("".join(found), r'class="badge">(\w+)<')

    assert managed() == ["SOA", "NS", "NS"]
    page.add_address()
    assert managed() == managed("?sort=-value") == managed("?page=1") == ["SOA", "NS", "NS"]
    assert managed("?search=www") == managed("?type=A") == managed("?name=www") == []
    page.save([CreateRecord(RecordInput("A", f"host-{number}", "192.0.2.1")) for number in range(60)])
    assert managed("?page=2") == []
    for number in range(12):
        page.browser.send("/zones/new/", {"domain": f"child-{number}.example.com"})
    assert (
        managed() == ["SOA", *["NS"] * 19] and "And 7 more records of child zones." in page.browser.get(page.path).text
    )


def test_rrsets_are_paged(page: ZonePage) -> None:
    page.save([CreateRecord(RecordInput("A", f"host-{number}", "192.0.2.1")) for number in range(120)])
    assert "1 to 50 of 120" in page.browser.get(page.path).text
    for number in (3, 4, 99, 999999):
        assert "101 to 120 of 120" in page.browser.get(f"{page.path}?page={number}").text


def test_records_of_other_accounts_are_not_found(page: ZonePage) -> None:
    page.add_address()
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
