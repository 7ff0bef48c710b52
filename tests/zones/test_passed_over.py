"""The warning about what an import leaves out."""

from __future__ import annotations

from appliance.zones.passed_over import passed_over
from appliance.zones.zone_warning import CODES
from tests.zones.records import ORIGIN


def test_it_names_the_record_and_the_reason() -> None:
    warning = passed_over(ORIGIN, "line 3: SOA", "the appliance has its own")
    assert warning.code in CODES and warning.name == ORIGIN
    assert warning.detail == "line 3: SOA is passed over: the appliance has its own" and warning.remedy
