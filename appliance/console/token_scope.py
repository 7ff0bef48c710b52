"""What a token may write, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from appliance.principal import Token, ZoneKey, allows

SHOWN = 3
"""Values of each kind that are named; the others are counted."""
_WRITES = ("dns:create", "dns:update", "dns:delete")


def describe_scope(token: Token, domains: Mapping[ZoneKey, str]) -> str:
    """Return which records the token may write, or "nothing"; `domains` has the domains of zones by their uuids."""
    rules = [rule for rule in token.limits.rules if rule.write]
    if not rules or not any(allows(token.permissions, permission) for permission in _WRITES):
        return "nothing"
    types = _join(None if rule.types is None else sorted(rule.types) for rule in rules)
    names = _join(rule.names for rule in rules)
    zones = _join(
        None if rule.zones is None else sorted(domains.get(key, str(key)) for key in rule.zones) for rule in rules
    )
    return f"{types or 'all'} records{f' of {names}' if names else ''} in {zones or 'all zones'}"


def _join(limits: Iterable[Iterable[str] | None]) -> str:
    """Return the values of all rules, "" if one of them has no limit."""
    found: dict[str, None] = {}
    for limit in limits:
        if limit is None:
            return ""
        found.update(dict.fromkeys(limit))
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(list(found)[:SHOWN]) + more
