"""Output for terminals: tables, colours, progress bars, and a table that is redrawn."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

_COLOURS = {
    "state": {"live": "green", "pending": "yellow", "deploying": "yellow", "failed": "red"},
    "verdict": {"ok": "green", "warn": "yellow", "fail": "red", "skip": "cyan"},
}
REDRAW_INTERVAL = 1.0
"""Seconds."""

Row = dict[str, Any]


def wants_no_colour() -> bool:
    """Return True if NO_COLOR is set and not empty (no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows as lines below a heading, in colour; `click.echo` strips colours when not on a terminal."""
    if not rows:
        return []
    columns = list(rows[0])
    texts = [[_cell(value) for value in row.values()] for row in rows]
    heading = [name.upper().replace("_", " ") for name in columns]
    widths = [max(map(len, column)) for column in zip(heading, *texts, strict=True)]
    lines = ["  ".join(map(str.ljust, heading, widths)).rstrip()]
    for row in texts:
        cells = (_coloured(*cell) for cell in zip(columns, row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    return lines


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr, if that is a terminal, while the block runs.

    Yield a function that takes the number of finished items and of all items.
    """
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def move(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield move


def redraw(read: Callable[[], tuple[Sequence[Row], bool]], title: Callable[[Sequence[Row]], str]) -> Sequence[Row]:
    """Redraw the rows that `read` returns until its second value is True; return the last rows."""
    while True:
        rows, done = read()
        height = shutil.get_terminal_size().lines
        click.clear()
        click.echo(title(rows))
        space = max(height - 4, 1)
        for line in table(rows[:space]):
            click.echo(line)
        if len(rows) > space:
            click.echo(f"and {len(rows) - space} more")
        if done:
            return rows
        time.sleep(REDRAW_INTERVAL)


def _coloured(column: str, text: str, width: int) -> str:
    colours: Mapping[str, str] = _COLOURS.get(column, {})
    return click.style(text.ljust(width), fg=colours[text]) if text in colours else text.ljust(width)


def _cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "yes" if value is True else "no" if value is False else str(value)
