"""Quotas: zones per account, and records per zone. They limit growth only, and not operators; 0 means no quota."""

from __future__ import annotations

from appliance.errors import QuotaReached
from appliance.principal import Principal
from appliance.settings import QuotaSettings
from appliance.store import zones
from appliance.zones.model import Zone


def check_zone_quota(quotas: QuotaSettings, principal: Principal) -> None:
    """Raise QuotaReached with field `domain` if the account has reached its quota of zones."""
    if quotas.zones and not principal.operator and zones.count_of(principal.account.uuid) >= quotas.zones:
        raise QuotaReached(f"this account has reached its quota of {quotas.zones} zones: delete one first", "domain")


def check_record_quota(quotas: QuotaSettings, principal: Principal, zone: Zone, growth: int) -> None:
    """Raise QuotaReached with field `name` if the zone would exceed its quota of records."""
    if quotas.records and growth > 0 and not principal.operator and zone.record_count + growth > quotas.records:
        raise QuotaReached(
            f"a zone may have at most {quotas.records} records; this one has {zone.record_count}", "name"
        )
