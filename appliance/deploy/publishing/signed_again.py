"""Make the primary forget what it has of a signed zone that it does not publish, and sign the zone again.

named has lost its own files of the zone, or they differ from each other, and nothing else makes it follow the zone file
then. It begins with the copy of a nameserver whose signatures are valid, so that no answer is unsigned; without one it
signs everything again, and meanwhile serves the zone in part unsigned.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from uuid import UUID

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.errors import CommandError, CommandFailed, CommandTimeout, ReloadFailed
from appliance.nameserver.control import ZoneState
from appliance.nameserver.seed_file import SeedFile
from appliance.nameserver.signed_copies import copy_lines
from appliance.queries.transfer_connection import TransferConnection
from appliance.queries.wire_transfer import transfer_records
from appliance.zones.delta import WireRecord
from appliance.zones.names import print_domain
from appliance.zones.serial import MODULUS
from appliance.zones.signing import Signing, SigningKey

log = logging.getLogger(__name__)

TIMEOUT = 5.0
"""Seconds to wait for each message of a secondary."""


def must_sign_again(uuid: UUID, known: Signing | None, state: ZoneState | None, host: PrimaryHost) -> bool:
    """Return True if the primary does not publish the signed zone, or has lost the zone and all its signatures."""
    if known is None or not known.is_signed or not known.keys or not (state is None or state.signed):
        return False
    return known.is_stuck or (state is None and not host.files.is_signed(uuid))


def sign_again(uuid: UUID, name: Name, serial: int, known: Signing, host: PrimaryHost) -> bool:
    """Make the primary load and sign the live file, which has this serial; return True if it had a copy to begin with.

    Raise CommandError, and leave the zone to be added again, if the primary ends or refuses it.
    """
    seed = SeedFile(host.files.path(uuid))
    try:
        source = _prepare(seed, name, serial, known, host)

        def place() -> None:
            host.files.remove_signed(uuid)
            if source:
                seed.place()

        file, keys = str(host.files.path(uuid)), str(host.files.key_folder(uuid))
        if host.control.show_zone(name) is None:
            place()
            host.control.add_zone(name, file, keys)
        else:
            host.control.add_again(name, file, keys, place)
    finally:
        seed.discard()
    shown = source.name if source else "none"
    log.warning("event=signed-again zone=%s serial=%d copy=%s", print_domain(name), serial, shown)
    return source is not None


def _prepare(seed: SeedFile, name: Name, serial: int, known: Signing, host: PrimaryHost) -> Nameserver | None:
    """Compile the copy of the first nameserver that has a valid one; return that nameserver, None if there is none.

    The copy is that of the content before this serial: so named compares it with the file and signs what differs. If
    only the primary has one, a secondary has another zone under its serial: the copy gets a serial that no nameserver
    has, so that secondaries transfer the whole zone. named then replaces its SOA.
    """
    before = (serial - 1) % MODULUS
    for server in (*host.secondaries, host.primary):
        connection = TransferConnection(server.endpoint, host.transfer_key, partial(datetime.now, UTC), TIMEOUT)
        try:
            with closing(connection):
                records = transfer_records(connection, name)
                soa = next(records)
                seed.write_copy(copy_lines(_of_keys(chain((soa,), records), known.keys)))
            _verify(seed, name, host)
            if server == host.primary:
                seed.replace_first_line(*copy_lines([_with_serial(soa, before)]))
            host.copies.compile(name, seed.copy, seed.compiled, before)
        except CommandError as failed:
            log.warning(
                "event=copy-refused zone=%s nameserver=%s reason=%r", print_domain(name), server.name, str(failed)
            )
        else:
            return server
    return None


def _verify(seed: SeedFile, name: Name, host: PrimaryHost) -> None:
    """Verify the copy; raise ReloadFailed if that takes too long, for then it may be valid, and is tried again."""
    try:
        host.copies.verify(name, seed.copy)
    except CommandTimeout as late:
        raise ReloadFailed(f"the copy of the signed zone was not verified in time: {late}") from late


def _of_keys(records: Iterable[WireRecord], keys: Collection[SigningKey]) -> Iterator[WireRecord]:
    """Yield the records but signatures of other keys; raise CommandFailed after the last if no DNSKEY is one of these.

    A key that named created when files were lost has signed all of a copy that has the DNSKEY of the zone, too, and
    resolvers refuse that. The public key follows flags, protocol and algorithm (RFC 4034 section 2.1).
    """
    tags, public_keys = {key.tag for key in keys}, {base64.b64decode(key.public_key) for key in keys}
    has_key = False
    for record in records:
        has_key = has_key or (record.rdtype == RdataType.DNSKEY and record.rdata[4:] in public_keys)
        if record.rdtype != RdataType.RRSIG or _signer_tag(record) in tags:
            yield record
    if not has_key:
        raise CommandFailed(("transfer",), "no DNSKEY of it is a key of the zone")


def _signer_tag(signature: WireRecord) -> int:
    """Return the tag of the key of an RRSIG, which is before the name of the signer (RFC 4034 section 3.1)."""
    return int.from_bytes(signature.rdata[16:18], "big")


def _with_serial(soa: WireRecord, serial: int) -> WireRecord:
    """Return the SOA with another serial, which comes before its last four numbers (RFC 1035 section 3.3.13)."""
    rdata = soa.rdata[:-20] + serial.to_bytes(4, "big") + soa.rdata[-16:]
    return soa._replace(rdata=rdata)
