"""The wire form of frequent types is that of dnspython for the same presentation text."""

from __future__ import annotations

import dns.rdata
import pytest
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from appliance.zones.rdata import parse_rdata, print_data, print_line
from tests.zones.records import ORIGIN

LONG = ".".join(["a" * 63] * 3 + ["b" * 57, "de"])


@pytest.mark.parametrize(
    ("record_type", "value", "priority", "text"),
    [
        ("A", "192.0.2.1", None, "192.0.2.1"),
        ("AAAA", "2001:DB8:0:0::1", None, "2001:db8::1"),
        ("AAAA", "::ffff:192.0.2.1", None, "::ffff:c000:201"),
        ("AAAA", "1:0:0:2:0:0:0:3", None, "1:0:0:2::3"),
        ("CNAME", "@", None, "example.com."),
        ("CNAME", r"a\032b._tcp.example.net", None, r"a\032b._tcp.example.net."),
        ("PTR", "xn--mnchen-3ya.de", None, "xn--mnchen-3ya.de."),
        ("NS", LONG, None, f"{LONG}."),
        ("MX", ".", 0, "0 ."),
        ("MX", "Mail.example.net.", 65535, "65535 mail.example.net."),
        ("SRV", "0 65535 .", 1, "1 0 65535 ."),
        ("SRV", "10 5060 sip.example.com", 0, "0 10 5060 sip.example.com."),
    ],
)
def test_the_wire_form_is_that_of_the_text(record_type: str, value: str, priority: int | None, text: str) -> None:
    parsed = parse_rdata(record_type, value, priority, ORIGIN)
    expected = dns.rdata.from_text(IN, RdataType[record_type], text)
    assert (parsed.rdtype, parsed.wire, parsed.rdata) == (expected.rdtype, expected.to_wire(), expected)
    assert print_data(parsed) == print_line(expected)
