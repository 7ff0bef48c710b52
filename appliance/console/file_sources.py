"""Where the text of a zone file to import comes from: a text area, an uploaded file, or a transfer from a server."""

from __future__ import annotations

from flask import request

from appliance.console.forms import Form
from appliance.console.lookup_slots import lookup_slot
from appliance.console.session import current_session
from appliance.console.transfer_servers import FIELD as SERVER_FIELD
from appliance.console.transfer_servers import find_server
from appliance.errors import CommandError, InputError, SettingsError
from appliance.keys import ALGORITHMS, Key
from appliance.queries.transfer import TransferredRecord, axfr
from appliance.web.context import context
from appliance.zones.model import Zone
from appliance.zones.zone_file_reader import decode_zone_file

TRANSFER_SECONDS = 10.0
"""Seconds that a transfer may take."""
TRANSFER_OCTETS = 1024 * 1024
"""Octets that a transferred zone may have; about as many records as a draft can hold, and more."""
_ANY_SECRET = "AA=="  # noqa: S105 - any valid one


def text_from(form: Form, zone: Zone) -> str:
    """Return the text of the source that the form has; raise InputError unless it is exactly one."""
    upload = request.files.get("file")
    has_file, has_text, server = bool(upload and upload.filename), bool(form["text"].strip()), form["server"].strip()
    if has_file + has_text + bool(server) != 1:
        what = "more than one of them" if has_file or has_text or server else "none of them"
        raise InputError(f"choose a file, or enter a text, or the address of a server: the form has {what}", "file")
    if server:
        return _transferred(server, zone, _parse_key(form))
    return decode_zone_file(upload.read() if upload and has_file else form["text"].encode())


def _transferred(text: str, zone: Zone, key: Key | None) -> str:
    resolver, is_operator = context().settings.dns.resolver, current_session().account.is_admin
    with lookup_slot():
        server = find_server(text, resolver, is_operator=is_operator)
        try:
            rows = axfr(server, zone.name, key, TRANSFER_SECONDS, limit=TRANSFER_OCTETS)
        except CommandError as failed:
            raise InputError(f"the transfer failed: {failed.detail}", SERVER_FIELD) from None
    return "".join(f"{_line(row)}\n" for row in rows)


def _line(row: TransferredRecord) -> str:
    return f"{row.owner.to_text()} {row.ttl} IN {row.rdtype.name} {row.rdata.to_text()}"


def _parse_key(form: Form) -> Key | None:
    name, secret = form["key_name"].strip().removesuffix("."), form["secret"].strip()
    if not name and not secret:
        return None
    if form["algorithm"] not in ALGORITHMS:
        raise InputError("choose one of the listed algorithms", "algorithm")
    _check_key(name, form["algorithm"], _ANY_SECRET, "key_name")
    return _check_key(name, form["algorithm"], secret, "secret")


def _check_key(name: str, algorithm: str, secret: str, field: str) -> Key:
    """Return the key; raise InputError with that field if it is not valid."""
    try:
        return Key(name, algorithm, secret)
    except SettingsError as error:
        raise InputError(str(error), field) from None
