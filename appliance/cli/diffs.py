"""Diffs on a terminal: `+` added, `-` removed, `~` changed, with colours; and lines of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from appliance.cli.output import print_json

Document = Mapping[str, Any]
FIELDS = ("name", "record_type", "ttl", "priority", "value", "comment", "expires_at")


def print_diff(diff: Document, *, as_json: bool = False) -> None:
    """Print a diff of the API: records on stdout, and on stderr warnings and answers that would change."""
    if as_json:
        print_json(diff)
        return
    for line, colour in _lines(diff):
        click.secho(line, fg=colour)
    for line in map(_answers, diff.get("impact") or ()):
        click.secho(line, fg="cyan", err=True)
    for one in diff["warnings"]:
        click.secho(f"warning {describe_warning(one)}", fg="yellow", err=True)


def describe_warning(one: Document) -> str:
    """Return a warning as one line: code, what is wrong, and what to do."""
    remedy = f": {one['remedy']}" if one.get("remedy") else ""
    return f"({one['code']}): {one['detail']}{remedy}"


def describe_serial(diff: Document) -> str:
    """Return what became of a change that is not waited for."""
    if not diff["applied"]:
        return f"serial {diff['serial']} would be the next; not stored"
    return f"serial {diff['serial']}" + ("" if has_changes(diff) else ": nothing to change")


def has_changes(diff: Document) -> bool:
    """Return whether the diff changes any record."""
    return any(diff[part] for part in ("added", "changed", "removed"))


def line_of(record: Document) -> str:
    """Return a record as one line."""
    priority = "" if record["priority"] is None else f"{record['priority']} "
    return f"{record['name']} {record['ttl']} {record['record_type']} {priority}{record['value']}"


def _lines(diff: Document) -> Iterator[tuple[str, str]]:
    for record in diff["removed"]:
        yield f"- {_line(record)}", "red"
    for one in diff["changed"]:
        yield f"~ {_changed(one['before'], one['after'])}", "yellow"
    for record in diff["added"]:
        yield f"+ {_line(record)}", "green"


def _line(record: Document) -> str:
    """Return a record as one line; without permission to read, the API shows its uuid alone."""
    return line_of(record) if "value" in record else record["uuid"]


def _changed(before: Document, after: Document) -> str:
    fields = [
        f"{name} {_shown(before[name])} -> {_shown(after[name])}"
        for name in FIELDS
        if name in before and name in after and before[name] != after[name]
    ]
    return f"{_line(before)}: {', '.join(fields)}" if fields else _line(before)


def _answers(one: Document) -> str:
    """Return how an answer would change, and how long resolvers may keep the former one."""
    before, after = (", ".join(one[side]) if isinstance(one[side], list) else one[side] for side in ("before", "after"))
    kept = f", cached for up to {one['cached_for']} s" if one["cached_for"] else ""
    return f"answer {one['name']} {one['type']}: {before} -> {after} ({one['why']}{kept})"


def _shown(value: object) -> str:
    return "none" if value in (None, "") else str(value)
