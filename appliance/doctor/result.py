"""Input and results of a check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from dns.name import Name

from appliance.doctor import kernel_clock
from appliance.settings import DEFAULT_FILE, Settings

APPARMOR_PROFILE = Path("/etc/apparmor.d/usr.sbin.named")
CONFINED = Path("/usr/sbin/named")
"""The program that Debian's profile confines."""
SYSTEM_CONFIGURATION = Path("/etc/bind/named.conf")
EXAMPLE = Path("/usr/share/doc/dns-appliance/examples/config.toml")
"""The example settings of the Debian package."""
SYSTEMD = Path("/run/systemd/system")
"""Exists while systemd runs (sd_booted(3))."""


class Verdict(StrEnum):
    """The verdict of a check; `skip` if a check that it needs failed."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict, `what` was found, and for WARN and FAIL how to `repair` it."""

    verdict: Verdict
    what: str
    repair: str = ""


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """The host to check.

    `sample` is the maximum number of zones to compare in full, None for all; with `zone` only that one is compared.
    """

    settings: Settings
    clock: Callable[[], datetime]
    sample: int | None = 100
    zone: Name | None = None
    profile: Path = APPARMOR_PROFILE
    confined: Path = CONFINED
    system_configuration: Path = SYSTEM_CONFIGURATION
    configuration: Path = DEFAULT_FILE
    example: Path = EXAMPLE
    systemd: Path = SYSTEMD
    is_synchronized: Callable[[], bool] = kernel_clock.is_synchronized

    @property
    def now(self) -> datetime:
        """The present time: the checks before may have taken long."""
        return self.clock()


def ok(what: str) -> Result:
    """Return an OK result."""
    return Result(Verdict.OK, what)


def warn(what: str, repair: str) -> Result:
    """Return a WARN result: it works, but needs attention."""
    return Result(Verdict.WARN, what, repair)


def fail(what: str, repair: str) -> Result:
    """Return a FAIL result: it does not work, or others have access who must not."""
    return Result(Verdict.FAIL, what, repair)
