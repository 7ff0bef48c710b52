"""Zone diffs: the zone files before and after differ in exactly these lines."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from appliance.render.zone_diff import Line, diff_lines
from appliance.render.zone_file import record_line, soa_line
from appliance.zones.changes import Create, Delete, Update, diff
from appliance.zones.model import Record
from tests.workspace import APEX
from tests.zones.records import ORIGIN, any_records, record


def lines(before: list[Record], after: list[Record], serials: tuple[int, int] = (7, 8)) -> list[Line]:
    return diff_lines(ORIGIN, APEX, serials, diff(before, after))


@given(any_records, any_records)
def test_applying_the_diff_gives_the_other_file(before: list[Record], after: list[Record]) -> None:
    file_lines = sorted([soa_line(ORIGIN, 7, APEX), *map(record_line, before)])
    for line in lines(before, after):
        if line.sign == "-":
            file_lines.remove(line.text)
    file_lines += [line.text for line in lines(before, after) if line.sign == "+"]
    assert sorted(file_lines) == sorted([soa_line(ORIGIN, 8, APEX), *map(record_line, after)])


def test_lines_are_in_the_order_of_the_file_with_the_soa_first() -> None:
    www, mail, text = record("A", "www", "192.0.2.1"), record("A", "mail", "192.0.2.2"), record("TXT", "@", "a")
    moved = replace(www, ttl=60)
    shown = diff_lines(ORIGIN, APEX, (7, 8), [Update(www, moved), Create(mail), Delete(text)])
    assert [line.sign for line in shown] == ["-", "+", "-", "+", "-", "+"]
    assert shown[0].text == soa_line(ORIGIN, 7, APEX) and " 7 " in shown[0].text and " 8 " in shown[1].text
    assert [line.text for line in shown[2:]] == [record_line(one) for one in (text, mail, www, moved)]


def test_a_change_of_the_comment_has_no_lines() -> None:
    old = record("A", "www", "192.0.2.1")
    assert diff_lines(ORIGIN, APEX, (7, 7), [Update(old, replace(old, comment="a note"))]) == []
