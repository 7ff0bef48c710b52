"""Series of measurements, and what is said of them: median, 99th percentile, ratio."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

APPLIANCE, POWERDNS, MACHINE = "appliance", "powerdns", "machine"
"""The systems; `machine` has measurements that belong to neither."""


@dataclass(frozen=True, slots=True)
class Series:
    """Measurements of one thing.

    `case` is what was done, `size` in which size ("" if there is one), `point` what was measured ("ns1": until the
    primary answers with the change), `unit` of the values "ms", "s", "MiB", or a rate or number.
    """

    case: str
    size: str
    system: str
    point: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the median."""
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        """Return the 99th percentile: the largest of less than 100 values."""
        return percentile(self.values, 0.99)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of all values does not exceed."""
    return sorted(values)[max(math.ceil(len(values) * share) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing of both systems; one of them may be missing."""

    case: str
    size: str
    point: str
    unit: str
    appliance: Series | None
    powerdns: Series | None

    @property
    def ratio(self) -> float | None:
        """Return the median of the appliance, as a multiple of that of PowerDNS; None without one of them."""
        if self.appliance is None or self.powerdns is None or not self.powerdns.median:
            return None
        return self.appliance.median / self.powerdns.median


def compare(series: Iterable[Series]) -> list[Comparison]:
    """Return the comparisons, those of a case together, else in the order in which each was first measured."""
    found: dict[tuple[str, str, str, str], dict[str, Series]] = {}
    ordered = list(series)
    cases = list(dict.fromkeys(one.case for one in ordered))
    for one in sorted(ordered, key=lambda one: cases.index(one.case)):
        found.setdefault((one.case, one.size, one.point, one.unit), {})[one.system] = one
    return [
        Comparison(*key, systems.get(APPLIANCE) or systems.get(MACHINE), systems.get(POWERDNS))
        for key, systems in found.items()
    ]


def to_json(series: Series) -> dict[str, Any]:
    """Return the series as JSON, with median and 99th percentile, its values rounded to microseconds."""
    rounded = [round(value, 3) for value in series.values]
    return {**asdict(series), "values": rounded, "median": round(series.median, 3), "p99": round(series.p99, 3)}


def from_json(document: dict[str, Any]) -> Series:
    """Return the series of that JSON."""
    return Series(
        document["case"],
        document["size"],
        document["system"],
        document["point"],
        document["unit"],
        tuple(document["values"]),
    )
