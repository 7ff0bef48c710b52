"""Parses names and contents of one write: each text once, however often the write is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dns.name import Name

from appliance.zones.names import parse_owner
from appliance.zones.rdata import ParsedRdata, parse_rdata

ParseRdata = Callable[[str, str, int | None, Name], ParsedRdata]
"""As `parse_rdata`: record type, value, priority and origin to content, or an InputError."""


@dataclass(frozen=True, slots=True)
class Parser:
    """Keeps what it parsed for one zone; what is refused is parsed again, since each refusal has a place of its own."""

    parse: ParseRdata = parse_rdata
    _owners: dict[str, Name] = field(default_factory=dict)
    _contents: dict[tuple[str, str, int | None], ParsedRdata] = field(default_factory=dict)

    def owner(self, name: str, origin: Name) -> Name:
        """Return the owner of that name, or raise InputError."""
        known = self._owners.get(name)
        if known is None:
            known = self._owners[name] = parse_owner(name, origin)
        return known

    def content(self, record_type: str, value: str, priority: int | None, origin: Name) -> ParsedRdata:
        """Return the content of a record, or raise InputError with the field that is wrong."""
        key = record_type, value, priority
        known = self._contents.get(key)
        if known is None:
            known = self._contents[key] = self.parse(record_type, value, priority, origin)
        return known
