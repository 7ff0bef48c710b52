"""Transfer zones record by record, over one connection, without holding a whole zone (RFC 5936, RFC 8945).

TSIG signs the request; the signatures of the response are not verified. So it is for comparisons alone: whoever could
change the response could make a zone look different, and no more than that.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

import dns.message
import dns.tsig
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.errors import CommandFailed, CommandTimeout
from appliance.keys import Key
from appliance.queries.wire_records import read_answers
from appliance.zones.delta import WireRecord


class WireTransfers:
    """A connection to one nameserver; `timeout` is in seconds for each message. Every failure raises CommandError."""

    def __init__(self, server: Nameserver, key: Key, timeout: float = 30.0) -> None:
        self._server = server
        self._key = dns.tsig.Key(key.name, key.octets, key.algorithm)
        self._timeout = timeout
        self._socket: socket.socket | None = None

    def close(self) -> None:
        """Close the connection; the next transfer opens another."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None

    def transfer(self, zone: Name) -> Iterator[WireRecord]:
        """Yield the records of the zone, first its SOA record; close the connection if not all of them are read."""
        try:
            self._request(zone)
            first: WireRecord | None = None
            while True:
                records = read_answers(self._message())
                if not records:
                    raise self._failure("a message without records")
                if first is None:
                    first = records[0]
                    if first.rdtype != RdataType.SOA:
                        raise self._failure("the first record is no SOA")
                    yield first
                    records = records[1:]
                is_last = bool(records) and records[-1].rdtype == RdataType.SOA  # the SOA comes first and last
                yield from records[:-1] if is_last else records
                if is_last:
                    return
        except TimeoutError:
            self.close()
            raise CommandTimeout(("transfer",), f"{self._server.name}: no answer in {self._timeout:g} s") from None
        except OSError as failed:
            self.close()
            raise self._failure(failed.strerror or str(failed)) from failed
        except CommandFailed:
            self.close()
            raise

    def _failure(self, reason: str) -> CommandFailed:
        return CommandFailed(("transfer",), f"{self._server.name}: {reason}")

    def _request(self, zone: Name) -> None:
        query = dns.message.make_query(zone, RdataType.AXFR)
        query.use_tsig(self._key)
        wire = query.to_wire()
        message = struct.pack("!H", len(wire)) + wire
        if self._socket is None:
            endpoint = self._server.endpoint
            self._socket = socket.create_connection((endpoint.host, endpoint.port), self._timeout)
        self._socket.sendall(message)

    def _message(self) -> bytes:
        (length,) = struct.unpack("!H", self._octets(2))
        return self._octets(length)

    def _octets(self, count: int) -> bytes:
        assert self._socket is not None  # noqa: S101 - `_request` has connected
        received = b""
        while len(received) < count:
            part = self._socket.recv(count - len(received))
            if not part:
                raise ConnectionError("the connection was closed")
            received += part
        return received
