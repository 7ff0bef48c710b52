"""What a check is given, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from appliance.settings import DEFAULT_FILE, Settings

APPARMOR_PROFILE = Path("/etc/apparmor.d/usr.sbin.named")
CONFINED = Path("/usr/sbin/named")
"""The program that Debian's profile is bound to."""
SYSTEM_CONFIGURATION = Path("/etc/bind/named.conf")
EXAMPLE = Path("/usr/share/doc/dns-appliance/examples/config.toml")
"""The settings that Debian's package has to begin with."""
SYSTEMD = Path("/run/systemd/system")
"""There while systemd runs (sd_booted(3))."""


class Verdict(StrEnum):
    """Of one thing; `skip`: it was not looked at, since something that it needs has failed."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Result:
    """`what` was found, and how to `mend` it where it is not well."""

    verdict: Verdict
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """The host that is looked at. `sample` is the most zones that are compared in full, None: all."""

    settings: Settings
    now: datetime
    sample: int | None = 100
    profile: Path = APPARMOR_PROFILE
    confined: Path = CONFINED
    system_configuration: Path = SYSTEM_CONFIGURATION
    configuration: Path = DEFAULT_FILE
    example: Path = EXAMPLE
    systemd: Path = SYSTEMD


def ok(what: str) -> Result:
    """It is well."""
    return Result(Verdict.OK, what)


def warn(what: str, mend: str) -> Result:
    """It works, and should be seen to."""
    return Result(Verdict.WARN, what, mend)


def fail(what: str, mend: str) -> Result:
    """It does not work, or is open to others who may not have it."""
    return Result(Verdict.FAIL, what, mend)
