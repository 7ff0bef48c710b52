"""How many zones an account and how many records a zone may have. What is there already stays; operators go beyond."""

from __future__ import annotations

from appliance.errors import QuotaReached
from appliance.principal import Principal
from appliance.settings import QuotaSettings
from appliance.store import zones
from appliance.zones.model import Zone


def refuse_zone_over(quotas: QuotaSettings, principal: Principal) -> None:
    """Raise QuotaReached, on `domain`, when the account has all the zones that it may have."""
    if quotas.zones and not principal.operator and zones.count_of(principal.account.uuid) >= quotas.zones:
        raise QuotaReached(f"an account may have {quotas.zones} zones, and this one has them", "domain")


def refuse_records_over(quotas: QuotaSettings, principal: Principal, zone: Zone, growth: int) -> None:
    """Raise QuotaReached, on `name`, when the zone would grow beyond the records that it may have."""
    if quotas.records and growth > 0 and not principal.operator and zone.record_count + growth > quotas.records:
        raise QuotaReached(f"a zone may have {quotas.records} records, and this one has {zone.record_count}", "name")
