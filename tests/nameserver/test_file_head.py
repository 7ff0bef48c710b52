"""The head of a zone file: its zone and serial, and whether the appliance or named wrote it."""

from __future__ import annotations

import dns.name
import pytest

from appliance.nameserver.file_head import HEAD_SIZE, FileHead, read_head
from appliance.render.named_conf import catalog_zone
from tests.pair import small_zone

ZONE = dns.name.from_text("example.com")
BY_NAMED = b"""$ORIGIN .
$TTL 300\t; 5 minutes
example.com\t\tIN SOA\tns1.appliance.test. hostmaster.appliance.test. (
\t\t\t\t4294967295 ; serial
\t\t\t\t3600       ; refresh (1 hour)
"""


def test_a_file_of_the_appliance() -> None:
    assert read_head(small_zone(ZONE, 7)) == FileHead(ZONE, 7, by_named=False)


def test_a_file_of_named() -> None:
    assert read_head(BY_NAMED) == FileHead(ZONE, 2**32 - 1, by_named=True)


def test_an_owner_relative_to_another_origin() -> None:
    content = BY_NAMED.replace(b"$ORIGIN .", b"$ORIGIN com.").replace(b"example.com\t", b"example\t")
    assert read_head(content) == FileHead(ZONE, 2**32 - 1, by_named=True)


def test_a_catalog() -> None:
    assert read_head(catalog_zone(ZONE, 5)) == FileHead(ZONE, 5, by_named=False)


def test_the_longest_names_fit() -> None:
    longest = dns.name.Name((*(b"\xff" * size for size in (63, 63, 63, 61)), b""))
    names = f"{longest} {longest}"
    content = f"$ORIGIN .\n$TTL 2147483647 ; 3550 weeks\n{longest} 2147483647 IN SOA {names} (\n\t1 ; serial".encode()
    assert read_head(content[:HEAD_SIZE]) == FileHead(longest, 1, by_named=True)


@pytest.mark.parametrize(
    "content", [b"", b"broken", b"example.com. IN A 192.0.2.1\n", b"..com. IN SOA a. b. 1", b"\xff. IN SOA a. b. 1"]
)
def test_a_file_without_a_zone_has_none(content: bytes) -> None:
    assert read_head(content) is None
