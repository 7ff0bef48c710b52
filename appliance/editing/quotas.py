"""How many zones an account and how many records a zone may have. What is there already stays; operators go beyond."""

from __future__ import annotations

from appliance.editing.caller import Caller
from appliance.errors import QuotaReached
from appliance.settings import QuotaSettings
from appliance.store import zones
from appliance.zones.model import Zone


def refuse_zone_over(quotas: QuotaSettings, caller: Caller) -> None:
    """Raise QuotaReached, on `domain`, when the account has all the zones that it may have."""
    if quotas.zones and not caller.operator and zones.count_of(caller.account) >= quotas.zones:
        raise QuotaReached(f"an account may have {quotas.zones} zones, and this one has them", "domain")


def refuse_records_over(quotas: QuotaSettings, caller: Caller, zone: Zone, growth: int) -> None:
    """Raise QuotaReached, on `name`, when the zone would grow beyond the records that it may have."""
    if quotas.records and growth > 0 and not caller.operator and zone.record_count + growth > quotas.records:
        raise QuotaReached(f"a zone may have {quotas.records} records, and this one has {zone.record_count}", "name")
