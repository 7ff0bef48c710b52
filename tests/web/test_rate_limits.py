"""What the default limits of changes allow: octets of the journal in a day, and a large change by a usual client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from appliance.errors import RateLimited
from appliance.principal import Account, Principal
from appliance.settings import ApiSettings
from appliance.web.rate_limits import WRITE_OCTETS, create_rate_limits
from tests.workspace import principal_of

DAY, GB = 86_400, 10**9


@dataclass
class Seconds:
    """A monotonic clock that is set by hand."""

    now: float = 0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def customer() -> Principal:
    return principal_of(Account(uuid4(), "me@example.org", False, 0, datetime(2031, 5, 4, tzinfo=UTC), None))


@pytest.mark.parametrize("octets", [359_372, 5_000_000])
@pytest.mark.parametrize(("zone_count", "most"), [(1, 3.6 * GB), (3, 7.2 * GB)])
def test_octets_that_an_account_may_write_in_a_day(
    customer: Principal, octets: int, zone_count: int, most: float
) -> None:
    seconds, zones = Seconds(), [uuid4() for _ in range(zone_count)]
    limits = create_rate_limits(ApiSettings(), seconds)
    written, turn = 0, 0
    while seconds.now < DAY:
        try:
            limits.count_write(customer, {zones[turn % zone_count]: octets})
        except RateLimited as refused:
            seconds.now += refused.retry_after
            continue
        written, turn = written + octets, turn + 1
    assert most * 0.95 < written < most


def test_a_large_change_by_a_usual_client_passes_and_is_paid_for(customer: Principal) -> None:
    seconds, zone, other = Seconds(), uuid4(), uuid4()
    limits = create_rate_limits(ApiSettings(), seconds)
    limits.count_write(customer, {zone: 10_000 * 760})
    assert limits.writes_by_zone.left(zone) > 0, "10,000 updated records"
    limits.count_write(customer, {zone: 120 * 10**6})
    assert limits.writes_by_zone.left(zone) == limits.writes_by_account.left(customer.account.uuid) == 0
    with pytest.raises(RateLimited):
        limits.count_write(customer, {other: 1})
    seconds.now += 3600
    limits.count_write(customer, {zone: 1})


def test_a_refused_change_counts_nothing(customer: Principal) -> None:
    limits = create_rate_limits(ApiSettings(account_write_burst=9, zone_write_burst=2), Seconds())
    full, above = uuid4(), uuid4()
    limits.count_write(customer, {full: 3 * WRITE_OCTETS})
    octets: dict[UUID | None, int] = {None: 0, above: 0, full: 0}
    with pytest.raises(RateLimited) as refused:
        limits.count_write(customer, octets)
    assert refused.value.policy == "zone"
    assert (limits.writes_by_account.left(customer.account.uuid), limits.writes_by_zone.left(above)) == (6, 2)
