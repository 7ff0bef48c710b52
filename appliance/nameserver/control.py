"""Commands to a primary: add, reload, show and delete a zone, over a kept connection or through the `rndc` program.

An answer here says that named took the command, never that the zone is served. This module must not know zone contents.
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

_SAFE_ZONE = re.compile(r"[A-Za-z0-9_/.-]{1,255}")
_SAFE_FILE = re.compile(r"[A-Za-z0-9_/.-]{1,4096}")


class Transport(Protocol):
    """Whatever brings one line to named and its reply back; CommandFailed holds named's own refusal."""

    def command(self, *words: str) -> str:
        """Send the words as one command line."""
        ...


class Control:
    """The four commands, over any speaker. The speaker raises CommandError for anything but success."""

    def __init__(self, speaker: Transport) -> None:
        self._speaker = speaker

    def add_zone(self, zone: Name, file: str) -> None:
        """Make named serve `zone` from `file`, which must exist; fails if named knows the zone already."""
        if not _SAFE_FILE.fullmatch(file):
            raise CommandFailed(("addzone", str(zone)), "the file name holds characters that may not reach named")
        self._speaker.command("addzone", quoted(zone), f'{{ type primary; file "{file}"; }};')

    def delete_zone(self, zone: Name) -> None:
        """Make named forget `zone`; its files stay."""
        self._speaker.command("delzone", quoted(zone))

    def reload(self, zone: Name) -> None:
        """Ask named to read the file of `zone` again; success means only that this is queued."""
        self._speaker.command("reload", quoted(zone))

    def show_zone(self, zone: Name) -> str | None:
        """The configuration under which named knows `zone`, or None when it does not know it."""
        try:
            return self._speaker.command("showzone", quoted(zone))
        except CommandFailed as error:
            if "no matching zone" in str(error):
                return None
            raise


class RndcProgram:
    """Speaks through the `rndc` program: one process a command, so slower, and independent of our own protocol code."""

    def __init__(self, rndc: str, channel: Endpoint, key_file: str, timeout: float = 10.0) -> None:
        self._argv = (rndc, "-s", channel.host, "-p", str(channel.port), "-k", key_file)
        self._timeout = timeout

    def command(self, *words: str) -> str:
        """One run of `rndc`."""
        return run((*self._argv, "--", *words), timeout=self._timeout).output


class WithFallback:
    """Speaks over the kept connection, and through the program when that connection's protocol fails."""

    def __init__(self, connection: RndcConnection, program: RndcProgram) -> None:
        self._connection = connection
        self._program = program

    def command(self, *words: str) -> str:
        """What named itself refused, and what ran out of time, is not tried a second time."""
        try:
            return self._connection.command(*words)
        except BrokenConnection as error:
            log.warning("event=control-fallback command=%s reason=%r", words[0], str(error))
            try:
                return self._program.command(*words)
            except CommandFailed as failed:  # of what rndc says, its last line alone: the connection knows more
                raise CommandFailed(error.argv, f"{error.detail}; rndc: {failed.detail}") from failed


def quoted(zone: Name) -> str:
    """The zone name as a control command may carry it: in quotes, and of harmless characters only."""
    text = zone.to_text()
    if not _SAFE_ZONE.fullmatch(text) or text == ".":
        raise CommandFailed(("zone", text), "the name holds characters that may not reach named")
    return f'"{text}"'
