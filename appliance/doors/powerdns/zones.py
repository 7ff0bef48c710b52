"""Calls about zones: the list, one zone, its RRsets, creation and deletion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dns.name import Name
from flask import Blueprint, Response, request

from appliance.compiler import compile_export
from appliance.doors.powerdns.bodies import read_body
from appliance.doors.powerdns.crypto_keys import key_documents
from appliance.doors.powerdns.responses import json_response, no_content, not_implemented
from appliance.doors.powerdns.rrset_changes import RRsetChange, naming_sets, read_changes, requests_of
from appliance.doors.powerdns.zone_ids import parse_name, parse_zone_id
from appliance.doors.powerdns.zone_json import JSON, is_wanted, rrset_documents, whole_document, zone_document
from appliance.doors.principals import principal
from appliance.doors.seen import wait_until_seen
from appliance.editing import MAX_CHANGES, RecordInput, ReplaceRRset, ValueInput, ZoneContent, check_creation
from appliance.errors import Conflict, InputError, InvalidName, InvalidValue, NotFound
from appliance.store import records, signing, zones
from appliance.store.zones import Page
from appliance.web.context import context, reading
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain, parse_owner, print_domain
from appliance.zones.record_text import print_name
from appliance.zones.signing import DsReport

TITLE = "PowerDNS API"
"""The name of this door in the journal."""
WAIT = 4.0
"""Seconds that a write waits to be seen: octoDNS waits 5 for its answer."""
_ZONES = "/api/v1/servers/localhost/zones"
_ZONE = f"{_ZONES}/<string:zone>"
_KINDS = ("native", "master", "primary")
_ALL = Page(1, 2**31)


def add_routes(blueprint: Blueprint) -> None:
    """Add the routes of these calls."""
    blueprint.get(f"{_ZONES}/")(_list)
    blueprint.post(f"{_ZONES}/")(_create)
    blueprint.get(f"{_ZONE}/")(_show)
    blueprint.patch(f"{_ZONE}/")(_change)
    blueprint.put(f"{_ZONE}/")(_set)
    blueprint.delete(f"{_ZONE}/")(_delete)
    blueprint.put(f"{_ZONE}/notify/")(_notify)
    blueprint.put(f"{_ZONE}/rectify/")(_rectify)
    blueprint.get(f"{_ZONE}/export/")(_export)
    blueprint.get(f"{_ZONE}/cryptokeys/")(_keys)
    blueprint.get(f"{_ZONE}/metadata/", endpoint="metadata")(_nothing)
    for name in ("cryptokeys", "metadata"):
        blueprint.post(f"{_ZONE}/{name}/", endpoint=f"{name}-write")(_not_implemented)
        blueprint.route(f"{_ZONE}/{name}/<string:key>/", methods=["PUT", "DELETE"], endpoint=f"{name}-one-write")(
            _not_implemented
        )
    blueprint.get(f"{_ZONE}/cryptokeys/<string:key>/")(_key)
    blueprint.get(f"{_ZONE}/metadata/<string:kind>/")(_no_metadata)


def _list() -> Response:
    principal().require("dns:list")
    name = request.args.get("zone")
    wanted = parse_name(name) if name else None
    if name and wanted is None:
        return json_response([])
    with reading():
        found, _ = zones.find(principal().scope, _ALL, name=wanted)
    return json_response(list(map(zone_document, found)))


def _show(zone: str) -> Response:
    principal().require("dns:list", "dns:read")
    with reading():
        return _document(_find(zone))


def _document(zone: Zone, status: int = 200) -> Response:
    with reading():
        rrsets = None if request.args.get("rrsets") == "false" else _rrsets(zone)
    return json_response(whole_document(zone, rrsets), status)


def _rrsets(zone: Zone) -> list[JSON]:
    """Return the RRsets of the zone, with the name and type that the query has."""
    name, record_type = request.args.get("rrset_name"), request.args.get("rrset_type")
    stored = records.iterate(zone) if name is None else _records_at(name, zone)
    found = rrset_documents(zone, stored, context().editor.apex)
    return [rrset for rrset in found if is_wanted(rrset, name, record_type)]


def _records_at(name: str, zone: Zone) -> Iterator[Record]:
    """Yield the records that the zone has at that name."""
    try:
        owner = parse_owner(f"{name.removesuffix('.')}.", zone.name)
    except InputError:
        return
    for node in records.ZoneView(zone, context().editor.apex.servers).nodes([owner]).values():
        for rrset in node.values():
            yield from rrset.records


def _change(zone: str) -> Response:
    body = read_body()
    with reading():
        found = _find(zone)
    changes, made = read_changes(body.get("rrsets"), found.name, most=MAX_CHANGES), list[ReplaceRRset]()

    def requests(current: Zone) -> list[ReplaceRRset]:
        made[:] = _requests(changes, current)
        return made

    with naming_sets(lambda: made):
        diff = context().editor.change_many(principal(), found.uuid, requests, TITLE)
    wait_until_seen([diff.after], WAIT)  # without a change too: it may repeat a call that was not answered in time
    return no_content()


def _requests(changes: list[RRsetChange], zone: Zone) -> list[ReplaceRRset]:
    apex = context().editor.apex
    owners = {change.owner for change in changes}
    return requests_of(changes, zone.name, apex, records.ZoneView(zone, apex.servers).nodes(owners))


def _create() -> Response:
    if not principal().limits.create_zones:
        principal().require("dns:create")
    body = read_body()
    name = _new_name(body)
    check_creation(principal(), name)  # before 409, which says what other accounts have
    requested = _new_records(body, name)
    content = ZoneContent(requested, dnssec=body.get("dnssec") is True, max_records=None)
    _refuse_existing(name)
    try:
        with naming_sets(lambda: requested):
            zone = context().editor.create_zone(principal(), print_name(name), content)
    except InvalidName:
        _refuse_existing(name)
        raise
    wait_until_seen([zone], WAIT, with_above=True)
    return _document(zone, 201)


def _new_name(body: dict[str, Any]) -> Name:
    name, kind = body.get("name"), body.get("kind", "Native")
    if not isinstance(name, str):
        raise InvalidName("name must be the name of the new zone, such as example.org.", "name")
    if not isinstance(kind, str) or kind.lower() not in _KINDS:
        raise InvalidValue(f"kind must be Native, Master or Primary, not {kind!r}", "kind")
    return parse_domain(name, "name")


def _new_records(body: dict[str, Any], name: Name) -> list[RecordInput]:
    """Return the records of a new zone: those of its RRsets, and NS records of nameservers that are not ours."""
    apex = context().editor.apex
    rrsets = body.get("rrsets")
    changes = read_changes([] if rrsets is None else rrsets, name, "REPLACE")
    sets = requests_of(changes, name, apex, {})
    servers = {parse_domain(one, "nameservers") for one in _nameservers(body)} - set(apex.servers)
    listed = {
        f"{_value(one).lower().removesuffix('.')}."
        for rrset in sets
        if _is_apex_ns(rrset, name)
        for one in rrset.values
    }
    missing = [one for one in map(print_name, sorted(servers)) if one not in listed]
    extra = ReplaceRRset("NS", print_name(name), missing)
    return [_record(rrset, one) for rrset in (*sets, extra) for one in rrset.values]


def _nameservers(body: dict[str, Any]) -> list[str]:
    found = [] if body.get("nameservers") is None else body["nameservers"]
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise InvalidValue("nameservers must be a list of host names", "nameservers")
    return found


def _is_apex_ns(rrset: ReplaceRRset, name: Name) -> bool:
    return rrset.record_type == "NS" and rrset.name == print_name(name)


def _value(one: str | ValueInput) -> str:
    return one if isinstance(one, str) else one.value


def _record(rrset: ReplaceRRset, one: str | ValueInput) -> RecordInput:
    priority = None if isinstance(one, str) else one.priority
    return RecordInput(rrset.record_type, rrset.name, _value(one), rrset.ttl, priority)


def _refuse_existing(name: Name) -> None:
    with reading():
        if zones.get_by_name(name):
            raise Conflict(f"the zone {print_domain(name)} already exists")


def _set(zone: str) -> Response:
    """Accept settings of a zone, of which none is kept."""
    body = read_body()
    with reading():
        found = _find(zone)
    if body.get("dnssec") not in (None, found.dnssec):
        raise InputError("dnssec cannot be changed here: use the API of the appliance, or its console", "dnssec")
    return no_content()


def _delete(zone: str) -> Response:
    if not principal().limits.delete_zones:
        principal().require("dns:delete")
    with reading():
        found = _find(zone)
    deleted = context().editor.delete_zone(
        principal(), found.uuid, ds_withdrawn=request.args.get("ds") == DsReport.WITHDRAWN
    )
    wait_until_seen([deleted], WAIT, with_above=True)
    return no_content()


def _notify(zone: str) -> Response:
    with reading():
        _find(zone)
    return json_response({"result": "Notification queued"})


def _rectify(zone: str) -> Response:
    with reading():
        _find(zone)
    return json_response({"result": "Rectified"})


def _export(zone: str) -> Response:
    principal().require("dns:read")
    with reading():
        content = compile_export(_find(zone), context().editor.apex)
    return Response(content, mimetype="text/plain")


def _nothing(zone: str) -> Response:
    with reading():
        _find(zone)
    return json_response([])


def _keys(zone: str) -> Response:
    principal().require("dns:list", "dns:read")
    with reading():
        found = _find(zone)
        return json_response(key_documents(found, signing.get(found), context().clock()))


def _key(zone: str, key: str) -> Response:
    principal().require("dns:list", "dns:read")
    with reading():
        found = _find(zone)
        documents = key_documents(found, signing.get(found), context().clock())
    for document in documents:
        if str(document["id"]) == key:
            return json_response(document)
    raise NotFound(f"the zone {print_name(found.name)} has no key {key!r}")


def _no_metadata(zone: str, kind: str) -> Response:
    with reading():
        _find(zone)
    return json_response({"kind": kind, "metadata": [], "type": "Metadata"})


def _not_implemented(zone: str, key: str = "") -> Response:  # noqa: ARG001 - as the route has them
    with reading():
        _find(zone)
    return not_implemented()


def _find(text: str) -> Zone:
    """Return the zone of that id; raise NotFound if the principal has none."""
    zone = zones.get_by_name(parse_zone_id(text), principal().scope)
    if zone is None:
        raise NotFound("there is no such zone")
    return zone
