"""named-checkconf, which checks what is expected to pass, refuses what named-checkzone refuses, and nothing else."""

from __future__ import annotations

from pathlib import Path

import dns.name
from dns.name import Name

from appliance.nameserver.checks import ZoneChecker
from tests.pair import program
from tests.zones.test_rules import INVALID_ZONES, VALID_ZONES

SOA = "@ IN SOA ns1.appliance.test. h.appliance.test. 1 1 1 1 1\n"
APEX = f"{SOA}@ IN NS ns1.appliance.test.\n"
WHOLE = ["", "garbage", "\0\1\2", "@ IN NS ns1.appliance.test.\n", SOA, APEX * 2, APEX.replace("@ IN SOA", "x IN SOA")]
"""Contents without the apex of the appliance."""
ADDED = [
    *("@ IN SOA a. b. 2 1 1 1 1", "x IN SOA a. b. 1 1 1 1 1", "$INCLUDE /etc/passwd", "$INCLUDE /missing"),
    *('x IN TXT "unfinished', "x ( IN A 192.0.2.1", "x 4294967296 IN A 192.0.2.1", "x 2147483648 IN A 192.0.2.1"),
    *("other.test. IN A 192.0.2.1", "x CH A 192.0.2.1", "x IN A", "x IN UNKNOWN x", f"{'a' * 64} IN A 192.0.2.1"),
    *("@ IN NS ns", "@ IN NS ns\nns IN A 192.0.2.1", "@ IN NS ns\nns IN CNAME x", "@ IN NS *", "*.x IN NS ns.test."),
    *("sub IN NS ns.sub", "sub IN NS ns.sub\nns.sub IN A 192.0.2.1", "* IN DNAME x.test."),
    *("sub IN DNAME x.test.\na.sub IN A 192.0.2.1", f"@ IN DS 1 8 2 {'ab' * 32}", "x.x IN A 192.0.2.1\nx IN CNAME y"),
    *("".join(f"x IN A 10.0.{n // 250}.{n % 250}\n" for n in range(size)) for size in (101, 3000)),
    "".join(f"x IN TYPE{1000 + number} \\# 0\n" for number in range(101)),
    *('x IN NAPTR 1 1 "u" "x" "!(!x!" .', "_dns IN SVCB 1 a.test. alpn=h2 dohpath=/x", "x IN SVCB 1 . mandatory=alpn"),
    *("_dns IN SVCB 1 a.test. port=853", "x IN CDS 0 0 0 00", "@ IN CDNSKEY 0 3 0 AA=="),
    *("@ IN DNSKEY 256 3 8 AwEAAQ==", "x IN RRSIG A 8 2 1 20300101000000 20200101000000 1 z. AA==", "@ IN NSEC x A"),
    *("@ IN NSEC3PARAM 1 0 0 -", "x IN A 192.0.2.1\nx 600 IN A 192.0.2.2", "@ IN MX 0 192.0.2.1."),
    "x IN A 192.0.2.1\nx IN A 192.0.2.1",
    *("_s._tcp IN SRV 0 0 80 c\nc IN CNAME d.test.", "@ IN MX 0 c", "x_y IN A 192.0.2.1", "a.*.b IN A 192.0.2.1"),
    *('@ IN TXT "v=spf1"', "x IN LOC 91 N 1 E 1m", "@ IN NS 192.0.2.1.", f"@ IN ZONEMD 1 1 1 {'ab' * 48}"),
]
"""What is added to the apex of the appliance."""


def contents() -> list[str]:
    """Return the contents of zones, some of which BIND refuses."""
    rows = [rows for rows, *_ in INVALID_ZONES.values()] + list(VALID_ZONES.values())
    records = ["".join(f"{name} 300 IN {kind} {value}\n" for kind, name, value in zone) for zone in rows]
    return WHOLE + [f"{APEX}{added}\n" for added in (*ADDED, *records)]


def staged(folder: Path) -> dict[Name, Path]:
    """Write each content to a file of its own."""
    zones = {}
    for number, content in enumerate(contents()):
        zone = dns.name.from_text(f"z{number}.example")
        zones[zone] = folder / f"{number}.staged"
        zones[zone].write_text(f"$TTL 300\n$ORIGIN {zone}\n{content}")
    return zones


def test_both_checkers_refuse_the_same_zones(tmp_path: Path) -> None:
    zones = staged(tmp_path)
    refused = ZoneChecker(program("named-checkzone"), program("named-checkconf")).check(zones).keys()
    assert refused and len(zones) > len(refused)
    accepted = {zone: path for zone, path in zones.items() if zone not in refused}
    by_configuration = ZoneChecker("/bin/false", program("named-checkconf"))
    assert by_configuration.check(accepted) == {}, "what named-checkzone accepts"
    with by_configuration.started_ahead(2):
        for zone in refused:
            assert by_configuration.check({zone: zones[zone]}), f"{zones[zone].read_text()} is refused"
