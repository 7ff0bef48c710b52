"""Which tokens may be sent in the query of a dyndns2 call, where proxies and browsers may keep them. Pure."""

from __future__ import annotations

from appliance.principal import Principal

ADDRESS_TYPES = frozenset({"A", "AAAA"})
_WILD = frozenset("*?.")
"""A pattern of these alone matches names whatever they are."""


def may_be_in_query(principal: Principal) -> bool:
    """Return whether a token can do no more than write addresses at names that it lists."""
    only_records = all(permission.startswith("dns:") for permission in principal.permissions)
    writable = [rule for rule in principal.limits.rules if rule.write]
    return only_records and all(
        rule.types is not None
        and ADDRESS_TYPES.issuperset(rule.types)
        and rule.names is not None
        and all(set(name) - _WILD for name in rule.names)
        for rule in writable
    )
