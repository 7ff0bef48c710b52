"""The resource dnsappliance_record."""

from __future__ import annotations

from typing import Any

from tf import iface, schema, types

from terraform_provider_dnsappliance.api import Answer, Api, ApiError
from terraform_provider_dnsappliance.resource import ApiResource, known, report, with_computed

COMPUTED = ("name", "ttl")


class RecordResource(ApiResource):
    """One record. Records of one name and type have one TTL."""

    path = "dns-records/{}/"

    @classmethod
    def get_name(cls) -> str:
        """Return the type without its prefix."""
        return "record"

    @classmethod
    def get_schema(cls) -> schema.Schema:
        """Return the attributes."""
        return schema.Schema(
            version=1,
            attributes=[
                schema.Attribute("id", types.String(), "uuid of the record", computed=True),
                schema.Attribute(
                    "zone", types.String(), "id or domain of its zone", required=True, requires_replace=True
                ),
                schema.Attribute("type", types.String(), "Type, such as A", required=True, requires_replace=True),
                schema.Attribute(
                    "name",
                    types.String(),
                    "Name, relative to the zone or in full; @ is the zone itself",
                    optional=True,
                    computed=True,
                    default="@",
                ),
                schema.Attribute("value", types.String(), "Data, without priority", required=True),
                schema.Attribute(
                    "ttl",
                    types.Number(),
                    "TTL in seconds; default: that of its record set, else of the zone",
                    optional=True,
                    computed=True,
                ),
                schema.Attribute("priority", types.Number(), "Priority of MX and SRV", optional=True),
            ],
        )

    def create(self, ctx: iface.CreateContext, planned: iface.State) -> iface.State | None:
        """Create the record."""
        body = {"record_type": planned["type"], **known(planned, "zone", "name", "value", "ttl", "priority")}
        done = self.attempt(ctx.diagnostics, lambda api, wait: api.post("dns-records/", body, wait=wait), None)
        if not isinstance(done, Answer):
            return None
        self.served(ctx.diagnostics, done)
        return with_computed(planned, done.document, *COMPUTED)

    def read(self, ctx: iface.ReadContext, current: iface.State) -> iface.State | None:
        """Return the present state, with the configured spelling where it is equal; None if the record is gone."""
        path = self.path.format(current["id"])
        found = self.unless_gone(ctx.diagnostics, lambda api, _: spelled(api, api.get(path), current), current)
        return state_of(found.document, current["zone"]) if isinstance(found, Answer) else found

    def update(self, ctx: iface.UpdateContext, current: iface.State, planned: iface.State) -> iface.State | None:
        """Change what differs."""
        changed = [name for name in ("name", "value", "ttl", "priority") if planned[name] != current[name]]
        body = {name: planned[name] for name in changed if planned[name] is not types.Unknown}
        path = self.path.format(current["id"])
        done = self.attempt(ctx.diagnostics, lambda api, wait: api.patch(path, body, wait=wait), current)
        if not isinstance(done, Answer):
            return done
        self.served(ctx.diagnostics, done)
        return with_computed(planned, done.document, *COMPUTED)

    def import_(self, ctx: iface.ImportContext, id: str) -> iface.State | None:  # noqa: A002 - the framework's name
        """Return the state of the record with that uuid."""
        try:
            record = self.api.get(self.path.format(id)).document
        except ApiError as error:
            report(ctx.diagnostics, error)
            return None
        return state_of(record, record["zone"])


def spelled(api: Api, answer: Answer, current: iface.State) -> Answer:
    """Return the answer with name and value as the state spells them, if the appliance reads both as this record.

    A filter of the API reads its value as a write would, for every type. Raise ApiError.
    """
    record, own = answer.document, {"name": current["name"], "value": current["value"]}
    if own.items() <= record.items():
        return answer
    asked = {"zone": record["zone"], "record_type": record["record_type"], **own}
    same = any(found["uuid"] == record["uuid"] for found in api.listed("dns-records/", **asked))
    return Answer({**record, **own}, answer.headers) if same else answer


def state_of(record: dict[str, Any], zone: str) -> iface.State:
    """Return the state of a record, with its zone as the configuration spells it."""
    fields = {name: record[name] for name in ("name", "value", "ttl", "priority")}
    return iface.State({"id": record["uuid"], "zone": zone, "type": record["record_type"], **fields})
