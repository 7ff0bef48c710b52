"""`/account/`: the account of the token, its tokens, and its audit log."""

from __future__ import annotations

import json
from secrets import token_hex
from typing import Any

from flask import Response
from flask.views import MethodView

from appliance.api import response_headers, schemas, token_schemas
from appliance.api.auth import needs, principal, token
from appliance.api.idempotency import completed, remember_within
from appliance.api.parsing import Blueprint, uuid_or_not_found
from appliance.api.presentation import JSON, audit_entry_of, json_text, me_of, token_of, with_secrets
from appliance.identity.policies import read_zone
from appliance.identity.tokens import (
    create_token,
    derive_secret,
    get_token,
    read_max_unused,
    read_network,
    revoke_token,
    visible_tokens,
)
from appliance.principal import Policy, Token, TokenLimits
from appliance.store import audit
from appliance.store.idempotency import StoredResponse
from appliance.store.policies import from_document
from appliance.store.zones import Page
from appliance.web.bearer import bearer_secret
from appliance.web.context import context, count_new_token, reading

blueprint = Blueprint(
    "account",
    __name__,
    url_prefix="/api/v1/account",
    description="The account of the token, its tokens and its audit log.",
)

ViewResult = tuple[Any, int, response_headers.Headers] | tuple[Any, response_headers.Headers] | JSON
EXAMPLE = {"name": "laptop", "permissions": ["dns:list", "dns:update"], "allowed_networks": ["192.0.2.0/24"]}


def _with_secret(stored: str) -> str:
    """Return the body of the response for a new token: what is stored of it has a salt in place of the secret."""
    shown = json.loads(stored)
    secret = derive_secret(bearer_secret(), shown["secret"])
    return json_text(with_secrets(shown, secret))


@blueprint.route("/me/")
class OwnAccount(MethodView):
    """The account and the token of this request."""

    @needs()
    @blueprint.doc(operationId="getMe")
    @blueprint.response(200, schemas.Me)
    def get(self) -> JSON:
        """Show the account and the token of this request."""
        return me_of(token())


@blueprint.route("/tokens/")
class Tokens(MethodView):
    """The tokens of the account."""

    @needs("account:read")
    @blueprint.doc(operationId="listTokens")
    @blueprint.arguments(schemas.Paged, location="query")
    @blueprint.response(200, token_schemas.Token(many=True), headers=response_headers.PAGE_HEADERS)
    def get(self, query: dict[str, int]) -> ViewResult:
        """List the tokens that are not revoked, oldest first; a token limited to zones or records sees its own ones."""
        page = Page(query["page"], query["page_size"])
        with reading():
            found = visible_tokens(principal())
        shown = found[page.offset : page.offset + page.size]
        return list(map(token_of, shown)), response_headers.page_headers(page, len(found))

    @needs("account:tokens")
    @blueprint.doc(
        operationId="createToken", parameters=[response_headers.IDEMPOTENCY_KEY], responses={"409": "CONFLICT"}
    )
    @blueprint.arguments(token_schemas.TokenCreate, example=EXAMPLE)
    @blueprint.response(201, token_schemas.NewToken, headers=response_headers.LOCATION_HEADER)
    @completed(_with_secret)
    def post(self, body: dict[str, Any]) -> Response:
        """Create a token that may do no more than the token of this request; its secret cannot be read later."""
        salt, now = token_hex(), context().clock()
        secret = derive_secret(bearer_secret(), salt)

        def response(created: Token) -> StoredResponse:
            headers = {"Location": response_headers.path_of("account.OneToken", created.uuid)}
            return StoredResponse(201, headers, json_text({**token_of(created), "secret": salt}))

        count_new_token(principal())
        created, _ = create_token(
            context().store,
            principal(),
            body["name"],
            body["permissions"],
            _limits(body),
            now,
            secret=secret,
            with_tsig_key=body["tsig"],
            alongside=remember_within(response),
        )
        first = response(created)
        return Response(_with_secret(first.body), first.status, first.headers, mimetype="application/json")


@blueprint.route("/tokens/<string:uuid>/")
class OneToken(MethodView):
    """One token."""

    @needs("account:read")
    @blueprint.doc(operationId="getToken", responses={"404": "NOT_FOUND"})
    @blueprint.response(200, token_schemas.Token)
    def get(self, uuid: str) -> ViewResult:
        """Show a token."""
        with reading():
            return token_of(get_token(principal(), uuid_or_not_found("token", uuid)))

    @needs("account:tokens")
    @blueprint.doc(operationId="revokeToken", responses={"404": "NOT_FOUND"})
    @blueprint.response(204)
    def delete(self, uuid: str) -> Response:
        """Revoke a token that may do no more than that of this request, with all that it created."""
        revoke_token(context().store, principal(), uuid_or_not_found("token", uuid), context().clock())
        return response_headers.no_content()


@blueprint.route("/audit/")
class AuditLog(MethodView):
    """The audit log of the account."""

    @needs("account:read")
    @blueprint.doc(operationId="listAudit")
    @blueprint.arguments(schemas.Paged, location="query")
    @blueprint.response(200, schemas.AuditEntry(many=True), headers=response_headers.PAGE_HEADERS)
    def get(self, query: dict[str, int]) -> ViewResult:
        """List who did what, when and from where, newest first, including deleted zones."""
        page = Page(query["page"], query["page_size"])
        with reading():
            found, total = audit.find(principal().scope, page)
        return list(map(audit_entry_of, found)), response_headers.page_headers(page, total)


def _limits(body: dict[str, Any]) -> TokenLimits:
    """Return the limits that a body requests."""
    networks, zones = body.get("allowed_networks"), body.get("zones")
    types, names, policies = (body.get(name) for name in ("record_types", "record_names", "policies"))
    return TokenLimits(
        expires_at=body.get("expires_at"),
        networks=None if networks is None else tuple(map(read_network, networks)),
        zones=None if zones is None else frozenset(read_zone(text, "zones") for text in zones),
        record_types=None if types is None else tuple(types),
        record_names=None if names is None else tuple(names),
        policies=None if policies is None else tuple(_policy(*numbered) for numbered in enumerate(policies)),
        create_zones=body.get("create_zones"),
        delete_zones=body.get("delete_zones"),
        max_unused=None if body.get("max_unused") is None else read_max_unused(body["max_unused"]),
    )


def _policy(index: int, document: dict[str, Any]) -> Policy:
    zone = document["zone"]
    key = None if zone is None else str(read_zone(zone, f"policies.{index}.zone"))
    return from_document({**document, "zone": key})
