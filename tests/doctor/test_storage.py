"""What the doctor says of the write-ahead log."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.doctor import storage
from appliance.doctor.result import DoctorContext, Verdict
from appliance.settings import Settings, StoreSettings


@pytest.mark.parametrize(("mib", "verdict"), [(0, Verdict.OK), (64, Verdict.OK), (65, Verdict.WARN)])
def test_a_long_log_is_a_warning(tmp_path: Path, mib: int, verdict: Verdict) -> None:
    file = tmp_path / "store.sqlite3"
    log = tmp_path / "store.sqlite3-wal"
    log.touch()
    os.truncate(log, mib * 2**20)
    context = DoctorContext(Settings(store=StoreSettings(file)), lambda: datetime.now(UTC))
    (result,) = storage.merged_log(context)
    assert result.verdict is verdict
    assert f"{mib} MiB" in result.what or verdict is Verdict.OK
