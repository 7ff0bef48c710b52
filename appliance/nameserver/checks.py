"""Checks of staged zone files by BIND's own checkers, without network access, before they are published.

Style checks are off, as in named.conf, so that checker and server agree, for the release of BIND that is installed at
that time. This module must not know what a zone should hold.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dns.name import Name

from appliance.errors import CommandError, CommandFailed
from appliance.nameserver.control import quoted
from appliance.nameserver.programs import Started, run
from appliance.nameserver.version import Installed, current_version, installed
from appliance.nameserver.waiting_checkers import WaitingCheckers
from appliance.zones.bind_checks import options_off, statements_off

log = logging.getLogger(__name__)

_SAFE_PATH = re.compile(r"/[A-Za-z0-9_/. +@=,~-]*")
_IGNORED_RECORDS = "ignoring out-of-zone data"
_LOADED = ": loaded serial "
_REFUSED = 1


class ZoneChecker:
    """The checkers: named-checkconf for what is expected to pass, named-checkzone for one zone after a refusal.

    `timeout` is in seconds for each run. Several threads may use it at once.
    """

    def __init__(self, named_checkzone: str, named_checkconf: str, timeout: float = 10.0) -> None:
        self._checkzone = named_checkzone
        self._checkconf = named_checkconf
        self._timeout = timeout
        self._waiting: WaitingCheckers | None = None

    @contextmanager
    def started_ahead(self, count: int) -> Iterator[None]:
        """During the block have `count` checkers wait for what they are to check, so that no check starts one."""
        self._waiting = WaitingCheckers(count, self._installed, self._start)
        try:
            with self._waiting.running():
                yield
        finally:
            self._waiting = None

    def check(self, staged: Mapping[Name, Path], meanwhile: Callable[[], None] = lambda: None) -> dict[Name, str]:
        """Return why zones were refused, empty if all pass: one run for all zones, and one for each if that fails.

        `meanwhile` is called once, while the first run is under way. Raise CommandError if named-checkzone is missing,
        times out or ends without a verdict.
        """
        checker = self._begin(staged) if len(staged) > 1 or (staged and self._waiting) else None
        try:
            meanwhile()
        except BaseException:
            if checker:
                checker.kill()
            raise
        if checker and self._all_pass(checker, staged):
            return {}
        verdicts = {zone: self._refusal(zone, path) for zone, path in staged.items()}
        return {zone: refusal for zone, refusal in verdicts.items() if refusal is not None}

    def _begin(self, staged: Mapping[Name, Path]) -> Started | None:
        """Let named-checkconf load all zones; return None if it cannot be started."""
        waiting, statements = self._waiting, _zone_statements(staged)
        try:
            checker = waiting.take() if waiting else self._start(self._installed())
        except CommandError as failed:
            _log_repetition(staged, failed)
            return None
        checker.write_end(statements)
        return checker

    def _all_pass(self, checker: Started, staged: Mapping[Name, Path]) -> bool:
        """Return True if named-checkconf has loaded all zones; on any failure named-checkzone decides."""
        try:
            finished = checker.finish(timeout=self._timeout, accept=(0, _REFUSED))
        except CommandError as failed:
            _log_repetition(staged, failed)
            return False
        is_complete = finished.output.count(_LOADED) == len(staged)
        return finished.status == 0 and is_complete and _IGNORED_RECORDS not in finished.output

    def _installed(self) -> Installed:
        return installed(self._checkconf, self._timeout)

    def _start(self, found: Installed) -> Started:
        """Start a checker and give it the options of its release, which it reads before it waits for zones."""
        started = Started((self._checkconf, "-z", "/dev/stdin"))
        started.write(_options(found.release))
        return started

    def _refusal(self, zone: Name, path: Path) -> str | None:
        options = ("-i", "local", *options_off(current_version(self._checkzone, self._timeout)))
        argv = (self._checkzone, *options, "--", quoted(zone).strip('"'), _safe(path))
        finished = run(argv, timeout=self._timeout, accept=(0, _REFUSED))
        if finished.status == 0 and _IGNORED_RECORDS not in finished.output:
            return None
        return _first_reason(finished.output, zone, path)


def _log_repetition(staged: Mapping[Name, Path], failed: CommandError) -> None:
    log.warning("event=check-repeated zones=%d reason=%r", len(staged), str(failed))


def _options(release: tuple[int, ...]) -> bytes:
    statements = "; ".join(('directory "/"', *statements_off(release)))
    return f"options {{ {statements}; }};\n".encode("ascii")


def _zone_statements(staged: Mapping[Name, Path]) -> bytes:
    return "".join(
        f'zone {quoted(zone)} {{ type primary; file "{_safe(path)}"; }};\n' for zone, path in staged.items()
    ).encode("ascii")


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
