"""Commands to a primary: add, reload, show and delete a zone, over a persistent connection or with the `rndc` program.

A reply says that named accepted the command, never that the zone is served. This module must not know zone contents.
"""

from __future__ import annotations

import logging
import re
from typing import Protocol

from dns.name import Name

from appliance.addresses import Endpoint
from appliance.errors import CommandFailed
from appliance.nameserver.isccc import BrokenConnection, RndcConnection
from appliance.nameserver.programs import run

log = logging.getLogger(__name__)

REPLACEMENTS = 3
"""Attempts to replace a zone; the last one stays whatever named then shows."""

_SAFE_ZONE = re.compile(r"[A-Za-z0-9_/.-]{1,255}")
_SAFE_FILE = re.compile(r"[A-Za-z0-9_/.-]{1,4096}")


class Transport(Protocol):
    """A way to send commands to named."""

    def command(self, *words: str) -> str:
        """Send one command line and return the reply; raise CommandFailed with named's own message if it refuses."""
        ...


class Control:
    """The commands, over any transport. Each raises CommandError if it does not succeed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add_zone(self, zone: Name, file: str) -> None:
        """Make named serve `zone` from `file`, which must exist; raise CommandFailed if it has the zone already."""
        if not _SAFE_FILE.fullmatch(file):
            raise CommandFailed(
                ("addzone", str(zone)), f"the file name {file!r} has characters that are not allowed in a command"
            )
        self._transport.command("addzone", quoted(zone), f'{{ type primary; file "{file}"; }};')

    def replace_zone(self, zone: Name, file: str) -> None:
        """Make named serve `zone` from another file: remove it and add it again.

        named removes a deleted zone from its list a moment after the reply, and with it the same zone if that was added
        meanwhile. It then serves the zone, but has no configuration of it, so it is replaced again.
        """
        for _ in range(REPLACEMENTS):
            self.delete_zone(zone)
            self.add_zone(zone, file)
            if self.show_zone(zone):
                return

    def delete_zone(self, zone: Name) -> None:
        """Make named stop serving `zone`; its files remain."""
        self._transport.command("delzone", quoted(zone))

    def reload(self, zone: Name) -> None:
        """Make named read the file of `zone` again; success means only that the reload is queued."""
        self._transport.command("reload", quoted(zone))

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


class RndcProgram:
    """Transport by the `rndc` program: one process for each command, slower, but independent of `RndcConnection`."""

    def __init__(self, rndc: str, channel: Endpoint, key_file: str, timeout: float = 10.0) -> None:
        self._argv = (rndc, "-s", channel.host, "-p", str(channel.port), "-k", key_file)
        self._timeout = timeout

    def command(self, *words: str) -> str:
        """Run `rndc` once and return its output."""
        return run((*self._argv, "--", *words), timeout=self._timeout).output


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
