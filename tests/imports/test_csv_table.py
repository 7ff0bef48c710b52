"""Records in a CSV file."""

from __future__ import annotations

import pytest

from appliance.errors import InvalidValue
from appliance.imports.csv_table import is_table, read_table

TABLE = """zone,name,type,ttl,priority,value,comment
example.com,www,A,300,,192.0.2.1,web
Example.com.,,mx,,10,mail.example.com,
example.net,@,TXT,60,,"v=spf1 -all, or ''not''",
example.com,example.com,SOA,,,anything,
example.com,bad,A,300,,192.0.2.999,
example.com,worse,A,5m,,192.0.2.1,
"""


def test_a_table_of_two_zones() -> None:
    assert is_table(TABLE)
    zones = read_table(TABLE, "t.csv")
    assert list(zones) == ["example.com", "example.net"]
    found = zones["example.com"]
    first, second = (one.record for one in found.records)
    assert (first.name, first.record_type, first.value, first.ttl, first.comment) == (
        "www.example.com.", "A", "192.0.2.1", 300, "web",
    )  # fmt: skip
    assert (second.name, second.record_type, second.priority, second.ttl) == ("example.com.", "MX", 10, None)
    assert [one.where for one in found.refused] == ["t.csv:6", "t.csv:7"]
    assert "'5m' is not a number" in found.refused[1].text
    assert len(found.records) == 2
    assert zones["example.net"].records[0].record.value == "v=spf1 -all, or ''not''"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_columns(separator: str) -> None:
    text = separator.join(("\ufeffType", "Zone", "Value")) + "\r\n" + separator.join(("A", "example.com", "192.0.2.1"))
    assert is_table(text)
    assert read_table(text, "t.csv")["example.com"].records[0].where == "t.csv:2"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "t.csv:1: the heading must name"),
        ("zone,type,value,color\n", "t.csv:1: the heading must name"),
        ("zone,type,value,value\n", "t.csv:1: the heading must name"),
        ("zone,type,value\nexample.com,A\n", "t.csv:2: there are 2 cells; the heading has 3 columns"),
        ("zone,type,value\n-,A,192.0.2.1\n", "t.csv:2: "),
        ('zone,type,value\nexample.com,A,"192.0.2.1\n', "t.csv:2: "),
    ],
)
def test_text_that_is_no_table(text: str, detail: str) -> None:
    with pytest.raises(InvalidValue, match=detail):
        read_table(text, "t.csv")


def test_what_is_no_table() -> None:
    assert not is_table("$ORIGIN example.com.\n")
    assert not is_table("")


def test_only_a_line_feed_ends_a_row() -> None:
    text = "zone,type,value\nexample.com,TXT,one\u2028row\nexample.com,A,192.0.2.1"
    data = read_table(text, "t.csv")["example.com"]
    assert ([one.where for one in data.refused], [one.where for one in data.records]) == (["t.csv:2"], ["t.csv:3"])
