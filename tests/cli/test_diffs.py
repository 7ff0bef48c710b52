"""Diffs of the API as lines: what is on stdout, what is on stderr, and what a token without reading sees."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.cli.diffs import describe_serial, has_changes, print_diff

RECORD: dict[str, Any] = {
    "uuid": "6b1f4ad4",
    "name": "www",
    "ttl": 300,
    "record_type": "A",
    "priority": None,
    "value": "192.0.2.1",
    "comment": "",
    "expires_at": None,
}
EMPTY: dict[str, Any] = {"serial": 7, "applied": False, "added": [], "changed": [], "removed": [], "warnings": []}


def test_records_are_lines_of_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    mail = {**RECORD, "record_type": "MX", "priority": 10, "value": "mail.example.com"}
    print_diff({**EMPTY, "added": [mail], "changed": [{"before": RECORD, "after": {**RECORD, "comment": "new"}}]})
    assert capsys.readouterr().out.splitlines() == [
        "~ www 300 A 192.0.2.1: comment none -> new",
        "+ www 300 MX 10 mail.example.com",
    ]


def test_warnings_and_answers_are_lines_of_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    warning = {"code": "cname-chain", "detail": "a leads to b", "remedy": "shorten it", "name": "a"}
    answers: list[dict[str, Any]] = [
        {"name": "www", "type": "A", "before": "NXDOMAIN", "after": ["a", "b"], "why": "record", "cached_for": 300},
        {"name": "x", "type": "*", "before": "NODATA", "after": "NXDOMAIN", "why": "wildcard", "cached_for": 0},
    ]
    print_diff({**EMPTY, "warnings": [warning], "impact": answers})
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "answer www A: NXDOMAIN -> a, b (record, cached for up to 300 s)",
        "answer x *: NODATA -> NXDOMAIN (wildcard)",
        "warning (cname-chain): a leads to b: shorten it",
    ]


def test_a_token_that_cannot_read_sees_uuids(capsys: pytest.CaptureFixture[str]) -> None:
    hidden = {"uuid": RECORD["uuid"]}
    print_diff({**EMPTY, "removed": [hidden], "changed": [{"before": hidden, "after": hidden}], "impact": None})
    assert capsys.readouterr().out == "- 6b1f4ad4\n~ 6b1f4ad4\n"


def test_the_serial_is_described() -> None:
    stored = {**EMPTY, "applied": True}
    assert describe_serial(EMPTY) == "serial 7 would be the next; not stored"
    assert describe_serial(stored) == "serial 7: nothing to change"
    assert describe_serial({**stored, "added": [RECORD]}) == "serial 7"
    assert has_changes({**stored, "added": [RECORD]}) and not has_changes(stored)
