"""What is on disk of a zone: its file with the journal, as named reads both; and zones that named writes early."""

from __future__ import annotations

import re
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import dns.name
import dns.zone

from appliance.addresses import Endpoint
from appliance.errors import CommandError
from appliance.keys import read_key
from appliance.nameserver.control import Control
from appliance.nameserver.isccc import RndcConnection
from tests.pair import LOOPBACK, program
from tests.soak.base_records import condensed
from tests.soak.journal import Content


def content_on_disk(file: Path, domain: str) -> Content | None:
    """Return the content of the file with its journal, None if named would not load it."""
    argv = (program("named-compilezone"), "-q", "-j", "-i", "none", "-o", "-", domain, str(file))
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    zone = dns.zone.from_text(done.stdout, dns.name.from_text(domain), relativize=False, check_origin=False)
    return condensed(
        domain,
        (
            (owner.to_text(), rdata.rdtype.name, ttl, rdata.to_wire() or b"")
            for owner, ttl, rdata in zone.iterate_rdatas()
            if owner != zone.origin or rdata.rdtype.name not in ("SOA", "NS")
        ),
    )


def write_early(state: Path, domain: str) -> bool:
    """Let the primary of the appliance in that folder write the zone to its file now; return False if it cannot."""
    port = re.search(r"inet 127\.0\.0\.1 port (\d+)", (state / "ns1" / "named.conf").read_text())
    assert port
    connection = RndcConnection(Endpoint(LOOPBACK, int(port[1])), read_key(state / "keys" / "control.key"))
    with closing(connection), suppress(CommandError):
        Control(connection).sync(dns.name.from_text(domain))
        return True
    return False
