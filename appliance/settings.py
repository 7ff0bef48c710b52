"""The settings: one TOML file, an environment twin for each key, and defaults; frozen once read.

    [section] key = value         DNS_APPLIANCE_<SECTION>_<KEY>=value

The environment wins over the file, the file over the default. An unknown key is an error that names the
nearest known one. Every key, its unit and its default stand in the classes below, and nowhere else.
"""

from __future__ import annotations

import difflib
import tomllib
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from appliance.addresses import (
    Endpoint,
    LocalSocket,
    Nameserver,
    parse_endpoint,
    parse_listen_address,
    parse_nameserver,
)
from appliance.errors import SettingsError

DEFAULT_FILE = Path("/etc/dns-appliance/config.toml")
CONFIG_IN_STATE = "config.toml"
"""Name of the settings file in the state folder of an embedded appliance."""
STORE_IN_STATE = Path("store/store.sqlite3")
"""Where the store is in it."""
ENVIRONMENT_PREFIX = "DNS_APPLIANCE_"


def setting(default: object, text: str) -> typing.Any:  # noqa: ANN401 - stands in for a field of any type
    """A dataclass field with its explanation."""
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """[store]: the SQLite file that says what should be served."""

    path: Path = setting(Path("/var/lib/dns-appliance/store.sqlite3"), "the SQLite file")
    busy_timeout: int = setting(5, "seconds to wait for another writer, 1 to 60")


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """[api]: the web process."""

    listen: Endpoint | LocalSocket = setting(
        Endpoint("127.0.0.1", 8053), "address and port of API and console, or unix: and the path of a socket"
    )
    threads: int = setting(16, "requests at the same time, 2 to 256; half of them may wait for a deployment")
    hosts: tuple[str, ...] = setting((), "names of the console, besides localhost and the address that it listens on")
    trusted_proxies: tuple[str, ...] = setting((), "addresses of proxies whose X-Forwarded-For is believed")
    token_rate: int = setting(500, "requests per second of one token, 0 to 1000000; 0: no limit")
    token_burst: int = setting(2000, "requests that a token which has rested may make at once, 1 to 1000000")
    failure_rate: int = setting(
        20, "failed authentications per second of one address (IPv6: /64), 0 to 1000000; 0: no limit"
    )
    failure_burst: int = setting(200, "failed authentications that a rested address may make at once, 1 to 1000000")


@dataclass(frozen=True, slots=True)
class QuotaSettings:
    """[quotas]: how much there may be; what is there already stays, and operators are not held to it."""

    zones: int = setting(0, "zones of one account, 0 to 1000000; 0: no limit")
    records: int = setting(0, "records of one zone, 0 to 10000000; 0: no limit")


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """[dns]: what every zone is published with."""

    nameservers: tuple[Nameserver, ...] = setting((), "name=address:port of each nameserver, the primary first")
    catalog: str = setting("catalog.invalid", "name of the catalog zone")
    rname: str = setting("hostmaster.invalid", "mailbox in the SOA record, its @ written as a dot")
    refresh: int = setting(3600, "SOA refresh, seconds")
    retry: int = setting(300, "SOA retry, seconds")
    expire: int = setting(2419200, "SOA expire, seconds; two weeks or more (RFC 1912 section 2.2)")
    minimum: int = setting(300, "SOA minimum, seconds that a negative answer is kept (RFC 2308)")
    apex_ttl: int = setting(3600, "TTL of SOA and apex NS set, seconds")
    default_ttl: int = setting(3600, "TTL of a new zone's records where none is named, seconds")
    resolver: Endpoint | None = setting(
        None, "address:port of a resolver, asked what parents say of zones; empty: none"
    )


