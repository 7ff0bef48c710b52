"""Malformed messages to the listener for DNS UPDATE: random mutations of valid ones. The same seed gives the same."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.tsig
import dns.update
import dns.xfr

from appliance.keys import Key

NAMES = (
    b"\0",
    b"\1a\0",
    b"\xc0\x0c",
    b"\xc0\xff",
    b"\x3f" + b"a" * 63 + b"\0",
    b"\1*\0",
    b"\1\0\0",
    b"\x40a\0",
    b"\xff",
)
"""Names in wire form: some point into the message or beyond it."""
TYPES = (0, 1, 2, 5, 6, 15, 16, 28, 33, 41, 43, 47, 64, 65, 99, 249, 250, 251, 252, 255, 257, 65_280, 65_535)
CLASSES = (0, 1, 1, 1, 1, 3, 254, 254, 255, 255, 65_535)
TTLS = (0, 0, 0, 60, 60, 2**31 - 1, 2**31, 2**32 - 1)
RIGHT = (
    *(
        (1, b"\xc0\0\2\1"),
        (28, b"\0" * 16),
        (16, b"\4text"),
        (16, b"\0"),
        (5, b"\xc0\x0c"),
        (2, b"\xc0\x0c"),
        (12, b"\0"),
    ),
    *(
        (15, b"\0\1\xc0\x0c"),
        (33, b"\0" * 6 + b"\xc0\x0c"),
        (33, b"\0" * 7),
        (257, b"\0\5issuex"),
        (44, b"\1\1" + b"a" * 20),
    ),
    *((29, b"\0" * 16), (35, b"\0" * 8), (64, b"\0\1\0"), (52, b"\3\1\1" + b"a" * 32), (65_280, b"x"), (99, b"\1a")),
)
"""Types with data that has their form."""
DATA = (
    b"",
    b"\0",
    b"\xc0\0\2\1",
    b"\xc0\0\2",
    b"\4text",
    b"\xfftext",
    b"\0\1\xc0\x0c",
    b"\0" * 40,
    b"\xc0\x0c",
    b"x" * 20_000,
)
_ARCOUNT = 10


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs messages, whatever they are."""

    key: Key

    def sign(self, wire: bytes, time: int) -> bytes:
        """Return the message with a TSIG record of that time in seconds since 1970."""
        key = dns.tsig.Key(self.key.name, self.key.secret, self.key.algorithm)
        number = int.from_bytes(wire[:2], "big")
        empty = dns.rdtypes.ANY.TSIG.TSIG("ANY", "TSIG", key.algorithm, time, 300, b"", number, 0, b"")
        data = (dns.tsig.sign(wire, key, empty, time)[0]).to_wire() or b""
        count = (int.from_bytes(wire[_ARCOUNT : _ARCOUNT + 2], "big") + 1) % 65_536
        record = (key.name.to_wire() or b"") + struct.pack("!HHIH", dns.rdatatype.TSIG, 255, 0, len(data)) + data
        return wire[:_ARCOUNT] + count.to_bytes(2, "big") + wire[_ARCOUNT + 2 :] + record


def broken_messages(random: Random, domain: str, signer: Signer, time: int, count: int) -> Iterator[bytes]:
    """Yield so many messages about a zone, most of them with a valid signature although their content is malformed."""
    right = _right_messages(domain)
    for _ in range(count):
        wire = random.choice(right) if random.random() < 0.6 else _random_update(random, domain)
        if random.random() < 0.4:
            wire = _mutated(random, wire)
        if len(wire) >= _ARCOUNT + 2 and random.random() < 0.7:
            wire = signer.sign(wire, time + random.choice((0, 0, 0, 0, 400, -400)))
        yield _mutated(random, wire) if random.random() < 0.2 else wire


def _right_messages(domain: str) -> list[bytes]:
    update = dns.update.UpdateMessage(f"{domain}.")
    update.present(f"{domain}.", "SOA")
    update.add(f"a.{domain}.", 60, "A", "192.0.2.1")
    update.delete(f"b.{domain}.", "TXT", '"x"')
    questions = [dns.message.make_query(domain, rdtype, use_edns=0) for rdtype in ("SOA", "AXFR", "IXFR", "ANY", "TXT")]
    return [update.to_wire(), *(question.to_wire() for question in questions)]


def _random_update(random: Random, domain: str) -> bytes:
    """Return an update whose sections have random records."""
    zone = (dns.name.from_text(domain).to_wire() or b"") + struct.pack("!HH", random.choice((6, 6, 6, 1, 252)), 1)
    counts = [random.randrange(3) for _ in range(3)]
    records = b"".join(_record(random, zone[:-4]) for _ in range(sum(counts)))
    return struct.pack("!HHHHHH", random.randrange(65_536), 5 << 11, 1, *counts) + zone + records


def _record(random: Random, zone: bytes) -> bytes:
    name = random.choice((b"\1x" + zone, b"\1x\xc0\x0c", b"\1y" + zone, zone) if random.random() < 0.8 else NAMES)
    rdtype, data = random.choice(RIGHT) if random.random() < 0.7 else (random.choice(TYPES), random.choice(DATA))
    data, length = random.choice(((data, len(data)),) * 9 + ((b"", 0), (data, 65_535)))
    fields = rdtype, random.choice(CLASSES), random.choice(TTLS), length
    return name + struct.pack("!HHIH", *fields) + data


def _mutated(random: Random, wire: bytes) -> bytes:
    at = random.randrange(len(wire) + 1)
    choices: list[Callable[[], bytes]] = [
        lambda: wire[:at],
        lambda: wire[:at] + random.randbytes(random.randrange(1, 9)) + wire[at:],
        lambda: wire[:at] + random.randbytes(2) + wire[at + 2 :],
        lambda: wire[:at] + random.choice(NAMES) + wire[at:],
        lambda: wire[:4] + random.randbytes(8) + wire[12:],
        lambda: wire[:2] + random.randbytes(2) + wire[4:],
        lambda: wire + random.randbytes(random.randrange(1, 2_000)),
        lambda: random.randbytes(random.randrange(600)),
    ]
    return random.choice(choices)()
