"""Valid values of every record type: seeds for random text, and content of random zones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

HEX = "0123456789abcdef" * 8

VALUES: Mapping[str, Sequence[str]] = {
    "A": ("192.0.2.1", "0.0.0.0", "255.255.255.255"),
    "AAAA": ("2001:db8::1", "::", "::ffff:192.0.2.1", "2001:0DB8:0:0:1::"),
    "CNAME": (
        "target.example.net",
        "_x.example.org.",
        "xn--bcher-kva.example",
        "bücher.example",
        "xn--ls8h.x.y",
        "-.y",
    ),
    "MX": ("mail.example.net", "@", "mx.example.com."),
    "TXT": (
        *("v=spf1 include:_spf.example.net ~all", 'say "hi"; \\ done', "héllo 你好", '"one" "two\\255"', '"\\000" ""'),
        *("x" * 600, '"' + "y" * 255 + '"', "$INCLUDE /etc/passwd", "@", '"a\\"b\\\\"'),
    ),
    "NS": ("ns.example.org", "ns1.sub.example.com"),
    "SRV": ("10 5060 sip.example.net", "0 0 .", "65535 65535 a.b"),
    "CAA": (
        '0 issue "ca.example.net"',
        "128 iodef mailto:x@example.net",
        '0 issue ";"',
        '255 a1 "a\\"b; c"',
        "0 issue a",
    ),
    "PTR": ("host.example.net", "@", r"Office\032Printer._ipp._tcp.example.com", r"a\.b\"\000\255._x._udp.y.z"),
    "TLSA": (f"3 1 1 {HEX[:64]}", f"3 1 2 {HEX}", "255 255 0 ab", f"0 0 0 {HEX[:8]} {HEX[:8]}"),
    "SSHFP": (f"4 2 {HEX[:64]}", f"1 1 {HEX[:40]}", "0 0 ab"),
    "DS": (f"12345 13 2 {HEX[:64]}", f"1 8 1 {HEX[:40]}", f"0 RSASHA256 2 {HEX[:64]}", f"65535 15 4 {HEX[:96]}"),
    "NAPTR": (
        *('100 10 "U" "E2U+sip" "!^.*$!sip:help@example.net!" .', '1 2 "" "" "" a.example.org', "1 2 u x !a!b!i ."),
        *('1 2 "u" "x" "!^(.*)$!\\\\1!" .', '0 0 "s" "a+b:c" "/[a-z]+(x|y)?/z/" .'),
    ),
    "SVCB": (
        *(
            "1 svc.example.net alpn=h2,h3 port=443",
            "0 a.b",
            '1 . alpn="h2" mandatory=alpn ipv4hint=192.0.2.1,192.0.2.2',
        ),
        *(
            '7 x.example.org dohpath="/dns-query{?dns}" ech="AAT+DQAA"',
            "16 y.z key65280=abc key7=/{?dns} no-default-alpn alpn=h2",
        ),
        *("1 . ipv6hint=2001:db8::1 port=0", "1 dns.example.net port=853", '2 a.b key667="a\\001\\"" ohttp'),
    ),
    "HTTPS": ("1 . alpn=h2 ipv4hint=192.0.2.1", "1 . alpn=h2 ohttp", "0 pool.example.net"),
    "LOC": (
        *(
            "52 22 23 N 4 53 32 E -2m 0m 10000m 10m",
            "1 N 1 E 8465.71m",
            "90 S 180 W 42849672.95m",
            "0 0 0.001 N 0 E 0m 1m",
        ),
        *("1 2 3.999 S 179 59 59.999 W -100000.00m 90000000m 1m 1m", "52 N 4 E 0.01m"),
    ),
    "URI": ('10 1 "https://example.net/a b"', '1 2 "a\\"b\\255"', '0 0 "x"'),
    "SMIMEA": (f"3 1 1 {HEX[:64]}", "0 0 0 00"),
    "OPENPGPKEY": ("mQINBFit2ioBEADhbGdsb2dh", "AAAA" * 40, "QQ=="),
    "DHCID": ("AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=", "QQ=="),
}

DOMAINS = (
    "example.com",
    "a.b.c.example.org.",
    "xn--bcher-kva.example",
    "bücher.example",
    "0/25.2.0.192.in-addr.arpa",
    "_x.y",
)
OWNERS = (
    "@",
    "*",
    "www",
    "*.dev",
    "_sip._tcp",
    "a.b.c",
    "www.example.com",
    "www.example.com.",
    "*.example.com",
    "xn--bcher-kva",
    "_dns",
    "_853._dns",
    "*._udp",
    r"Office\032Printer._ipp._tcp",
    r"a\.b\"\000\255\@._udp",
    r"\$TTL\;(._tcp",
)
