"""Transfer a zone record by record, without holding all of it (RFC 5936)."""

from __future__ import annotations

from collections.abc import Iterator

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.queries.transfer_connection import TransferConnection
from appliance.zones.delta import WireRecord


def transfer_records(connection: TransferConnection, zone: Name) -> Iterator[WireRecord]:
    """Yield the records of the zone, first its SOA record; close the connection if not all of them are read.

    Raise CommandTimeout if the nameserver gives no complete answer, CommandFailed if it refuses or its answer is not
    valid: then nothing that was yielded is certain.
    """
    connection.request(zone, RdataType.AXFR)
    soa, *records = connection.receive()
    if soa.rdtype != RdataType.SOA:
        connection.close()
        raise connection.failure("the first record is not an SOA")
    yield soa
    while not (records and records[-1].rdtype == RdataType.SOA):  # the SOA comes first and last
        yield from records
        records = connection.receive()
    yield from records[:-1]
    connection.finish()