@dataclass(frozen=True, slots=True)
class DeployerSettings:
    """[deployer]: the process that makes it so."""

    socket: Path = setting(Path("/run/dns-appliance/deployer.sock"), "datagram socket on which a change is told")
    zone_directory: Path = setting(Path("/var/lib/bind/dns-appliance"), "folder of the zone files")
    control: Endpoint = setting(Endpoint("127.0.0.1", 953), "control channel of the primary's named")
    control_key: Path = setting(Path("/etc/dns-appliance/rndc.key"), "key of the control channel")
    transfer_key: Path = setting(Path("/etc/dns-appliance/transfer.key"), "TSIG key of transfers and secondaries")
    update_key: Path = setting(Path("/etc/dns-appliance/update.key"), "TSIG key of updates of the catalog")
    named_checkzone: str = setting("named-checkzone", "program")
    named_checkconf: str = setting("named-checkconf", "program")
    rndc: str = setting("rndc", "program, used where the kept control connection fails")
    check_timeout: int = setting(10, "seconds that a check may take, 1 to 600")
    quiet_time: int = setting(50, "milliseconds between two deployments of one zone, 0 to 10000")
    poll_interval: int = setting(1000, "milliseconds between two looks at the store without a notice, 10 to 60000")
    reconcile_interval: int = setting(30, "seconds between two comparisons of everything, 1 to 3600")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, and where each that is not a default came from."""

    store: StoreSettings = StoreSettings()
    api: ApiSettings = ApiSettings()
    quotas: QuotaSettings = QuotaSettings()
    dns: DnsSettings = DnsSettings()
    deployer: DeployerSettings = DeployerSettings()
    sources: Mapping[str, str] = field(default_factory=dict)


SECTIONS: Mapping[str, type] = {
    "store": StoreSettings,
    "api": ApiSettings,
    "quotas": QuotaSettings,
    "dns": DnsSettings,
    "deployer": DeployerSettings,
}
_RANGES: Mapping[str, tuple[int, int]] = {
    "store.busy_timeout": (1, 60),
    "api.threads": (2, 256),
    "api.token_rate": (0, 1_000_000),
    "api.token_burst": (1, 1_000_000),
    "api.failure_rate": (0, 1_000_000),
    "api.failure_burst": (1, 1_000_000),
    "quotas.zones": (0, 1_000_000),
    "quotas.records": (0, 10_000_000),
    "dns.default_ttl": (0, 2**31 - 1),
    "dns.apex_ttl": (0, 2**31 - 1),
    "deployer.check_timeout": (1, 600),
    "deployer.quiet_time": (0, 10_000),
    "deployer.poll_interval": (10, 60_000),
    "deployer.reconcile_interval": (1, 3600),
}


def read_settings(file: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings from that file (None: defaults) and the environment; SettingsError names the key at fault."""
    given = _from_file(file) if file else {}
    given |= _from_environment(environment)
    sections: dict[str, typing.Any] = {}
    for name, section in SECTIONS.items():
        hints = typing.get_type_hints(section)
        values = {
            key: _read_value(f"{name}.{key}", hints[key], given[f"{name}.{key}"].value)
            for key in hints
            if f"{name}.{key}" in given
        }
        sections[name] = section(**values)
    return Settings(**sections, sources={key: one.source for key, one in given.items()})


def print_value(value: object) -> str:
    """A setting as it is written in the environment."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class _Given:
    value: object
    source: str


def known_keys() -> tuple[str, ...]:
    """Every key as `section.key`."""
    return tuple(f"{name}.{one.name}" for name, section in SECTIONS.items() for one in fields(section))


def _from_file(file: Path) -> dict[str, _Given]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as refused:
        raise SettingsError(f"{file}: {refused}") from None
    except tomllib.TOMLDecodeError as refused:
        raise SettingsError(f"{file} is not TOML: {refused}") from None
    given = {}
    for name, section in document.items():
        if not isinstance(section, dict):
            raise SettingsError(f"{file}: {name} stands outside a section")
        for key, value in section.items():
            given[_known(f"{name}.{key}", str(file))] = _Given(value, str(file))
    return given


def _from_environment(environment: Mapping[str, str]) -> dict[str, _Given]:
    twins = {f"{ENVIRONMENT_PREFIX}{key.replace('.', '_').upper()}": key for key in known_keys()}
    given = {}
    for variable, value in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX):
            if variable not in twins:
                raise SettingsError(f"the environment sets {variable}, which is unknown{_nearest(variable, twins)}")
            given[twins[variable]] = _Given(value, variable)
    return given


def _known(key: str, source: str) -> str:
    if key not in known_keys():
        raise SettingsError(f"{source}: {key} is unknown{_nearest(key, known_keys())}")
    return key


def _nearest(key: str, known: typing.Iterable[str]) -> str:
    near = difflib.get_close_matches(key, tuple(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def _read_value(key: str, kind: object, value: object) -> object:
    try:
        result = _READERS[kind](value)
    except (ValueError, TypeError):
        raise SettingsError(f"{key} is {value!r}, which is not {_EXPECTED[kind]}") from None
    low, high = _RANGES.get(key, (0, 2**31 - 1))
    if isinstance(result, int) and not low <= result <= high:
        raise SettingsError(f"{key} is {result}; it must be {low} to {high}")
    return result


def _read_int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(value)
    return int(value)


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _read_list(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(map(_read_text, value))


_READERS: Mapping[object, Callable[[object], object]] = {
    int: _read_int,
    str: _read_text,
    Path: lambda value: Path(_read_text(value)),
    Endpoint: lambda value: parse_endpoint(_read_text(value)),
    Endpoint | LocalSocket: lambda value: parse_listen_address(_read_text(value)),
    Endpoint | None: lambda value: None if value == "" else parse_endpoint(_read_text(value)),
    tuple[str, ...]: _read_list,
    tuple[Nameserver, ...]: lambda value: tuple(map(parse_nameserver, _read_list(value))),
}
_EXPECTED: Mapping[object, str] = {
    int: "a whole number",
    str: "a text",
    Path: "a path",
    Endpoint: "address:port, such as 127.0.0.1:8053",
    Endpoint | LocalSocket: (
        "address:port, such as 127.0.0.1:8053, or unix: and the whole path of a socket, of 107 octets at most, "
        "such as unix:/run/dns-appliance-api/api.sock"
    ),
    Endpoint | None: "address:port, such as 192.0.2.53:53, or empty",
    tuple[str, ...]: "a list of texts",
    tuple[Nameserver, ...]: "a list of name=address:port, such as ns1.example.net=192.0.2.1:53",
}
