"""The parser of owner names and record data of one write, with a cache: the write may be evaluated several times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dns.name import Name

from appliance.zones.names import parse_owner
from appliance.zones.rdata import ParsedRdata, parse_rdata

ParseRdata = Callable[[str, str, int | None, Name], ParsedRdata]
"""Like `parse_rdata`: (record type, value, priority, origin) -> content, or InputError."""


@dataclass(frozen=True, slots=True)
class Parser:
    """Parses and caches texts of one zone; refused ones are parsed again, since each error has a field of its own."""

    parse: ParseRdata = parse_rdata
    _owners: dict[str, Name] = field(default_factory=dict)
    _contents: dict[tuple[str, str, int | None], ParsedRdata] = field(default_factory=dict)

    def owner(self, name: str, origin: Name) -> Name:
        """Return the parsed owner name, or raise InputError."""
        parsed = self._owners.get(name)
        if parsed is None:
            parsed = self._owners[name] = parse_owner(name, origin)
        return parsed

    def content(self, record_type: str, value: str, priority: int | None, origin: Name) -> ParsedRdata:
        """Return the parsed data of a record, or raise InputError with the invalid field."""
        key = record_type, value, priority
        parsed = self._contents.get(key)
        if parsed is None:
            parsed = self._contents[key] = self.parse(record_type, value, priority, origin)
        return parsed
