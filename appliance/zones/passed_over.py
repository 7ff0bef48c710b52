"""The warning about what an import leaves out of a zone."""

from __future__ import annotations

from dns.name import Name

from appliance.zones.zone_warning import PASSED_OVER, ZoneWarning


def passed_over(owner: Name, record: str, reason: str, remedy: str = "nothing to do") -> ZoneWarning:
    """Return the warning about a record of a file that is not imported; `record` names it, such as `line 3: SOA`."""
    return ZoneWarning(PASSED_OVER, owner, f"{record} is passed over: {reason}", remedy)
