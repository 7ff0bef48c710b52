"""`record list`, and how records are found: by uuid, or by name, type and value, through the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from appliance.cli.output import json_option, print_rows
from appliance.cli.remote import api_options
from appliance.client import ApiClient, is_uuid, record_path
from appliance.errors import CallRefused

Record = Mapping[str, Any]
MOST_NAMED = 5
"""Records that an error message names."""
OPTIONAL_COLUMNS = ("comment", "expires_at")


@click.command()
@click.argument("domain", required=False)
@click.option("--name", help="Only records at this name, relative or full.")
@click.option("--type", "record_type", help="Only records of this type.")
@click.option("--value", help="Only records with this value.")
@click.option("--search", help="Only records with this text in full name, value or comment.")
@click.option("--lines", is_flag=True, help="Print lines of a zone file.")
@json_option
@api_options
def list_records(api: ApiClient, domain: str | None, lines: bool, as_json: bool, **filters: str | None) -> None:
    """List records of a zone, or of all zones, ordered by zone, name and type."""
    if domain:
        api.find_zone(domain)
    found = list(api.pages("/dns-records/", _query({"zone": domain, **filters})))
    if lines:
        for line in zone_file_lines(found):
            click.echo(line)
        return
    print_rows(found if as_json else table_rows(found, is_full=domain is None), as_json=as_json)


def table_rows(records: Sequence[Record], *, is_full: bool = False) -> list[Mapping[str, object]]:
    """Return the records as rows of a table, with full names if `is_full`, and the optional columns that any uses."""
    rows = [_row(one, is_full=is_full) for one in records]
    unused = {name for name in OPTIONAL_COLUMNS if not any(row[name] for row in rows)}
    return [{name: cell for name, cell in row.items() if name not in unused} for row in rows]


def _row(record: Record, *, is_full: bool) -> dict[str, object]:
    return {
        "name": record["fqdn" if is_full else "name"],
        "ttl": record["ttl"],
        "type": record["record_type"],
        "priority": record["priority"],
        "value": record["value"],
        "uuid": record["uuid"],
        **{name: record[name] or None for name in OPTIONAL_COLUMNS},
    }


def zone_file_lines(records: Sequence[Record]) -> Iterator[str]:
    """Yield each record as a line of a zone file (RFC 1035 section 5.1), with its full name."""
    import dns.name  # noqa: PLC0415 - the other commands start sooner without

    from appliance.zones.rdata import parse_rdata, print_data  # noqa: PLC0415 - likewise

    for one in records:
        parsed = parse_rdata(one["record_type"], one["value"], one["priority"], dns.name.root)
        yield f"{one['fqdn']}. {one['ttl']} IN {one['record_type']} {print_data(parsed)}"


def find_records(api: ApiClient, where: Sequence[str]) -> tuple[str, list[Record], dict[str, str]]:
    """Return the zone, the records that the arguments address, and the header that a write of them needs.

    The arguments are uuids, or domain, name, type and values. The header is If-Match with the ETag that the zone had
    before the records were read: so a write is refused if other records match now. Raise UsageError for other
    arguments, CallRefused if there is no such record.
    """
    if where and all(map(is_uuid, where)):
        found = [api.get(record_path(uuid)) for uuid in where]
        if len({one["zone"] for one in found}) > 1:
            raise click.UsageError("the records are in different zones: change one zone at a time")
        return found[0]["zone"], found, {}
    if len(where) < 3:
        raise click.UsageError("name the record: its UUID, or DOMAIN NAME TYPE, and VALUE if several have them")
    domain, name, record_type, *values = where
    etag = api.etag_of_zone(domain)
    found = list(_matching(api, domain, name, record_type, values))
    return domain, found, {"If-Match": etag}


def only_one(records: Sequence[Record], what: str) -> Record:
    """Return the only record; raise CallRefused, which lists some of them, if there are several."""
    if len(records) > 1:
        shown = ", ".join(f"{one['value']} ({one['uuid']})" for one in records[:MOST_NAMED])
        more = f" and {len(records) - MOST_NAMED} more" if len(records) > MOST_NAMED else ""
        raise CallRefused(409, f"{len(records)} records match: {shown}{more}; {what}", "conflict")
    return records[0]


def _matching(api: ApiClient, domain: str, name: str, record_type: str, values: Sequence[str]) -> Iterator[Record]:
    query = {"zone": domain, "name": name, "record_type": record_type.upper()}
    wanted: Sequence[str | None] = values or [None]
    for value in wanted:
        found = list(api.pages("/dns-records/", _query({**query, "value": value})))
        if not found:
            with_value = f" with value {value}" if value is not None else ""
            detail = f"there is no {record_type.upper()} record at {name} in {domain}{with_value}"
            raise CallRefused(404, detail, "not_found")
        yield from found


def _query(filters: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value is not None}
