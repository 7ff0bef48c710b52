"""Files and folders: each file in the format that it has, and the domain of each zone file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.errors import InvalidValue
from appliance.imports.formats import Options, read_input, read_path
from appliance.imports.zone_text import domain_of
from tests.imports.test_cloudflare import EXPORT
from tests.imports.test_csv_table import TABLE
from tests.imports.test_powerdns import ZONE

SOA = "@ IN SOA ns.old.example. admin.old.example. 7 3600 600 604800 300\n"


@pytest.mark.parametrize(
    ("text", "name", "domain"),
    [
        (f"$ORIGIN example.com.\n{SOA}", "x", "example.com."),
        ("$ORIGIN .\n$TTL 300\nexample.com 300 IN SOA a. b. 1 2 3 4 5\n", "x", "example.com."),
        ("$ORIGIN com.\nexample IN 1h SOA a. b. 1 2 3 4 5\n", "x", "example.com."),
        ("example.com.\t3600\tIN\tSOA\ta. b. 1 2 3 4 5\n$ORIGIN other.test.\n", "x", "example.com."),
        (f"$TTL 1\n{SOA}", "/etc/bind/db.example.com", "example.com"),
        (SOA, "pri.example.com", "example.com"),
        (SOA, "example.com.zone", "example.com"),
        (SOA, "example.com", "example.com"),
    ],
)
def test_the_domain_of_a_zone_file(text: str, name: str, domain: str) -> None:
    assert domain_of(text, name) == domain


@pytest.mark.parametrize("name", ["db.192.0.2", "zone", "standard input", "forward.zone"])
def test_a_domain_that_is_unknown(name: str) -> None:
    with pytest.raises(InvalidValue, match="its domain is unknown"):
        domain_of(SOA, name)


def test_a_folder(tmp_path: Path) -> None:
    files = {
        "a/db.example.org": SOA + "www A 192.0.2.1\n",
        "a/db.example.org.jnl": "",
        "b/db.example.org.signed": SOA,
        "b/Kexample.org.key": "example.org. DNSKEY 1\n",
        ".git/db.example.net": SOA,
        "cf.txt": EXPORT,
        "pdns.json": json.dumps([ZONE, ZONE | {"kind": "Slave"}]),
        "t.csv": TABLE,
        "named.conf": 'zone "a.test" { type master; file "a"; };',
        "notes.txt": "remember the milk\n",
        "nameless": SOA,
        "raw.example": "\0\0\0\2",
        "copy~": SOA,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    source = read_path(tmp_path, Options())
    found = [(one.domain, Path(one.where).name) for one in source.zones]
    assert found == [
        ("example.org", "db.example.org"),
        ("example.com.", "cf.txt"),
        ("example.com.", "pdns.json"),
        ("example.com", "t.csv"),
        ("example.net", "t.csv"),
    ]
    assert [one.load().serial for one in source.zones] == [7, 2050000000, 2026010101, None, None]
    left_out = "db.example.org.jnl db.example.org.signed Kexample.org.key pdns.json named.conf notes.txt copy~"
    assert {Path(one.where.partition(": ")[0]).name for one in source.passed_over} == set(left_out.split())
    assert {Path(one.where).name for one in source.refused} == {"nameless", "raw.example"}


def test_a_file_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("www 300 A 192.0.2.1\n")
    (zone,) = read_path(tmp_path / "x", Options(domain="example.com")).zones
    assert [one.where for one in zone.load().records] == [f"{tmp_path}/x:1"]
    with pytest.raises(InvalidValue, match="use --zone"):
        read_path(tmp_path / "x", Options())
    with pytest.raises(InvalidValue, match="is not JSON"):
        read_path(tmp_path / "x", Options(format="powerdns"))
    with pytest.raises(FileNotFoundError):
        read_path(tmp_path / "missing", Options())


def test_a_configuration_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "main").write_text('zone "example.com" { type master; file "db"; };')
    (tmp_path / "db").write_text(SOA + "www A 192.0.2.1\n")
    (zone,) = read_path(tmp_path / "main", Options()).zones
    assert (zone.domain, zone.where, zone.load().serial) == ("example.com", f"{tmp_path}/db", 7)


def test_the_standard_input() -> None:
    (zone,) = read_input(f"$ORIGIN example.com.\n{SOA}".encode(), Options()).zones
    assert (zone.domain, zone.load().serial) == ("example.com.", 7)
    with pytest.raises(InvalidValue, match="must be a file"):
        read_input(b'zone "a" { type master; };', Options())
