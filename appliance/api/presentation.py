"""Zones, records, diffs, deployments, tokens and audit entries as the JSON of the API, for its schemas to serialise."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from appliance.api import schemas, token_schemas
from appliance.api.fields import print_timestamp
from appliance.api.proofs import ownership_of
from appliance.durations import print_duration
from appliance.editing import Diff
from appliance.errors import InputError
from appliance.identity.tokens import TSIG_ALGORITHM
from appliance.principal import Token
from appliance.store.accounts import tsig_secret
from appliance.store.audit import AuditEntry
from appliance.store.policies import document_of
from appliance.zones.answer_changes import AnswerChange
from appliance.zones.deployment import Deployment
from appliance.zones.deployment_error import explain
from appliance.zones.model import Record, Zone
from appliance.zones.names import print_domain, print_owner, print_unicode
from appliance.zones.zone_cuts import ChildZone
from appliance.zones.zone_warning import ZoneWarning

JSON = Mapping[str, Any]

READ_ONLY_OF_ZONES = frozenset(
    {"uuid", "domain", "created_at", "record_count", "domain_unicode", "serial", "updated_at", "delegations"}
)
READ_ONLY_OF_RECORDS = frozenset({"uuid", "created_at", "zone", "fqdn", "updated_at"})


def zone_summary(zone: Zone, deployment: Deployment, now: datetime) -> JSON:
    """Return a zone without its records, as it is now."""
    return {
        "uuid": zone.uuid,
        "domain": print_domain(zone.name),
        "created_at": zone.created_at,
        "record_count": zone.record_count,
        "domain_unicode": print_unicode(zone.name),
        "serial": zone.serial,
        "updated_at": zone.updated_at,
        "default_ttl": zone.default_ttl,
        "dnssec": zone.dnssec,
        "protected": zone.protected,
        "comment": zone.comment,
        "ownership": ownership_of(deployment.hold),
        "deployment": deployment_of(deployment, now),
        **({"deleted_at": zone.deleted_at} if zone.deleted_at else {}),
    }


def zone_detail(
    zone: Zone,
    deployment: Deployment,
    records: Sequence[Record],
    delegations: Sequence[ChildZone],
    now: datetime,
) -> JSON:
    """Return a zone with its records and the delegations of zones below."""
    return {
        **zone_summary(zone, deployment, now),
        "delegations": [
            {"name": print_owner(one.name, zone.name), "zone": one.uuid, "ds": one.ds} for one in delegations
        ],
        "records": [record_of(zone, record) for record in records],
    }


def record_of(zone: Zone, record: Record) -> JSON:
    """Return a record, its name relative to the zone."""
    return {
        "uuid": record.uuid,
        "record_type": record.rdtype.name,
        "name": print_owner(record.owner, zone.name),
        "value": record.value,
        "ttl": record.ttl,
        "priority": record.priority,
        "created_at": record.created_at,
        "zone": zone.uuid,
        "fqdn": print_domain(record.owner),
        "updated_at": record.updated_at,
        "comment": record.comment,
        "expires_at": record.expires_at,
    }


def warning_of(zone: Zone, one: ZoneWarning) -> JSON:
    """Return a warning, its name relative to the zone."""
    return {"code": one.code, "detail": one.detail, "remedy": one.remedy, "name": print_owner(one.name, zone.name)}


def answer_change_of(zone: Zone, one: AnswerChange) -> JSON:
    """Return how an answer changes, its name relative to the zone."""
    return {
        "name": print_owner(one.name, zone.name),
        "type": one.type_name,
        "before": one.before.content,
        "after": one.after.content,
        "why": one.why,
        "detail": one.detail,
        "cached_for": one.cached_for,
    }


def diff_of(diff: Diff) -> JSON:
    """Return what a change did to the records of a zone, or would do."""
    zone = diff.after
    return {
        "serial": zone.serial,
        "applied": diff.applied,
        "added": [record_of(zone, record) for record in diff.added],
        "changed": [
            {"before": record_of(zone, before), "after": record_of(zone, after)} for before, after in diff.changed
        ],
        "removed": [record_of(zone, record) for record in diff.removed],
        "warnings": [warning_of(zone, one) for one in diff.warnings],
        "impact": None if diff.impact is None else [answer_change_of(zone, one) for one in diff.impact],
        "change_id": diff.change_id,
    }


def deployment_of(deployment: Deployment, now: datetime) -> JSON:
    """Return the deployment of a zone."""
    return {
        "state": deployment.state.value,
        "serial": deployment.serial,
        "live_serial": deployment.live_serial,
        "nameservers": [
            {
                "name": seen.nameserver,
                "serial": seen.serial,
                "state": seen.state.value,
                "checked_at": seen.checked_at,
                "changed_at": seen.changed_at,
            }
            for seen in deployment.nameservers
        ],
        "error": explain(deployment, now),
        "queued_at": deployment.queued_at,
        "live_at": deployment.live_at,
    }


def me_of(token: Token) -> JSON:
    """Return the account and the token of a request."""
    return {
        "account": {"email": token.account.email, "uuid": token.account.uuid},
        "token": {
            "name": token.name,
            "prefix": token.prefix,
            "permissions": sorted(token.permissions),
            "expires_at": token.limits.expires_at,
        },
    }


def token_of(token: Token) -> JSON:
    """Return a token without its secret, of which only a hash is stored."""
    limits = token.limits
    return {
        "uuid": token.uuid,
        "name": token.name,
        "prefix": token.prefix,
        "permissions": sorted(token.permissions),
        "zones": None if limits.zones is None else sorted(limits.zones, key=str),
        "record_types": limits.record_types,
        "record_names": limits.record_names,
        "policies": None if limits.policies is None else list(map(document_of, limits.policies)),
        "create_zones": limits.create_zones,
        "delete_zones": limits.delete_zones,
        "max_unused": None if limits.max_unused is None else print_duration(limits.max_unused),
        "allowed_networks": None if limits.networks is None else list(map(str, limits.networks)),
        "created_at": token.created_at,
        "created_by": token.created_by,
        "expires_at": limits.expires_at,
        "last_used_at": token.last_used_at,
        "tsig": {"name": token.uuid, "algorithm": TSIG_ALGORITHM} if token.has_tsig_key else None,
    }


def with_secrets(token: JSON, secret: str) -> JSON:
    """Return a token that was just created, with its secret and that of its TSIG key."""
    key = token["tsig"] and {**token["tsig"], "secret": b64encode(tsig_secret(secret)).decode()}
    return {**token, "tsig": key, "secret": secret}


def audit_entry_of(entry: AuditEntry) -> JSON:
    """Return an entry of the audit log."""
    return {**asdict(entry), "action": entry.kind}


def check_read_only(body: JSON, read_only: Collection[str], show: Callable[[], JSON]) -> None:
    """Raise InputError if a read-only field of the body differs from that of what `show` returns, called if needed."""
    sent = [name for name in body if name in read_only]
    shown = show() if sent else {}
    for name in sent:
        if body[name] != shown[name]:
            raise InputError(f"{name} is read-only: leave it out, or send it as it was received", name)


def dump_record(zone: Zone, record: Record) -> JSON:
    """Return the record as the JSON that a response has: what its schema makes of `record_of`, in less time."""
    return {
        **record_of(zone, record),
        "uuid": str(record.uuid),
        "created_at": print_timestamp(record.created_at),
        "zone": str(zone.uuid),
        "updated_at": print_timestamp(record.updated_at),
        "expires_at": record.expires_at and print_timestamp(record.expires_at),
    }


def dump_zone(zone: Zone, deployment: Deployment, now: datetime) -> JSON:
    """Return the zone without its records, as the JSON that a response has."""
    return cast(JSON, _ZONE.dump(zone_summary(zone, deployment, now)))


def dump_zone_detail(zone: Zone, deployment: Deployment, delegations: Sequence[ChildZone], now: datetime) -> JSON:
    """Return the zone as the JSON that a response has, with an empty list in place of its records."""
    return cast(JSON, _ZONE_DETAIL.dump(zone_detail(zone, deployment, (), delegations, now)))


def json_text(document: JSON) -> str:
    """Return zones, records or a diff as a line of JSON: what their schemas make of them, but fast for many records."""
    return json.dumps(document, default=_plain, ensure_ascii=False, separators=(",", ":")) + "\n"


def dump_token(token: Token) -> JSON:
    """Return the token without its secret, as the JSON that a response has."""
    return cast(JSON, _TOKEN.dump(token_of(token)))


def _plain(value: object) -> object:
    return print_timestamp(value) if isinstance(value, datetime) else str(value)


_ZONE = schemas.ZoneSummary()
_ZONE_DETAIL = schemas.ZoneDetail()
_TOKEN = token_schemas.Token()
