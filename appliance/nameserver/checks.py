"""The second opinion: BIND's own checkers read the staged files, without the network, before anything is published.

Style checks are off here and in named.conf alike, so that checker and server agree. This module must not know what a
zone should hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dns.name import Name

from appliance.errors import CommandFailed
from appliance.nameserver.control import quoted
from appliance.nameserver.programs import run

_ALONE = ("-i", "local", "-k", "ignore", "-m", "ignore", "-M", "ignore", "-n", "ignore", "-r", "ignore", "-S", "ignore")
_TOGETHER = """\
options {
    directory "/";
    check-names primary ignore; check-mx ignore; check-mx-cname ignore; check-srv-cname ignore;
    check-dup-records ignore; check-spf ignore; check-wildcard no;
};
"""
_SAFE_PATH = re.compile(r"/[A-Za-z0-9_/. +@=,~-]*")
_LOST_RECORDS = "ignoring out-of-zone data"
_REFUSED = 1


class ZoneChecker:
    """Checks staged zone files by named-checkzone, many at once by named-checkconf; `timeout` is in seconds a start."""

    def __init__(self, named_checkzone: str, named_checkconf: str, timeout: float = 10.0) -> None:
        self._checkzone = named_checkzone
        self._checkconf = named_checkconf
        self._timeout = timeout

    def check(self, staged: Mapping[Name, Path]) -> dict[Name, str]:
        """The refusals by zone, empty when all pass: one start for all zones, and one for each when any is bad.

        CommandError when a checker is missing, hangs, or ends in any way but its own verdict: that is never a success.
        """
        if len(staged) > 1 and self._all_pass(staged):
            return {}
        verdicts = {zone: self._refusal(zone, path) for zone, path in staged.items()}
        return {zone: refusal for zone, refusal in verdicts.items() if refusal is not None}

    def _all_pass(self, staged: Mapping[Name, Path]) -> bool:
        zones = "".join(
            f'zone {quoted(zone)} {{ type primary; file "{_safe(path)}"; }};\n' for zone, path in staged.items()
        )
        argv = (self._checkconf, "-z", "/dev/stdin")
        finished = run(argv, timeout=self._timeout, stdin=(_TOGETHER + zones).encode("ascii"), accept=(0, _REFUSED))
        return finished.status == 0 and _LOST_RECORDS not in finished.output

    def _refusal(self, zone: Name, path: Path) -> str | None:
        argv = (self._checkzone, *_ALONE, "--", quoted(zone).strip('"'), _safe(path))
        finished = run(argv, timeout=self._timeout, accept=(0, _REFUSED))
        if finished.status == 0 and _LOST_RECORDS not in finished.output:
            return None
        return _first_complaint(finished.output, zone, path)


def _safe(path: Path) -> str:
    text = str(path.absolute())
    if not _SAFE_PATH.fullmatch(text):
        raise CommandFailed(("check", text), "the path holds characters that may not reach a configuration")
    return text


def _first_complaint(output: str, zone: Name, path: Path) -> str:
    """The first line that tells more than that the zone was refused, without the path of the staged file."""
    lines = [line.strip().replace(f"{path.absolute()}:", "line ") for line in output.splitlines()]
    common = ("", f"zone {zone.to_text(omit_final_dot=True)}/IN: not loaded due to errors.")
    return next((line for line in lines if line not in common), "refused without a reason")
