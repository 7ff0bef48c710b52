"""What people see on a terminal and programs do not: colours, bars of progress, a picture drawn again and again."""

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
REDRAWN_EVERY = 1.0
"""Seconds."""

Row = dict[str, Any]


def wants_no_colour() -> bool:
    """True when NO_COLOR is set and not empty (no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as lines below a heading, states in colour; `click.echo` takes the colours out again off a terminal."""
    if not rows:
        return []
    columns = list(rows[0])
    texts = [[_cell(value) for value in row.values()] for row in rows]
    heading = [name.upper().replace("_", " ") for name in columns]
    widths = [max(map(len, column)) for column in zip(heading, *texts, strict=True)]
    lines = ["  ".join(map(str.ljust, heading, widths)).rstrip()]
    for row in texts:
        cells = (_painted(*cell) for cell in zip(columns, row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    return lines


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr for as long as the block runs, when that is a terminal; told how much is done, of how much."""
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def move(done: int, everything: int) -> None:
            bar.length = max(everything, 1)
            bar.update(done - bar.pos)

        yield move


def redraw(look: Callable[[], tuple[Sequence[Row], bool]], title: Callable[[Sequence[Row]], str]) -> Sequence[Row]:
    """Draw the rows of `look` again and again until it says that it is done; its last rows."""
    while True:
        rows, done = look()
        height = shutil.get_terminal_size().lines
        click.clear()
        click.echo(title(rows))
        room = max(height - 4, 1)
        for line in table(rows[:room]):
            click.echo(line)
        if len(rows) > room:
            click.echo(f"and {len(rows) - room} more")
        if done:
            return rows
        time.sleep(REDRAWN_EVERY)


def _painted(column: str, text: str, width: int) -> str:
    colours: Mapping[str, str] = _COLOURS.get(column, {})
    return click.style(text.ljust(width), fg=colours[text]) if text in colours else text.ljust(width)


def _cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "yes" if value is True else "no" if value is False else str(value)
