"""Lines of the log: times in UTC, as RFC 3339 has them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

LOG = "import logging; from appliance.processes import log_to_stderr; log_to_stderr(); logging.info('event=test')"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_times_are_utc_whatever_the_time_zone(zone: str) -> None:
    done = subprocess.run((sys.executable, "-c", LOG), env={"TZ": zone}, capture_output=True, text=True, check=True)
    moment, level, event = done.stderr.split()
    assert (level, event) == ("INFO", "event=test")
    assert moment.endswith("Z")
    assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(hours=1)


def test_the_journal_of_systemd_adds_the_time() -> None:
    environment = {"JOURNAL_STREAM": "8:1"}
    done = subprocess.run((sys.executable, "-c", LOG), env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == "INFO root event=test\n"
