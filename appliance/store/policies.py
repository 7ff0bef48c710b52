"""Policies of tokens as documents, one shape in the store and in the API: `zone`, `name`, `types` and `write`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from appliance.principal import Policy, ZoneKey


def document_of(policy: Policy) -> dict[str, Any]:
    """Return a policy, which has at most one zone and one name, as a document."""
    return {
        "zone": None if policy.zones is None else str(*policy.zones),
        "name": None if policy.names is None else str(*policy.names),
        "types": None if policy.types is None else list(policy.types),
        "write": policy.write,
    }


def from_document(document: Mapping[str, Any]) -> Policy:
    """Return the policy of a document."""
    zone, name, types = document["zone"], document["name"], document["types"]
    return Policy(
        zones=None if zone is None else frozenset({zone_key(zone)}),
        names=None if name is None else (name,),
        types=None if types is None else tuple(types),
        write=document["write"],
    )


def zone_key(text: str) -> ZoneKey:
    """Return the uuid in the text in its usual form, in any letter case, else the text, a domain."""
    try:
        found = UUID(text)
    except ValueError:
        return text
    return found if str(found) == text.lower() else text
