"""Full disks, and zone directories that an AppArmor profile does not cover."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.doctor import folders
from appliance.doctor.result import DoctorContext, Verdict
from appliance.nameserver.programs import find_program
from appliance.settings import Settings


def test_a_full_disk() -> None:
    deployer = replace(Settings().deployer, zone_directory=Path("/sys"))  # which never has free space
    store = replace(Settings().store, path=Path("/sys/store.sqlite3"))
    context = DoctorContext(Settings(store=store, deployer=deployer), lambda: datetime.now(UTC))
    assert {result.verdict for result in folders.space(context)} == {Verdict.FAIL}


PROFILE = """
include <tunables/global>
/usr/sbin/named flags=(attach_disconnected) {
  include <abstractions/base>
  /etc/bind/** r,
  /var/lib/bind/** rw,
  /var/lib/bind/ rw,
  /var/cache/bind/** lrw,
  owner /run/named/{named,lwresd}.pid rw,
  /var/log/named/* rw,
  #include <local/usr.sbin.named>
}
"""


@pytest.mark.parametrize(
    ("folder", "local", "verdict"),
    [
        ("/var/lib/bind/dns-appliance", "", Verdict.OK),
        ("/srv/zones", "", Verdict.FAIL),
        ("/etc/bind/zones", "", Verdict.FAIL),
        ("/var/cache/bind/zones", "", Verdict.OK),
        ("/var/lib/bindings", "", Verdict.FAIL),
        ("/srv/zones", "/srv/zones/** rw,\n", Verdict.OK),
    ],
)
def test_a_profile_that_covers_the_zone_directory(tmp_path: Path, folder: str, local: str, verdict: Verdict) -> None:
    profile = tmp_path / "usr.sbin.named"
    profile.write_text(PROFILE)
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "usr.sbin.named").write_text(local)
    settings = Settings(deployer=replace(Settings().deployer, zone_directory=Path(folder)))
    named = Path(find_program("named")).resolve()
    context = DoctorContext(settings, lambda: datetime.now(UTC), profile=profile, confined=named)
    assert [result.verdict for result in folders.apparmor(context)] == [verdict]
    assert [result.verdict for result in folders.apparmor(replace(context, confined=Path("/elsewhere")))] == [
        Verdict.OK
    ]
