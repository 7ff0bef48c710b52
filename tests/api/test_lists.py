"""Lists: filters, pages, and the number of SQL statements."""

from __future__ import annotations

import pytest
from werkzeug.http import parse_options_header

from tests.api.conftest import NS1, Application, Bearer, counted, is_error


@pytest.fixture
def many(me: Bearer) -> Bearer:
    """An account with 12 zones."""
    for number in range(12):
        me.zone(f"page{number:02}.com")
    return me


def test_pages(many: Bearer) -> None:
    answer = many("GET", "/dns-zones/?page=2&page_size=5&search=page")
    assert [zone["domain"] for zone in answer.get_json()] == [f"page{number:02}.com" for number in range(5, 10)]
    assert answer.headers["X-Total-Count"] == "12"
    links = _links(answer.headers["Link"])
    assert set(links) == {"first", "prev", "next", "last"}
    assert links["next"] == "/api/v1/dns-zones/?page=3&page_size=5&search=page"
    last = many("GET", links["last"].removeprefix("/api/v1"))
    assert [zone["domain"] for zone in last.get_json()] == ["page10.com", "page11.com"]
    assert set(_links(last.headers["Link"])) == {"first", "prev", "last"}
    beyond = many("GET", "/dns-zones/?page=9&page_size=5")
    assert (beyond.get_json(), beyond.headers["X-Total-Count"]) == ([], "12")
    assert set(_links(many("GET", "/dns-zones/").headers["Link"])) == {"first", "last"}


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "", "x", "1e1", "٣", " 1", "1001000", "9" * 40])
def test_a_page_is_a_number_in_range(me: Bearer, name: str, value: str) -> None:
    assert is_error(me("GET", f"/dns-zones/?{name}={value}"), 400, "validation_error", name)


@pytest.mark.parametrize(
    "path", ["/dns-zones/", "/dns-records/", "/account/me/", "/dns-zones/x/", "/dns-zones/x/records/"]
)
def test_unknown_query_parameters(me: Bearer, path: str) -> None:
    assert is_error(me("GET", f"{path}?domian=example.com"), 400, "validation_error", "domian")


def test_a_parameter_given_twice(me: Bearer) -> None:
    assert is_error(me("GET", "/dns-zones/?page=1&page=2"), 400, "validation_error", "page")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("domain=bücher.example", 1),
        ("domain=BÜCHER.Example.", 1),
        ("domain=xn--bcher-kva.example", 1),
        ("domain=example", 0),
        ("domain=", 0),
        ("domain=a..b", 0),
        ("domain=%00", 0),
        ("search=CHER", 1),
        ("search=BÜCHER", 1),
        ("search=bücher.example.", 1),
        ("search=PRÜFUNG", 1),
        ("search=example", 2),
        ("search=", 2),
        ("search=%25", 0),
    ],
)
def test_filters_of_zones(me: Bearer, query: str, found: int) -> None:
    me.zone("bücher.example")
    other = me.zone("other.example")
    assert me("PATCH", f"/dns-zones/{other['uuid']}/", {"comment": "In Prüfung"}).status_code == 200
    answer = me("GET", f"/dns-zones/?{query}")
    assert (answer.status_code, len(answer.get_json()), answer.headers["X-Total-Count"]) == (200, found, str(found))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["@ A", "@ MX", "www A", "www TXT", "www A"]),
        ("zone={zone}", ["@ A", "@ MX", "www A", "www TXT"]),
        ("zone={zone}&record_type=A", ["@ A", "www A"]),
        ("record_type=MX", ["@ MX"]),
        ("record_type=SOA", []),
        ("record_type=", []),
        ("name=www", ["www A", "www TXT", "www A"]),
        ("name=WWW&zone={zone}", ["www A", "www TXT"]),
        ("name=www.first.com&zone={zone}", ["www A", "www TXT"]),
        ("name=www.first.com.&zone={zone}", ["www A", "www TXT"]),
        ("name=first.com&zone={zone}", ["@ A", "@ MX"]),
        ("name=%40", ["@ A", "@ MX"]),
        ("name=www.first.com", ["www A", "www TXT"]),
        ("name=WWW.First.COM.", ["www A", "www TXT"]),
        ("name=first.com", ["@ A", "@ MX"]),
        ("name=www.", []),
        ("name=com", []),
        ("name=www.other.com.&zone={zone}", []),
        ("name=bad name", []),
        ("value=192.0.2.1", ["@ A", "www A"]),
        ("value=192.0.2", []),
        ("value=mail.EXAMPLE.com.", ["@ MX"]),
        ("record_type=MX&value=mail.example.com.", ["@ MX"]),
        ("record_type=A&value=mail.example.com.", []),
        ('value="hello"', ["www TXT"]),
        ("search=192.0.2", ["@ A", "www A", "www A"]),
        ("search=mail", ["@ MX"]),
        ("search=HELLO", ["www TXT"]),
        ("search=WWW.first.", ["www A", "www TXT"]),
        ("search=first.com.", ["@ A", "@ MX", "www A", "www TXT"]),
        ("zone=no-uuid", []),
    ],
)
def test_filters_of_records(me: Bearer, query: str, found: list[str]) -> None:
    first, second = me.zone("first.com"), me.zone("second.com")
    me.record(first, "A", "@", "192.0.2.1")
    me.record(first, "MX", "@", "mail.example.com", priority=0)
    me.record(first, "A", "www", "192.0.2.2")
    me.record(first, "TXT", "www", "hello")
    me.record(second, "A", "www", "192.0.2.1")
    answer = me("GET", f"/dns-records/?{query.format(zone=first['uuid'])}")
    assert answer.status_code == 200
    assert [f"{record['name']} {record['record_type']}" for record in answer.get_json()] == found
    assert answer.headers["X-Total-Count"] == str(len(found))


