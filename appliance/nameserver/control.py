"""Commands to a primary, for zones and the whole server, over a persistent connection or with the `rndc` program.

A reply says that named accepted the command, never that the zone is served. This module must not know zone contents.

named reads the file of a zone that accepts DNS UPDATE only while updates are suspended (`freeze` and `thaw` of rndc).
It forgets that a zone is suspended when it starts.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from dns.name import Name

from appliance.addresses import Endpoint
from appliance.errors import CommandFailed
from appliance.nameserver.isccc import BrokenConnection, RndcConnection
from appliance.nameserver.key_status import KeyStatus, parse_key_status
from appliance.nameserver.programs import run
from appliance.zones.signing import POLICY, DsReport

log = logging.getLogger(__name__)

REPLACEMENTS = 3
"""Attempts to replace a zone; the last one stays whatever named then shows."""

SIGNING = f'dnssec-policy "{POLICY}"; inline-signing yes; allow-update {{ none; }}; notify explicit;'
"""What `addzone` says of a signed zone. `modzone` turns signing neither on nor off."""

_SAFE_ZONE = re.compile(r"[A-Za-z0-9_/.-]{1,255}")
_SAFE_FILE = re.compile(r"[A-Za-z0-9_/.-]{1,4096}")


_FILE = re.compile(r'file "([^"]+)"')
_STATUS = re.compile(r"^(.+?): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ZoneState:
    """A zone as named has it: its file, empty if named lost its configuration, and the serial if it is loaded.

    `suspended`: named refuses updates of the zone until `resume_updates`. `dynamic`: its configuration allows updates;
    so says named of a zone that is loaded. A zone that named signs is `signed`, and `secure` once all of it is;
    `serial` is that of its file.
    """

    file: str
    serial: int | None = None
    suspended: bool = False
    dynamic: bool = True
    signed: bool = False
    secure: bool = False


def _configuration(zone: Name, file: str, key_folder: str) -> str:
    """Return the configuration of a primary zone; of a signed one with a folder of keys."""
    for path in filter(None, (file, key_folder)):
        if not _SAFE_FILE.fullmatch(path):
            raise CommandFailed(
                ("addzone", str(zone)), f"the file name {path!r} has characters that are not allowed in a command"
            )
    signing = f' {SIGNING} key-directory "{key_folder}";' if key_folder else ""
    return f'{{ type primary; file "{file}";{signing} }};'


class Transport(Protocol):
    """A way to send commands to named."""

    def command(self, *words: str) -> str:
        """Send one command line and return the reply; raise CommandFailed with named's own message if it refuses."""
        ...


