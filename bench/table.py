"""The figures as tables: aligned text for a terminal, Markdown for a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from bench.series import Comparison, Series

HEAD = ("", "", "n", "appliance", "p99", "PowerDNS", "p99", "ratio")
ALONE = ("", "", "n", "median", "p99")
"""The columns where nothing of PowerDNS was measured."""
NONE = "-"


def rows(comparisons: Iterable[Comparison]) -> list[tuple[str, ...]]:
    """Return a row for each comparison, as texts: size, point, n, medians and 99th percentiles, ratio."""
    return [
        (
            one.size,
            f"{one.point}, {one.unit}",
            str(max(len(side.values) for side in (one.appliance, one.powerdns) if side)),
            *_figures(one.appliance),
            *_figures(one.powerdns),
            NONE if one.ratio is None else number(one.ratio),
        )
        for one in comparisons
    ]


def text(comparisons: Iterable[Comparison]) -> str:
    """Return a table for each case, with aligned columns."""
    tables = []
    for case, part in groupby(comparisons, key=lambda one: one.case):
        cells = _cells(list(part))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        tables.append("\n".join([f"{case}:", *(_aligned(row, widths) for row in cells)]))
    return "\n\n".join(tables) + "\n"


def markdown(comparisons: Iterable[Comparison]) -> str:
    """Return a heading and a table for each case."""
    tables = []
    for case, part in groupby(comparisons, key=lambda one: one.case):
        head, *lines = _cells(list(part))
        rule = ("---", "---", *("--:",) * (len(head) - 2))
        tables.append("\n".join([f"### {case.capitalize()}", "", *map(_line, (head, rule, *lines))]))
    return "\n\n".join(tables) + "\n"


def number(value: float) -> str:
    """Return a number with three significant digits, without an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    decimals = 2 if abs(value) < 10 else 1
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.{decimals}f}"


def _cells(part: Sequence[Comparison]) -> list[tuple[str, ...]]:
    head = HEAD if any(one.powerdns for one in part) else ALONE
    return [head, *(row[: len(head)] for row in rows(part))]


def _figures(series: Series | None) -> tuple[str, str]:
    if series is None:
        return NONE, NONE
    return number(series.median), number(series.p99) if len(series.values) > 1 else NONE


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    left, right = row[:2], row[2:]
    cells = [cell.ljust(width) for cell, width in zip(left, widths, strict=False)]
    cells += [cell.rjust(width) for cell, width in zip(right, widths[2:], strict=True)]
    return ("  " + "  ".join(cells)).rstrip()


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
