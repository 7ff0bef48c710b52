"""docs/asvs.md has every requirement of OWASP ASVS 5.0.0, levels 1 and 2, exactly once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

TABLE = Path(__file__).parent.parent / "docs" / "asvs.md"
NUMBERS = r"\d+\.\d+\.\d+"
LEVELS_1_AND_2 = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4
5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3
8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4
16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
"""
"""Requirements in each section; in every section those of level 3 come last."""


def required() -> list[str]:
    """Return the number of every requirement."""
    sections = (section.split(":") for section in LEVELS_1_AND_2.split())
    return [f"{section}.{number}" for section, count in sections for number in range(1, int(count) + 1)]


def rows() -> list[list[str]]:
    """Return the cells of the table."""
    lines = TABLE.read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(rf"\| {NUMBERS}", line)]


def numbers(cell: str) -> Iterator[str]:
    """Yield the numbers of a cell: single ones, and ranges such as 1.2.6 to 1.2.8."""
    for part in cell.split(", "):
        first, _, last = part.partition(" to ")
        section, _, start = first.rpartition(".")
        end = int(last.rpartition(".")[2]) if last else int(start)
        yield from (f"{section}.{number}" for number in range(int(start), end + 1))


def test_every_requirement_is_listed_once() -> None:
    listed = Counter(number for row in rows() for number in numbers(row[0]))
    assert listed == Counter(required())
    assert len(listed) == 253


def test_every_row_has_a_verdict_and_a_reason() -> None:
    for number, met, shown in rows():
        assert met in ("yes", "no", "operator", "n/a"), number
        assert shown, number
