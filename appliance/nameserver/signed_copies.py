"""Verify a signed zone that another nameserver serves, and compile it into the form in which named keeps its own.

This module must not know where files are, nor which zones exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import dns.name
from dns.name import Name

from appliance.nameserver.control import quoted
from appliance.nameserver.programs import run
from appliance.zones.delta import WireRecord

OCTETS_PER_SECOND = 200_000
"""Octets of a copy, as text, for each of which second more a program may take."""
_UNCHECKED = ("-i", "none", *(word for check in "kmnrMSW" for word in (f"-{check}", "ignore")))


class SignedCopies:
    """The programs dnssec-verify and named-compilezone, for files of `copy_lines`; `timeout` is for a small zone."""

    def __init__(self, dnssec_verify: str, named_compilezone: str, timeout: float = 10.0) -> None:
        self._verify = dnssec_verify
        self._compile = named_compilezone
        self._timeout = timeout

    def verify(self, zone: Name, copy: Path) -> None:
        """Raise CommandFailed unless all of the copy is signed with keys in it, and every signature is valid now."""
        argv = (self._verify, "-q", "-z", "-o", quoted(zone).strip('"'), str(copy))
        run(argv, timeout=self._timeout_of(copy))

    def compile(self, zone: Name, copy: Path, compiled: Path, serial: int) -> None:
        """Write the copy as the signed zone of content with this serial."""
        output = ("-F", "raw", "-L", str(serial), "-o", str(compiled))
        argv = (self._compile, "-q", *_UNCHECKED, *output, "--", quoted(zone).strip('"'), str(copy))
        run(argv, timeout=self._timeout_of(copy))

    def _timeout_of(self, copy: Path) -> float:
        return self._timeout + copy.stat().st_size / OCTETS_PER_SECOND


def copy_lines(records: Iterable[WireRecord]) -> Iterator[bytes]:
    """Yield each record as a line of a zone file, its data as octets (RFC 3597 section 5)."""
    for owner, rdtype, ttl, rdata in records:
        name = dns.name.from_wire(owner, 0)[0].to_text()
        yield f"{name} {ttl} IN TYPE{rdtype} \\# {len(rdata)} {rdata.hex()}\n".encode("ascii")
