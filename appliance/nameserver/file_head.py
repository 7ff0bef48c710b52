"""The beginning of a zone file: whose zone it is, its serial, and who wrote it.

A file of the appliance has one record a line; one that named wrote itself has directives and an SOA over several lines.
This module must not know where files are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import dns.exception
import dns.name
from dns.name import Name

HEAD_SIZE = 8192
"""Octets that hold the SOA record of every zone file, whoever wrote it."""

_SOA = re.compile(rb"^(\S+)\s+(?:\d+\s+)?IN\s+SOA\s+\S+\s+\S+\s+\(?\s*(\d+)", re.MULTILINE)
_ORIGIN = re.compile(rb"^\$ORIGIN\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FileHead:
    """The zone of a file and its serial; `by_named` if named wrote it, in a layout of its own."""

    name: Name
    serial: int
    by_named: bool


def read_head(content: bytes) -> FileHead | None:
    """Return the head of a zone file, of which `content` may be the first `HEAD_SIZE` octets; None without an SOA."""
    found = _SOA.search(content)
    if found is None:
        return None
    origins = _ORIGIN.findall(content, 0, found.start())
    try:
        origin = dns.name.from_text(origins[-1].decode("ascii")) if origins else dns.name.root
        name = dns.name.from_text(found[1].decode("ascii"), origin)
    except (dns.exception.DNSException, UnicodeDecodeError):
        return None
    return FileHead(name, int(found[2]), by_named=content.startswith(b"$"))
