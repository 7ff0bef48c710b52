"""Memory as the kernel reports it."""

from __future__ import annotations

from bench.cases.memory import sizes

ROLLUP = "5500-7ff0 ---p 00000000 00:00 0 [rollup]\nRss:           20480 kB\nPss:           10240 kB\nPss_Dirty: 5 kB\n"


def test_sizes_are_in_mebibytes() -> None:
    assert sizes(ROLLUP) == {"PSS": 10.0, "RSS": 20.0}
