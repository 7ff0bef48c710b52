"""The schemas of tokens and their policies."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.types import ErrorMessages

from appliance.api.fields import StrictBoolean, StrictString, StringList, Timestamp
from appliance.api.strict_schema import Strict
from appliance.identity.permissions import PERMISSIONS

_MESSAGES: ErrorMessages = {"invalid": "an array of policies is expected", "null": "null is not allowed here"}


def _described(text: str, example: object = None) -> dict[str, object]:
    return {"description": text} | ({} if example is None else {"example": example})


def _limit(text: str, example: list[str]) -> StringList:
    return StringList(allow_none=True, metadata=_described(f"{text} Absent or null: no limit.", example))


class TokenPolicy(Strict):
    """Whether a token may write the records that it matches; the first policy that matches a record decides."""

    zone = StrictString(load_default=None, allow_none=True, metadata=_described("Uuid or domain; null: every zone."))
    name = StrictString(
        load_default=None,
        allow_none=True,
        metadata=_described("Pattern of relative names, with `*` and `?`; null: every name.", "_acme-challenge.*"),
    )
    types = StringList(load_default=None, allow_none=True, metadata=_described("Null: every type.", ["TXT"]))
    write = StrictBoolean(required=True, metadata=_described("False: only read."))


class PolicyList(fields.List[Any]):
    """A JSON array of policies."""

    default_error_messages: ErrorMessages = _MESSAGES

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(fields.Nested(TokenPolicy), **kwargs)


class TsigKey(ma.Schema):
    """A TSIG key, with which the token signs DNS messages to the listener for updates."""

    name = fields.UUID(required=True, metadata=_described("The uuid of the token."))
    algorithm = fields.String(
        required=True, metadata=_described("Also accepted: hmac-sha384 and hmac-sha512.", "hmac-sha256")
    )


class NewTsigKey(TsigKey):
    """A TSIG key that was just created."""

    secret = fields.String(required=True, metadata=_described("Base64; no later response has it."))


class Token(ma.Schema):
    """A token; null for zones, types, names, policies or networks means that there is no such limit."""

    uuid = fields.UUID(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata=_described("The first characters of the secret.", "vps_x7KfQ2ab"))
    permissions = fields.List(fields.String(metadata={"enum": list(PERMISSIONS)}), required=True)
    zones = fields.List(fields.UUID(), required=True, allow_none=True)
    record_types = fields.List(fields.String(), required=True, allow_none=True)
    record_names = fields.List(fields.String(), required=True, allow_none=True)
    policies = PolicyList(required=True, allow_none=True)
    create_zones = fields.Boolean(required=True, allow_none=True)
    delete_zones = fields.Boolean(required=True, allow_none=True)
    max_unused = fields.String(
        required=True, allow_none=True, metadata=_described("Time without use after which it is void.", "90d")
    )
    allowed_networks = fields.List(fields.String(), required=True, allow_none=True)
    created_at = Timestamp(required=True)
    created_by = fields.UUID(
        required=True,
        allow_none=True,
        metadata=_described("Token that created it, and takes it along when revoked."),
    )
    expires_at = Timestamp(required=True, allow_none=True)
    last_used_at = Timestamp(required=True, allow_none=True)
    tsig = fields.Nested(TsigKey, required=True, allow_none=True)


class NewToken(Token):
    """A token that was just created."""

    secret = fields.String(required=True, metadata=_described("What follows `Bearer`; no later response has it."))
    tsig = fields.Nested(NewTsigKey, required=True, allow_none=True)


class TokenCreate(Strict):
    """A token to create; it may do no more than the token that creates it."""

    name = StrictString(required=True, metadata=_described("Its purpose, up to 100 characters.", "laptop"))
    permissions = StringList(required=True, metadata=_described("At least one.", ["dns:list", "dns:update"]))
    zones = _limit("Uuids or domains of the zones that the token may read and change.", ["example.com"])
    record_types = _limit("Types of the records that the token may write.", ["TXT"])
    record_names = _limit("Names of these records: patterns with `*` and `?`.", ["_acme-challenge.*"])
    policies = PolicyList(
        allow_none=True,
        metadata=_described("In place of `zones`, `record_types` and `record_names`; a zone that none matches is 404."),
    )
    create_zones = StrictBoolean(allow_none=True, metadata=_described("Absent or null: as the permissions say."))
    delete_zones = StrictBoolean(allow_none=True, metadata=_described("Absent or null: as the permissions say."))
    max_unused = StrictString(
        allow_none=True, metadata=_described("Time without use after which the token is void.", "90d")
    )
    allowed_networks = _limit("Networks from which the token is accepted.", ["192.0.2.0/24"])
    expires_at = Timestamp(allow_none=True, metadata=_described("Absent or null: never.", "2032-01-01T00:00:00Z"))
    tsig = StrictBoolean(
        load_default=False, metadata=_described("True: create a TSIG key too, with which it signs DNS messages.")
    )
