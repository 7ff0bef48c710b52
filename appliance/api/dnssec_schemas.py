"""The schemas of the DNSSEC of a zone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import marshmallow as ma
from marshmallow import fields, validate

from appliance.api.fields import StrictInteger, StrictString, Timestamp
from appliance.api.strict_schema import Strict
from appliance.zones.signing import DsReport, SigningProblem, SigningState
from appliance.zones.signing_outlook import KeyState


def _described(text: str, example: object = None) -> dict[str, object]:
    return {"description": text} | ({} if example is None else {"example": example})


def _one_of(values: Iterable[StrEnum], text: str, example: object = None) -> dict[str, object]:
    return {**_described(text, example), "enum": [one.value for one in values]}


def _integer(text: str, example: object = None, *, allow_none: bool = False) -> fields.Integer:
    return fields.Integer(required=True, allow_none=allow_none, metadata=_described(text, example))


def _string(text: str, example: object = None) -> fields.String:
    return fields.String(required=True, metadata=_described(text, example))


def _boolean(text: str, *, allow_none: bool = False) -> fields.Boolean:
    return fields.Boolean(required=True, allow_none=allow_none, metadata=_described(text))


def _time(text: str) -> Timestamp:
    return Timestamp(required=True, allow_none=True, metadata=_described(text))


class NextStep(ma.Schema):
    """What is waited for."""

    at = _time("When it comes; null if that is up to somebody or not known.")
    what = _string("What is waited for, for people; the text may change.", "DS at the registrar")


class Ds(ma.Schema):
    """A DS record of a key."""

    key_tag = _integer("Key tag (RFC 4034).", 31118)
    algorithm = _integer("Algorithm of the key.", 13)
    digest_type = _integer("2 is SHA-256, 4 is SHA-384.", 2)
    digest = _string("Digest in lower-case hexadecimal.", "d2ab...")
    record = _string("The record as a line of a zone file.", "example.com. 3600 IN DS 31118 13 2 D2AB...")
    publish = _boolean("True: the parent zone should have it now.")
    at_parent = _boolean("Whether every nameserver of the parent has it; null if that is not known.", allow_none=True)


class SigningKey(ma.Schema):
    """A key, without its private part, which no call shows."""

    key_tag = _integer("Key tag (RFC 4034).", 31118)
    flags = _integer("257: a key that signs the key set.", 257)
    protocol = _integer("Always 3.", 3)
    algorithm = _integer("Algorithm of the key.", 13)
    algorithm_name = _string("Name of the algorithm.", "ECDSAP256SHA256")
    public_key = _string("Public key in base64.", "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+Kkx...")
    dnskey = _string(
        "The DNSKEY as zone files have it, which some registries want.", "257 3 13 mdsswUyr3DPW132mOi8V..."
    )
    role = _string("Combined signing key: it signs the key set and the records.", "csk")
    state = fields.String(
        required=True,
        metadata=_one_of(
            KeyState, "`published`: new, it waits for its DS. `retired`: replaced by a new key.", "active"
        ),
    )
    created_at = Timestamp(required=True)
    backed_up_at = _time("When a backup had it; null if none has it yet.")


class ParentZone(ma.Schema):
    """What the nameservers of the parent zone answered when they were last queried."""

    name = _string("Name of the parent zone.", "com")
    checked_at = _time("When they were queried.")
    agrees = _boolean("True: every one has a DS of a key of the zone, or, after turning DNSSEC off, none has any.")
    problem = _string("Why the answer is not known; empty if it is.", "")


class SignedNameserver(ma.Schema):
    """What a nameserver serves of the zone."""

    name = _string("Host name of the nameserver.", "ns1.example.net")
    serial = _integer("Serial of the signed zone, which may be later than that of the zone.", allow_none=True)
    signed = _boolean("True: it serves the zone signed.")
    expires_at = _time("When the signature of its SOA record expires.")


class Dnssec(ma.Schema):
    """The DNSSEC of a zone."""

    enabled = _boolean("What was requested: the field `dnssec` of the zone.")
    state = fields.String(required=True, metadata=_one_of(SigningState, "The state.", "ds-ready"))
    since = _time("When DNSSEC was last turned on or off; null if it never was.")
    next = fields.Nested(
        NextStep, required=True, allow_none=True, metadata=_described("Null if nothing is waited for.")
    )
    ds = fields.List(fields.Nested(Ds), required=True)
    keys = fields.List(fields.Nested(SigningKey), required=True)
    parent = fields.Nested(
        ParentZone, required=True, allow_none=True, metadata=_described("Null if the parent was never queried.")
    )
    signatures_expire_at = _time("When the first signature of an SOA record expires at a nameserver.")
    nameservers = fields.List(fields.Nested(SignedNameserver), required=True)
    problems = fields.List(
        fields.String(metadata=_one_of(SigningProblem, "A problem.", "key-not-backed-up")), required=True
    )


class DsConfirmation(Strict):
    """What the user saw at the parent zone."""

    ds = StrictString(
        required=True,
        validate=validate.OneOf([one.value for one in DsReport], error="published or withdrawn is expected"),
        metadata=_described("`published`: the DS is there. `withdrawn`: it is gone.", "published"),
    )
    key_tag = StrictInteger(
        0, 65_535, metadata=_described("The key of the DS; needed only if several keys are in question.", 31118)
    )


class ZoneDelete(Strict):
    """What is known of a zone that is deleted."""

    ds = StrictString(
        validate=validate.OneOf(("withdrawn",), error="withdrawn is expected"),
        metadata=_described("`withdrawn`: the parent has no DS of the signed zone any longer."),
    )
