"""What a nameserver changed in a zone since a serial, by signed IXFR (RFC 1995): 0.2 ms, however large the zone is.

The nameserver may answer with the whole zone instead, as for a small zone. This module must not know what it should be.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Endpoint
from appliance.keys import Key, KeyFile
from appliance.queries.transfer_connection import TransferConnection
from appliance.zones.delta import Delta, WireRecord
from appliance.zones.serial import is_later

MAX_OCTETS = 64 * 2**20
"""Octets of a difference, or of a whole zone, that are kept; a record counts for at least 100."""
_MIN_RECORD = 100
_NO_NAMES = b"\0\0"
_MIN_SOA = 22


class Difference(NamedTuple):
    """What a nameserver has changed in a zone: its SOA now, and the net of all differences since the serial.

    `records` are those of the whole zone without its SOA if it sent that; `delta` is then empty. So it is if the zone
    has the serial of the request, or an earlier one.
    """

    soa: WireRecord
    delta: Delta = Delta()
    records: frozenset[WireRecord] | None = None

    @property
    def serial(self) -> int:
        """Return the serial that is served."""
        return soa_serial(self.soa)


class DifferenceClient:
    """A client of one nameserver, with a kept connection; `timeout` is in seconds, `clock` the time of day."""

    def __init__(
        self, endpoint: Endpoint, key: Key | KeyFile, clock: Callable[[], datetime], timeout: float = 5.0
    ) -> None:
        self._connection = TransferConnection(endpoint, key, clock, timeout)

    def fetch(self, zone: Name, serial: int, limit: int = MAX_OCTETS) -> Difference:
        """Return what changed since that serial.

        Raise CommandTimeout if the nameserver gives no complete answer, CommandFailed if it refuses, its answer is not
        valid, or is larger than `limit`.
        """
        self._connection.request(zone, RdataType.IXFR, _request_soa(serial))
        reader = DifferenceReader(serial, limit)
        try:
            while not reader.is_complete:
                reader.read(self._connection.receive())
        except ValueError as malformed:
            self._connection.close()
            raise self._connection.failure(str(malformed)) from None
        self._connection.finish()
        return reader.difference()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()


class _Section(Enum):
    """Where the reader is in an answer: before its first or second record, in the whole zone, or in a difference."""

    FIRST = auto()
    SECOND = auto()
    WHOLE = auto()
    REMOVED = auto()
    ADDED = auto()
    COMPLETE = auto()


class DifferenceReader:
    """Reads the records of an answer in their order, and keeps the net of its differences.

    The answer begins and ends with the SOA of the zone. A second SOA after the first one begins a difference: the
    removed records follow, then the SOA of the version after it and the added ones (RFC 1995 section 4). `serial` is
    that of the request, `limit` is in octets. Raise ValueError for any other answer.
    """

    def __init__(self, serial: int, limit: int = MAX_OCTETS) -> None:
        self._serial, self._left = serial, limit
        self._section = _Section.FIRST
        self._soas: list[WireRecord] = []
        """The first SOA, and the last one of a difference."""
        self._removed: set[WireRecord] = set()
        self._added: set[WireRecord] = set()
        self._is_whole = False

    @property
    def is_complete(self) -> bool:
        """Return whether the last record was read."""
        return self._section is _Section.COMPLETE

    def read(self, records: Iterable[WireRecord]) -> None:
        """Read the records of the next message."""
        for record in records:
            if self._section is _Section.FIRST:
                self._begin(record)
            elif self.is_complete:
                raise ValueError("records follow the last SOA")
            elif record.rdtype == RdataType.SOA:
                self._read_soa(record)
            else:
                self._keep(record)
        if self._section is _Section.SECOND and not is_later(soa_serial(self._soas[0]), self._serial):
            self._section = _Section.COMPLETE  # the zone has this serial, or an earlier one

    def difference(self) -> Difference:
        """Return the result of a complete answer."""
        if not self.is_complete:
            raise ValueError("the answer is not complete")
        if self._is_whole:
            return Difference(self._soas[0], records=frozenset(self._added))
        return Difference(self._soas[0], Delta(frozenset(self._removed), frozenset(self._added)))

    def _begin(self, record: WireRecord) -> None:
        if record.rdtype != RdataType.SOA:
            raise ValueError("the first record is not an SOA")
        soa_serial(record)
        self._soas, self._section = [record, record], _Section.SECOND

    def _read_soa(self, record: WireRecord) -> None:
        first, last = self._soas
        if self._section is _Section.SECOND:
            if soa_serial(record) != self._serial:
                raise ValueError("the difference begins at another serial")
            self._section = _Section.REMOVED
        elif self._section is _Section.REMOVED:
            self._soas, self._section = [first, record], _Section.ADDED
        elif record != last:
            raise ValueError("an SOA follows that is not that of the version before")
        else:
            self._section = _Section.COMPLETE if record == first else _Section.REMOVED

    def _keep(self, record: WireRecord) -> None:
        if self._section is _Section.SECOND:
            self._section, self._is_whole = _Section.WHOLE, True
        self._left -= max(record.octets, _MIN_RECORD)
        if self._left < 0:
            raise ValueError("the answer is too large")
        is_removed = self._section is _Section.REMOVED
        kept, other = (self._removed, self._added) if is_removed else (self._added, self._removed)
        if record in other:
            other.remove(record)
        else:
            kept.add(record)


def soa_serial(soa: WireRecord) -> int:
    """Return the serial, twenty octets before the end of the data; raise ValueError if that is too short."""
    if len(soa.rdata) < _MIN_SOA:
        raise ValueError("an SOA is too short")
    return int.from_bytes(soa.rdata[-20:-16], "big")


def _request_soa(serial: int) -> bytes:
    """Return the record of the authority section: an SOA of which only the serial counts."""
    data = _NO_NAMES + serial.to_bytes(4, "big") + bytes(16)
    return b"\xc0\x0c" + struct.pack("!HHIH", RdataType.SOA, 1, 0, len(data)) + data
