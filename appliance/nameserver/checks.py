"""Checks of staged zone files by BIND's own checkers, without network access, before they are published.

Style checks are off, as in named.conf, so that checker and server agree, for the release of BIND that is installed at
that time. This module must not know what a zone should hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dns.name import Name

from appliance.errors import CommandFailed
from appliance.nameserver.control import quoted
from appliance.nameserver.programs import run
from appliance.nameserver.version import current_version
from appliance.zones.bind_checks import options_off, statements_off

_SAFE_PATH = re.compile(r"/[A-Za-z0-9_/. +@=,~-]*")
_IGNORED_RECORDS = "ignoring out-of-zone data"
_REFUSED = 1


class ZoneChecker:
    """The checkers: named-checkzone for one zone, named-checkconf for many. `timeout` is in seconds for each run."""

    def __init__(self, named_checkzone: str, named_checkconf: str, timeout: float = 10.0) -> None:
        self._checkzone = named_checkzone
        self._checkconf = named_checkconf
        self._timeout = timeout

    def check(self, staged: Mapping[Name, Path]) -> dict[Name, str]:
        """Return why zones were refused, empty if all pass: one run for all zones, and one for each if that fails.

        Raise CommandError if a checker is missing, times out or ends without a verdict.
        """
        if len(staged) > 1 and self._all_pass(staged):
            return {}
        verdicts = {zone: self._refusal(zone, path) for zone, path in staged.items()}
        return {zone: refusal for zone, refusal in verdicts.items() if refusal is not None}

    def _all_pass(self, staged: Mapping[Name, Path]) -> bool:
        options = "; ".join(('directory "/"', *statements_off(self._release())))
        zones = "".join(
            f'zone {quoted(zone)} {{ type primary; file "{_safe(path)}"; }};\n' for zone, path in staged.items()
        )
        argv = (self._checkconf, "-z", "/dev/stdin")
        configuration = f"options {{ {options}; }};\n{zones}".encode("ascii")
        finished = run(argv, timeout=self._timeout, stdin=configuration, accept=(0, _REFUSED))
        return finished.status == 0 and _IGNORED_RECORDS not in finished.output

    def _refusal(self, zone: Name, path: Path) -> str | None:
        options = ("-i", "local", *options_off(self._release()))
        argv = (self._checkzone, *options, "--", quoted(zone).strip('"'), _safe(path))
        finished = run(argv, timeout=self._timeout, accept=(0, _REFUSED))
        if finished.status == 0 and _IGNORED_RECORDS not in finished.output:
            return None
        return _first_reason(finished.output, zone, path)

    def _release(self) -> tuple[int, ...]:
        return current_version(self._checkzone, self._timeout)


def _safe(path: Path) -> str:
    text = str(path.absolute())
    if not _SAFE_PATH.fullmatch(text):
        raise CommandFailed(("check", text), "the path has characters that are not allowed in a configuration")
    return text


def _first_reason(output: str, zone: Name, path: Path) -> str:
    """Return the first line of the output that gives a reason, without the path of the staged file."""
    lines = [line.strip().replace(f"{path.absolute()}:", "line ") for line in output.splitlines()]
    common = ("", f"zone {zone.to_text(omit_final_dot=True)}/IN: not loaded due to errors.")
    return next((line for line in lines if line not in common), "refused without a reason")
