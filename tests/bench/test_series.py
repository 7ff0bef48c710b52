"""Medians, percentiles and ratios of series."""

from __future__ import annotations

import json

from bench.series import APPLIANCE, MACHINE, POWERDNS, Series, compare, from_json, percentile, to_json
from tests.bench.samples import changes


def test_the_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(200, 0, -1)]
    assert percentile(values, 0.99) == 198.0
    assert percentile([3.0, 1.0], 0.99) == 3.0
    assert percentile([5.0], 0.0) == 5.0


def test_the_ratio_is_that_of_the_medians() -> None:
    first = compare(changes())[0]
    assert first.appliance and first.powerdns
    assert (first.size, first.point, first.ratio) == ("10 records", "ns1", 6.1 / 3.1)


def test_without_one_system_there_is_no_ratio() -> None:
    alone = Series("floor", "", MACHINE, "commit", "ms", (1.0,))
    none_failed = [Series("rates", "", system, "failed", "requests", (0.0,)) for system in (APPLIANCE, POWERDNS)]
    assert [one.ratio for one in compare([alone, *none_failed])] == [None, None]


def test_the_series_of_a_case_come_together() -> None:
    other = Series("zone created", "", APPLIANCE, "ns1", "ms", (1.0,))
    first, *rest = changes()
    assert [one.case for one in compare([first, other, *rest])] == ["one record changed"] * 6 + ["zone created"]


def test_json_has_all_of_a_series() -> None:
    for series in changes():
        assert from_json(json.loads(json.dumps(to_json(series)))) == series
