"""The resource dnsappliance_zone."""

from __future__ import annotations

from typing import Any

from tf import iface, schema, types

from terraform_provider_dnsappliance.api import Answer, ApiError, zone_path
from terraform_provider_dnsappliance.resource import ApiResource, known, report, with_computed

SETTINGS = ("default_ttl", "dnssec")
"""Attributes that may be changed, as the API names them."""


class ZoneResource(ApiResource):
    """A zone, with its own settings and without its records."""

    path = "dns-zones/{}/"

    @classmethod
    def get_name(cls) -> str:
        """Return the type without its prefix."""
        return "zone"

    @classmethod
    def get_schema(cls) -> schema.Schema:
        """Return the attributes."""
        return schema.Schema(
            version=1,
            attributes=[
                schema.Attribute("id", types.String(), "uuid of the zone", computed=True),
                schema.Attribute("domain", types.String(), "Domain of the zone", required=True, requires_replace=True),
                schema.Attribute(
                    "default_ttl", types.Number(), "TTL in seconds of records without one", optional=True, computed=True
                ),
                schema.Attribute(
                    "dnssec", types.Bool(), "Whether the zone is to be signed", optional=True, computed=True
                ),
            ],
        )

    def create(self, ctx: iface.CreateContext, planned: iface.State) -> iface.State | None:
        """Create the zone."""
        body = known(planned, "domain", *SETTINGS)
        done = self.attempt(ctx.diagnostics, lambda api, wait: api.post("dns-zones/", body, wait=wait), None)
        if not isinstance(done, Answer):
            return None
        self.served(ctx.diagnostics, done)
        return with_computed(planned, done.document, *SETTINGS)

    def read(self, ctx: iface.ReadContext, current: iface.State) -> iface.State | None:
        """Return the present state, None if the zone is gone. The list shows a zone without its records."""
        try:
            found = [*self.api.listed("dns-zones/", domain=current["domain"])]
        except ApiError as error:
            report(ctx.diagnostics, error)
            return current
        return next((state_of(zone, current) for zone in found if zone["uuid"] == current["id"]), None)

    def update(self, ctx: iface.UpdateContext, current: iface.State, planned: iface.State) -> iface.State | None:
        """Change the settings."""
        body = known(planned, *SETTINGS)
        path = self.path.format(current["id"])
        done = self.attempt(ctx.diagnostics, lambda api, wait: api.patch(path, body, wait=wait), current)
        return with_computed(planned, done.document, *SETTINGS) if isinstance(done, Answer) else done

    def import_(self, ctx: iface.ImportContext, id: str) -> iface.State | None:  # noqa: A002 - the framework's name
        """Return the state of the zone with that uuid or domain."""
        try:
            return state_of(self.api.get(zone_path(id)).document)
        except ApiError as error:
            report(ctx.diagnostics, error)
            return None


def state_of(zone: dict[str, Any], current: iface.State | None = None) -> iface.State:
    """Return the state of a zone, with its domain as the configuration spells it."""
    domain = current["domain"] if current else zone["domain"]
    return iface.State({"id": zone["uuid"], "domain": domain, **{name: zone[name] for name in SETTINGS}})
