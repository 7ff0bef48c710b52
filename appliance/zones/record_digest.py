"""A digest of many records that does not depend on their order, for zones that are too large to hold two of them.

It is the sum of the hashes of the records, modulo 2 to the power of 128, beside their number.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.zones.delta import NAMED_TYPES, WireRecord

_MODULUS = 2**128


@dataclass(slots=True)
class RecordDigest:
    """The digest of the records added so far; equal digests have equal records but for the letter case of names."""

    count: int = 0
    total: int = 0

    def add(self, records: Iterable[WireRecord]) -> None:
        """Add these records."""
        total = self.total
        for owner, rdtype, ttl, rdata in records:
            data = rdata.lower() if rdtype in NAMED_TYPES else rdata
            octets = b"%b%b%b" % (owner, struct.pack("!HIH", rdtype, ttl, len(data)), data)
            total += int.from_bytes(hashlib.blake2b(octets, digest_size=16).digest())
            self.count += 1
        self.total = total % _MODULUS
