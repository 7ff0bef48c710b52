"""The tables for a terminal and for a document."""

from __future__ import annotations

import pytest

from bench.series import MACHINE, Series, compare
from bench.table import markdown, number, text
from tests.bench.samples import changes


def test_the_columns_of_the_text_are_aligned() -> None:
    title, head, *lines = text(compare(changes())).splitlines()
    assert title == "one record changed:"
    assert len(lines) == 6
    assert {len(line) for line in lines} == {len(head)}
    assert lines[0].split() == ["10", "records", "ns1,", "ms", "3", "6.10", "6.20", "3.10", "3.20", "1.97"]
    assert lines[4].split()[-4:] == ["6.20", "-", "-", "-"]


def test_markdown_has_a_table_for_each_case() -> None:
    lines = markdown(compare(changes())).splitlines()
    assert lines[0] == "### One record changed"
    assert lines[4] == "| 10 records | ns1, ms | 3 | 6.10 | 6.20 | 3.10 | 3.20 | 1.97 |"
    assert {line.count("|") for line in lines[2:]} == {9}


def test_what_is_not_compared_has_no_columns_of_powerdns() -> None:
    series = [Series("floor", "", MACHINE, "commit", "ms", (2.0, 4.0))]
    assert text(compare(series)).splitlines()[1:] == [
        "                n  median   p99",
        "    commit, ms  2    3.00  4.00",
    ]
    assert "|  | commit, ms | 2 | 3.00 | 4.00 |" in markdown(compare(series))


@pytest.mark.parametrize(
    ("value", "printed"),
    [(0, "0"), (0.0123, "0.012"), (0.5, "0.50"), (9.876, "9.88"), (12.34, "12.3"), (1391.2, "1,391")],
)
def test_numbers_have_three_digits(value: float, printed: str) -> None:
    assert number(value) == printed
