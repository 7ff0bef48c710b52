"""Series as a run measures them."""

from __future__ import annotations

from bench.series import APPLIANCE, POWERDNS, Series


def changes() -> list[Series]:
    """Return the series of changes in zones of three sizes; PowerDNS lacks ns1 of the last one."""
    series = []
    for size, slower in ((10, 1.0), (1_000, 2.0), (100_000, 50.0)):
        for system, point, milliseconds in (
            (APPLIANCE, "ns1", 6.0),
            (APPLIANCE, "ns2", 12.0),
            (POWERDNS, "ns1", 3.0),
            (POWERDNS, "ns2", 6.0 * slower),
        ):
            if (system, point, size) != (POWERDNS, "ns1", 100_000):
                values = tuple(milliseconds + number / 10 for number in range(3))
                series.append(Series("one record changed", f"{size:,} records", system, point, "ms", values))
    return series
