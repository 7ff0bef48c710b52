"""What is on disk of a zone: its file with the journal, as named reads both.

And what named is to do at random moments: write zones to their files, and sign signed ones again.
"""

from __future__ import annotations

import re
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import dns.name
import dns.zone
from dns.rdatatype import RdataType

from appliance.addresses import Endpoint
from appliance.errors import CommandError
from appliance.keys import read_key
from appliance.nameserver.control import Control
from appliance.nameserver.isccc import RndcConnection
from appliance.zones.signing import CONTENT_TYPE
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
            if owner != zone.origin or rdata.rdtype not in (RdataType.SOA, RdataType.NS, CONTENT_TYPE)
        ),
    )


def write_early(state: Path, domain: str) -> bool:
    """Let the primary of the appliance in that folder write the zone to its file now; return False if it cannot."""
    with closing(_connection(state)) as connection, suppress(CommandError):
        Control(connection).sync(dns.name.from_text(domain))
        return True
    return False


def sign_again(state: Path, domain: str) -> bool:
    """Let the primary of the appliance in that folder sign the zone again, all of it; return False if it cannot."""
    with closing(_connection(state)) as connection, suppress(CommandError):
        connection.command("sign", domain)
        return True
    return False


def _connection(state: Path) -> RndcConnection:
    """Return a control connection to the primary of the appliance in that folder."""
    port = re.search(r"inet 127\.0\.0\.1 port (\d+)", (state / "ns1" / "named.conf").read_text())
    assert port
    return RndcConnection(Endpoint(LOOPBACK, int(port[1])), read_key(state / "keys" / "control.key"))