class Control:
    """The commands, over any transport. Each raises CommandError if it does not succeed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add_zone(self, zone: Name, file: str, key_folder: str = "") -> None:
        """Make named serve `zone` from `file`, which must exist; raise CommandFailed if it has the zone already.

        With a folder of keys, which must exist, named signs the zone, with keys that it makes if there are none. Such a
        zone takes no updates.
        """
        self._transport.command("addzone", quoted(zone), _configuration(zone, file, key_folder))

    def replace_zone(self, zone: Name, file: str, key_folder: str = "") -> None:
        """Make named serve `zone` from another file, or sign it or not any longer: remove it and add it again.

        If named refuses to sign it, as without the policy, raise CommandFailed and keep the zone as it is.
        """
        if key_folder:
            self._transport.command("modzone", quoted(zone), _configuration(zone, file, key_folder))
        self.add_again(zone, file, key_folder)

    def add_again(
        self, zone: Name, file: str, key_folder: str = "", between: Callable[[], None] = lambda: None
    ) -> None:
        """Remove `zone` and add it again, which may be one that named did not load; in between call `between`.

        named removes a deleted zone from its list a moment after the reply, and with it the same zone if that was added
        meanwhile. It then serves the zone, but has no configuration of it, so it is replaced again.
        """
        for _ in range(REPLACEMENTS):
            self.delete_zone(zone)
            between()
            self.add_zone(zone, file, key_folder)
            if self.show_zone(zone):
                return

    def delete_zone(self, zone: Name) -> None:
        """Make named stop serving `zone`; its files remain."""
        self._transport.command("delzone", quoted(zone))

    def reload(self, zone: Name) -> None:
        """Make named read the file of `zone` again, which takes no updates; success means only that it is queued."""
        self._transport.command("reload", quoted(zone))

    def suspend_updates(self, zone: Name) -> bool:
        """Make named refuse updates of `zone`; return False if the zone takes none anyway.

        What updates changed is then written to the file, after the reply.
        """
        try:
            self._transport.command("freeze", quoted(zone))
        except CommandFailed as error:
            if "not dynamic" in str(error):
                return False
            if "already frozen" not in str(error):
                raise
        return True

    def resume_updates(self, zone: Name) -> None:
        """Make named read the file of `zone` again, and accept updates once it is loaded.

        As with `reload`, success means only that this is queued. If named does not load the file, updates stay
        suspended. A zone that is not suspended, as after a restart of named, is suspended first.
        """
        if not self._transport.command("thaw", quoted(zone)):
            self._transport.command(*(("thaw",) if self.suspend_updates(zone) else ("reload",)), quoted(zone))

    def sync(self, zone: Name) -> None:
        """Make named write what updates changed to the file of `zone`, after the reply."""
        self._transport.command("sync", quoted(zone))

    def zone_state(self, zone: Name) -> ZoneState | None:
        """Return the state of `zone` in named; None if it has no such zone."""
        try:
            found = dict(_STATUS.findall(self._transport.command("zonestatus", quoted(zone))))
        except CommandFailed as error:
            if "no matching zone" in str(error):
                return None
            if "not loaded" not in str(error):
                raise
            configuration = self.show_zone(zone) or ""
            shown = _FILE.search(configuration)
            return ZoneState(shown[1] if shown else "", signed="inline-signing yes" in configuration)
        flags = (found.get(key) == "yes" for key in ("frozen", "dynamic", "inline signing", "secure"))
        return ZoneState(found.get("files", ""), int(found["serial"]), *flags)

    def show_zone(self, zone: Name) -> str | None:
        """Return the configuration of `zone` in named; None if it has no such zone, "" if it lost the configuration."""
        try:
            return self._transport.command("showzone", quoted(zone))
        except CommandFailed as error:
            if "no matching zone" in str(error):
                return None
            if str(error).endswith("failure"):
                return ""
            raise

    def key_status(self, zone: Name) -> list[KeyStatus]:
        """Return the keys of a signed zone as named has them."""
        return parse_key_status(self._transport.command("dnssec", "-status", quoted(zone)))

    def note_ds(self, zone: Name, tag: int, report: DsReport) -> None:
        """Report to named that the DS of the key is at the parent or gone; raise CommandFailed unless it notes that."""
        self._key_command("-checkds", "-key", str(tag), report.value, quoted(zone))

    def roll_key(self, zone: Name, tag: int) -> None:
        """Make named replace the key from now on; raise CommandFailed if it does not."""
        self._key_command("-rollover", "-key", str(tag), quoted(zone))

    def _key_command(self, *words: str) -> None:
        """Send a command whose refusals named reports as a success, with an error in the text."""
        reply = self._transport.command("dnssec", *words)
        if reply.startswith("Error"):
            raise CommandFailed(("dnssec", *words), reply)

    def boot_time(self) -> datetime:
        """Return the time at which named started, in whole seconds."""
        found = dict(_STATUS.findall(self._transport.command("status")))
        try:
            return parsedate_to_datetime(found["boot time"])
        except (KeyError, ValueError) as error:
            raise CommandFailed(("status",), "the reply has no boot time") from error


class RndcProgram:
    """Transport by the `rndc` program: one process for each command, slower, but independent of `RndcConnection`."""

    def __init__(self, rndc: str, channel: Endpoint, key_file: str, timeout: float = 10.0) -> None:
        self._argv = (rndc, "-s", channel.host, "-p", str(channel.port), "-k", key_file)
        self._timeout = timeout

    def command(self, *words: str) -> str:
        """Run `rndc` once and return its output; all lines of it are the reason if that fails."""
        argv = (*self._argv, "--", *words)
        finished = run(argv, timeout=self._timeout, accept=(0, 1))
        if finished.status:
            raise CommandFailed(argv, " ".join(finished.output.split()))
        return finished.output


class WithFallback:
    """Transport over the persistent connection, and by the program if that connection or its protocol fails."""

    def __init__(self, connection: RndcConnection, program: RndcProgram) -> None:
        self._connection = connection
        self._program = program

    def command(self, *words: str) -> str:
        """Send one command line; a command that named refused or that timed out is not repeated with `rndc`."""
        try:
            return self._connection.command(*words)
        except BrokenConnection as error:
            log.warning("event=control-fallback command=%s reason=%r", words[0], str(error))
            try:
                return self._program.command(*words)
            except CommandFailed as failed:  # the reason of the connection is more precise than rndc's last line
                raise CommandFailed(error.argv, f"{error.detail}; rndc: {failed.detail}") from failed


def quoted(zone: Name) -> str:
    """Return the quoted zone name for a command; raise CommandFailed if it has characters that are not safe there."""
    text = zone.to_text()
    if not _SAFE_ZONE.fullmatch(text) or text == ".":
        raise CommandFailed(("zone", text), "the zone name has characters that are not allowed in a command")
    return f'"{text}"'
