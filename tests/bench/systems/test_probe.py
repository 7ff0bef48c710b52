"""What dnsperf prints at its end."""

from __future__ import annotations

import pytest

from bench.systems.probe import longest_wait, lost_queries

PRINTED = """\
Statistics:

  Queries sent:         500
  Queries completed:    498 (99.60%)
  Queries lost:         2 (0.40%)

  Average Latency (s):  0.000196 (min 0.000083, max 0.043210)
  Latency StdDev (s):   0.000060
"""


def test_the_longest_wait_is_in_milliseconds() -> None:
    assert longest_wait(PRINTED) == pytest.approx(43.21)
    assert lost_queries(PRINTED) == 2


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(SystemExit, match="no latency"):
        longest_wait("Statistics:\n")
