"""named.conf: checker_output by BIND's own checker, with the statements that primary and secondary must share."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import dns.name
import dns.zone
import pytest

from appliance.addresses import Endpoint
from appliance.errors import SettingsError
from appliance.keys import new_key
from appliance.nameserver.programs import run
from appliance.render.named_conf import Peer, Primary, RateLimit, Secondary, catalog_zone, named_conf
from tests.pair import program

CATALOG = dns.name.from_text("catalog.example")
KEY = new_key("transfer")
PRIMARY = Primary(
    listen=(Endpoint("127.0.0.1", 5301), Endpoint("::1", 5301)),
    directory="/var/cache/bind",
    catalog=CATALOG,
    catalog_file="/var/lib/bind/catalog.zone",
    control=Endpoint("127.0.0.1", 953),
    control_key=new_key("control"),
    update_key=new_key("update"),
    transfer_key=KEY,
    secondaries=(Peer(Endpoint("127.0.0.1", 5302), KEY), Peer(Endpoint("2001:db8::2", 53), new_key("transfer-ns3"))),
)
SECONDARY = Secondary(
    listen=(Endpoint("127.0.0.1", 5302),),
    directory="/var/cache/bind",
    zone_directory="/var/cache/bind/zones",
    catalog=CATALOG,
    catalog_file="/var/cache/bind/catalog.zone",
    primary=Peer(Endpoint("127.0.0.1", 5301), KEY),
)


def checker_output(folder: Path, configuration: bytes) -> str:
    """Return the output of named-checkconf for a configuration, whose folders are created first."""
    text = configuration.replace(b"/var/", f"{folder}/".encode())
    for name in ("cache/bind/zones", "lib/bind"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return run((program("named-checkconf"), "/dev/stdin"), timeout=20, stdin=text).output


@pytest.mark.parametrize(
    "server",
    [
        PRIMARY,
        SECONDARY,
        dataclasses.replace(PRIMARY, secondaries=(), listen=PRIMARY.listen[1:], update_key=PRIMARY.control_key),
        dataclasses.replace(PRIMARY, log_file="/var/cache/bind/log", max_journal_size="20m"),
        dataclasses.replace(PRIMARY, rate_limit=RateLimit(200, ("127.0.0.0/8", "::1", "192.0.2.7"))),
        dataclasses.replace(SECONDARY, rate_limit=RateLimit(1000)),
        dataclasses.replace(SECONDARY, log_file="/var/cache/bind/log", listen=SECONDARY.listen * 1),
    ],
)
def test_bind_accepts_it_without_warnings(tmp_path: Path, server: Primary | Secondary) -> None:
    assert checker_output(tmp_path, named_conf(server)) == ""


@pytest.mark.parametrize(("release", "expected"), [((9, 18, 49), True), ((9, 20), False), ((), False)])
def test_only_bind_9_18_has_an_alternative_transfer_source(release: tuple[int, ...], expected: bool) -> None:
    text = named_conf(dataclasses.replace(SECONDARY, release=release)).decode()
    assert ("alt-transfer-source * port 5304;" in text) is expected


@pytest.mark.parametrize("server", [PRIMARY, SECONDARY])
@pytest.mark.parametrize(("release", "expected"), [((9, 18, 49), False), ((9, 20), True), ((9, 21, 1), True)])
def test_bind_9_20_does_not_check_service_bindings(
    server: Primary | Secondary, release: tuple[int, ...], expected: bool
) -> None:
    assert ("\tcheck-svcb no;\n" in named_conf(dataclasses.replace(server, release=release)).decode()) is expected


@pytest.mark.parametrize("server", [PRIMARY, SECONDARY])
@pytest.mark.parametrize(
    "statement",
    [
        "recursion no;",
        "version none;",
        "server-id none;",
        "check-names primary ignore;",
        "check-names secondary ignore;",
    ],
)
def test_primary_and_secondary_share_statements(server: Primary | Secondary, statement: str) -> None:
    assert statement in named_conf(server).decode()


def test_transfers_need_a_key_on_both() -> None:
    for server in (PRIMARY, SECONDARY):
        allowed = named_conf(server).decode().split("allow-transfer {")[1].split("}")[0]
        assert all(word.strip().startswith("key ") for word in allowed.split(";") if word.strip())


def test_updates_of_zones_come_from_this_host_with_a_key() -> None:
    other = new_key("update-next")
    text = named_conf(dataclasses.replace(PRIMARY, other_update_keys=(other,))).decode()
    keys = f'key "{PRIMARY.update_key.name}"; key "{other.name}"; '
    assert f"\tallow-update {{ !{{ !127.0.0.1; any; }}; {keys}}};\n" in text
    assert f"\tallow-update {{ {keys}}};\n" in text.split('zone "')[1]


def test_a_key_that_is_used_twice_is_written_once() -> None:
    shared = dataclasses.replace(PRIMARY, update_key=KEY, control_key=KEY)
    assert named_conf(shared).decode().count(f'key "{KEY.name}" {{') == 1


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="same name"):
        named_conf(dataclasses.replace(PRIMARY, update_key=new_key(KEY.name)))


@pytest.mark.parametrize("path", ["relative", '/a"b', "/a;b", "/a{b", "/a\\b", "/a\nb", "/a\0b", "/a*", ""])
@pytest.mark.parametrize("field", ["directory", "catalog_file", "log_file", "zone_directory"])
def test_a_path_that_could_end_its_string_is_refused(field: str, path: str) -> None:
    server = SECONDARY if field == "zone_directory" else PRIMARY
    changes: dict[str, Any] = {field: path}
    with pytest.raises(SettingsError):
        named_conf(dataclasses.replace(server, **changes))


@pytest.mark.parametrize("name", [dns.name.Name((b'a"b', b"")), dns.name.root, dns.name.Name((b"a b", b""))])
def test_a_catalog_name_that_could_end_its_string_is_refused(name: dns.name.Name) -> None:
    with pytest.raises(SettingsError):
        named_conf(dataclasses.replace(PRIMARY, catalog=name))
    with pytest.raises(SettingsError):
        catalog_zone(name, 1)


@pytest.mark.parametrize(("address", "port"), [("127.0.0.1; }", 53), ("localhost", 53), ("::1%lo", 53), ("::1", 0)])
def test_an_endpoint_is_an_ip_address_and_a_port(address: str, port: int) -> None:
    with pytest.raises(SettingsError):
        named_conf(dataclasses.replace(PRIMARY, listen=(Endpoint(address, port),)))
    with pytest.raises(SettingsError):
        named_conf(dataclasses.replace(SECONDARY, primary=Peer(Endpoint(address, port), KEY)))


@pytest.mark.parametrize(
    "limit", [RateLimit(0), RateLimit(1001), RateLimit(5, ("any; }",)), RateLimit(5, ("host.test",))]
)
def test_a_rate_limit_has_bounds_and_networks(limit: RateLimit) -> None:
    with pytest.raises(SettingsError):
        named_conf(dataclasses.replace(PRIMARY, rate_limit=limit))


def test_other_invalid_values_are_refused() -> None:
    invalid: list[dict[str, Any]] = [{"max_journal_size": "1m; x"}, {"listen": ()}]
    for changes in invalid:
        with pytest.raises(SettingsError):
            named_conf(dataclasses.replace(PRIMARY, **changes))
    for serial in (0, 2**32):
        with pytest.raises(SettingsError):
            catalog_zone(CATALOG, serial)


def test_a_new_catalog_is_empty_and_of_version_two() -> None:
    zone = dns.zone.from_text(catalog_zone(CATALOG, 9).decode(), CATALOG, relativize=False)
    assert zone.get_soa().serial == 9
    version = zone.find_rdataset(dns.name.from_text("version", CATALOG), "TXT")
    assert [rdata.to_text() for rdata in version] == ['"2"']


def test_the_repr_shows_no_secret() -> None:
    assert KEY.secret not in repr(PRIMARY)