EVERY_SPELLING = [
    ("AAAA", "2001:db8::1", ["2001:0DB8::1", "2001:db8:0:0::1"]),
    ("CNAME", "target.example.net", ["target.example.net.", "TARGET.example.net", "target.example.net"]),
    ("SRV", "5 5060 sip.bücher.example", ["5 5060 sip.xn--bcher-kva.example.", "5 5060 sip.bücher.example"]),
    ("TXT", '"v=spf1 " "-all"', ['"v=spf1 " "-all"']),
    ("TXT", "Grüße", ["Grüße", '"Gr\\195\\188\\195\\159e"']),
    ("CAA", '0 issue "ca.example"', ['0 issue "ca.example"']),
]


@pytest.mark.parametrize(("record_type", "value", "spellings"), EVERY_SPELLING)
def test_a_value_is_found_in_every_spelling_in_which_it_may_be_written(
    me: Bearer, record_type: str, value: str, spellings: list[str]
) -> None:
    zone, priority = me.zone("first.com"), {"priority": 5} if record_type == "SRV" else {}
    record = me.record(zone, record_type, "x", value, **priority)
    me.record(zone, "TXT", "y", "another")
    for spelling in (record["value"], *spellings):
        for query in ({"value": spelling}, {"value": spelling, "record_type": record_type, "zone": zone["uuid"]}):
            found = me("GET", "/dns-records/", query_string=query).get_json()
            assert [one["uuid"] for one in found] == [record["uuid"]], query


def test_a_search_looks_at_owners_full_names_values_and_comments_in_any_letter_case(me: Bearer) -> None:
    zone = me.zone("bücher.example")
    record = me.record(zone, "TXT", "straße", "Überall, 'quoted'", comment="Für Çelik")
    address = me.record(zone, "AAAA", "@", "2001:db8::1")
    for text, found in (
        ("STRASSE", []),
        ("straße", [record]),
        ("STRAßE.BÜCHER", [record]),
        ("straße.bücher.example.", [record]),
        ("xn--strae-oqa.xn--bcher", [record]),
        ("überall", [record]),
        ("ÇELIK", [record]),
        ("'quoted'", [record]),
        ("bücher.example", [address, record]),
        ("2001:0DB8::1", [address]),
        ("2001:DB8", [address]),
        ("nothing", []),
    ):
        answer = me("GET", "/dns-records/", query_string={"search": text})
        assert [one["uuid"] for one in answer.get_json()] == [one["uuid"] for one in found], text


def test_records_of_a_zone_are_listed_completely_or_in_pages(me: Bearer) -> None:
    zone = me.zone("example.com")
    for number in range(101):
        me.record(zone, "A", f"h{number:03}", "192.0.2.1")
    path = f"/dns-zones/{zone['uuid']}/records/"
    whole = me("GET", path)
    assert (len(whole.get_json()), whole.headers["X-Total-Count"]) == (101, "101")
    assert whole.get_json() == me("GET", f"/dns-zones/{zone['uuid']}/").get_json()["records"]
    page = me("GET", f"{path}?page=2")
    assert ([record["name"] for record in page.get_json()], page.headers["X-Total-Count"]) == (["h100"], "101")
    assert len(me("GET", f"{path}?page_size=7").get_json()) == 7


def test_a_list_needs_the_same_number_of_statements_for_any_length(application: Application, me: Bearer) -> None:
    me.zone("first.com")
    with counted() as few:
        assert len(me("GET", "/dns-zones/").get_json()) == 1
    for number in range(20):
        me.record(me.zone(f"page{number:02}.com"), "A", "@", "192.0.2.1")
    with counted() as more:
        zones = me("GET", "/dns-zones/").get_json()
    assert len(zones) == 21
    assert zones[1]["deployment"]["nameservers"][0]["name"] == NS1
    assert len(few) == len(more)
    with counted() as records:
        assert len(me("GET", "/dns-records/").get_json()) == 20
    assert len(records) <= len(few)
    query = {"value": "192.0.2.1", "name": "www.a.b.c.page01.com", "search": "bücher"}
    with counted() as filtered:
        assert me("GET", "/dns-records/", query_string=query).get_json() == []
    assert len(filtered) == len(records)


def _links(header: str) -> dict[str, str]:
    links = {}
    for one in header.split(", "):
        path, options = parse_options_header(one)
        links[options["rel"]] = path.strip("<>")
    return links
