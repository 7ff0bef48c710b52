"""`record add`, `change`, `delete`: each is one call of `changes/`, so one serial however many values it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import click

from appliance.cli.changes_call import Change, WriteOptions, write, write_options
from appliance.cli.parameters import Expiry
from appliance.cli.records import find_records, only_one
from appliance.client import ApiClient, is_uuid
from appliance.errors import CallRefused

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5
"""How often records are looked up again because their zone was changed meanwhile."""


def _field_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options for what a record has besides name, type and value."""
    for option in (
        click.option("--expires", type=Expiry(), help="When it is deleted: a time, a duration such as 30d, or never."),
        click.option("--comment", help="Comment of the record."),
        click.option("--priority", type=click.IntRange(0, 65535), help="Priority of MX and SRV."),
        click.option(
            "--ttl",
            type=click.IntRange(0, 2147483647),
            help="Seconds, for all records of this name and type. [default: theirs, else the zone's]",
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("domain")
@click.argument("name")
@click.argument("record_type", metavar="TYPE")
@click.argument("values", metavar="VALUE...", nargs=-1, required=True)
@_field_options
@write_options
def add_records(
    api: ApiClient,
    domain: str,
    name: str,
    record_type: str,
    values: tuple[str, ...],
    options: WriteOptions,
    expires: str | None,
    **fields: Any,  # noqa: ANN401 - those of `_field_options`
) -> None:
    """Add records: one for each VALUE, all of them or none.

    NAME is relative to the zone, or full; @ is the domain itself. Write -- before a value that begins with a hyphen.

    \b
    Examples: dns-appliance record add example.com www A 192.0.2.1 192.0.2.2 --ttl 300
              dns-appliance record add example.com @ MX mail.example.com --priority 10
    """
    given = _given(fields, expires)
    changes = [
        {"action": "create", "record_type": record_type.upper(), "name": name, "value": value, **given}
        for value in values
    ]
    write(api, domain, changes, options)


@click.command()
@click.argument("where", metavar="{UUID | DOMAIN NAME TYPE [VALUE]}", nargs=-1, required=True)
@click.option("--name", help="New name.")
@click.option("--type", "record_type", help="New type.")
@click.option("--value", help="New value.")
@_field_options
@write_options
def change_record(
    api: ApiClient,
    where: tuple[str, ...],
    options: WriteOptions,
    expires: str | None,
    **fields: Any,  # noqa: ANN401 - the new ones
) -> None:
    """Change a record; what no option names stays as it is.

    The record is addressed by its uuid, or by domain, name and type, and by its value if several have these.

    \b
    Example: dns-appliance record change example.com www A --value 192.0.2.9
    """
    given = _given(fields, expires)
    if not given:
        raise click.UsageError("nothing to change: give --value, --ttl or another option")
    if "record_type" in given:
        given["record_type"] = given["record_type"].upper()
    is_of_set = given.keys() == {"ttl"}

    def change(records: Sequence[Any]) -> list[Change]:
        one = records[0] if is_of_set else only_one(records, "give the VALUE, or the uuid alone")
        return [{"action": "update", "uuid": one["uuid"], **given}]

    edit(api, where, change, options)


@click.command()
@click.argument("where", metavar="{UUID... | DOMAIN NAME TYPE [VALUE...]}", nargs=-1, required=True)
@click.option("--all", "is_all", is_flag=True, help="Delete all records of this name and type.")
@write_options
def delete_records(api: ApiClient, where: tuple[str, ...], is_all: bool, options: WriteOptions) -> None:
    """Delete records: by uuid, by domain, name, type and value, or --all of that name and type.

    \b
    Example: dns-appliance record delete example.com www A 192.0.2.1
    """
    count = len(where) if is_uuid(where[0]) else max(1, len(where) - 3)

    def change(records: Sequence[Any]) -> list[Change]:
        if not is_all and len(records) > count:
            only_one(records, "give the VALUE, the uuid alone, or --all")
        return [{"action": "delete", "uuid": one["uuid"]} for one in records]

    edit(api, where, change, options)


def edit(
    api: ApiClient,
    where: Sequence[str],
    change: Callable[[Sequence[Any]], list[Change]],
    options: WriteOptions,
) -> None:
    """Look the records up and change them; do both again if their zone was changed in between."""
    for attempt in range(1, ATTEMPTS + 1):
        key, records, condition = find_records(api, where)
        try:
            write(api, key, change(records), options, condition)
        except CallRefused as refused:
            if refused.status != 412 or attempt == ATTEMPTS:
                raise
        else:
            return


def _given(fields: Change, expires: str | None) -> Change:
    """Return the fields that have a value; `expires` is an empty text for a record that no longer expires."""
    given = {name: value for name, value in fields.items() if value is not None}
    return given if expires is None else {**given, "expires_at": expires or None}
