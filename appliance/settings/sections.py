"""Every setting: its section, key, type, unit and default."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path

from appliance.addresses import Endpoint, LocalSocket, Nameserver, ServerAddress
from appliance.principal import SecondFactorRule
from appliance.settings.values import DomainName, HostNames, Mailbox, Networks
from appliance.zones.ownership import Proof


def setting(default: object, text: str) -> typing.Any:  # noqa: ANN401 - used for a field of any type
    """Return a dataclass field with its default and its description."""
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """[store]: the SQLite file that says what should be served."""

    path: Path = setting(Path("/var/lib/dns-appliance/store.sqlite3"), "the SQLite file")
    busy_timeout: int = setting(5, "seconds to wait for another writer, 1 to 60")
    read_timeout: int = setting(15, "seconds that one query of a request may take, 0 to 600; 0: no limit")


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """[api]: the API and the console."""

    listen: Endpoint | LocalSocket = setting(
        Endpoint("127.0.0.1", 8053), "address and port of API and console, or unix: and the path of a socket"
    )
    processes: int = setting(0, "processes that answer requests, 0 to 8; 0: one for each core, but at most 4")
    threads: int = setting(
        16,
        "threads for requests, 2 to 256, divided among the processes; 32 requests, or half this number, may wait for a "
        "deployment, in threads of their own",
    )
    hosts: HostNames = setting((), "host names of the console, besides localhost and the address it listens on")
    trusted_proxies: Networks = setting((), "addresses or networks of proxies whose X-Forwarded-For is trusted")
    token_rate: int = setting(500, "requests per second with one token, 0 to 1000000; 0: no limit")
    token_burst: int = setting(2000, "requests that a token may send in one burst, 1 to 1000000")
    failure_rate: int = setting(
        20, "failed authentications per second from one address (IPv6: /64), 0 to 1000000; 0: no limit"
    )
    failure_burst: int = setting(200, "failed authentications from one address in one burst, 1 to 1000000")
    account_write_rate: int = setting(
        20, "stored changes per second by one account, each begun 4 KiB counting as one, 0 to 1000000; 0: no limit"
    )
    account_write_burst: int = setting(10_000, "stored changes by one account in one burst, 1 to 1000000")
    zone_write_rate: int = setting(10, "stored changes per second of one zone, 0 to 1000000; 0: no limit")
    zone_write_burst: int = setting(5_000, "stored changes of one zone in one burst, 1 to 1000000")
    request_timeout: int = setting(
        60, "seconds in which a request must arrive, 5 to 3600, and one more for each 16 KiB of its body"
    )
    connections: int = setting(
        1000, "open connections from one address (IPv6: /64), except trusted proxies, 0 to 5000; 0: no limit"
    )


@dataclass(frozen=True, slots=True)
class QuotaSettings:
    """[quotas]: limits for new zones and records. What exists already stays; operators are exempt."""

    zones: int = setting(5_000, "zones of one account, 0 to 1000000; 0: no limit")
    records: int = setting(200_000, "records of one zone, 0 to 10000000; 0: no limit")


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """[identity]: accounts and their credentials."""

    require_second_factor: SecondFactorRule = setting(
        SecondFactorRule.OFF,
        "who must set up a second factor before they may use the console: off, operators or all; tokens need none",
    )


@dataclass(frozen=True, slots=True)
class OwnershipSettings:
    """[ownership]: who may publish a zone. Zones of operators need no proof."""

    proof: Proof = setting(
        Proof.OFF,
        "new zones that are held until a TXT record or an operator releases them: off, delegated (domains that are "
        "delegated to dns.nameservers already) or always; needs dns.resolver",
    )


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """[journal]: the history of every zone."""

    keep: timedelta = setting(
        timedelta(days=730),
        "how long the content of versions is kept, 1d or more; 0: for ever. Who changed what and when stays",
    )


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """[dns]: the nameservers, the SOA record and the TTLs of every zone."""

    nameservers: tuple[Nameserver, ...] = setting((), "name=address:port of each nameserver, the primary first")
    addresses: tuple[ServerAddress, ...] = setting(
        (),
        "name=address of each address that a zone with the name of a nameserver publishes for it; a nameserver that is "
        "not listed has its address of dns.nameservers",
    )
    catalog: DomainName = setting("catalog.invalid", "name of the catalog zone")
    rname: Mailbox = setting(
        "hostmaster.invalid", "mailbox in the SOA record: an email, or the same with its @ written as a dot"
    )
    refresh: int = setting(3600, "SOA refresh, seconds")
    retry: int = setting(300, "SOA retry, seconds")
    expire: int = setting(2419200, "SOA expire, seconds; two weeks or more (RFC 1912 section 2.2)")
    minimum: int = setting(300, "SOA minimum, seconds that a negative answer may be cached (RFC 2308)")
    apex_ttl: int = setting(3600, "TTL of the SOA record and the apex NS rrset, seconds")
    default_ttl: int = setting(3600, "default TTL of a new zone's records, seconds")
    rate_limit: int = setting(
        200,
        "equal UDP answers a second to one network (/24 or /56), 0 to 1000; more are truncated or dropped; 0: no limit",
    )
    rate_limit_exempt: Networks = setting(
        (), "addresses or networks without that limit, besides loopback and the nameservers"
    )
    resolver: Endpoint | None = setting(
        None, "address:port of a resolver, to look up delegations, proofs of ownership and DS records; empty: none"
    )


@dataclass(frozen=True, slots=True)
class DoorsSettings:
    """[doors]: other protocols on the same zones, with the same tokens. One that is off answers 404."""

    powerdns: bool = setting(True, "the PowerDNS API below /api/v1/servers: true or false")
    httpreq: bool = setting(True, "lego's httpreq below /httpreq: true or false")
    dyndns2: bool = setting(True, "dyndns2 at /nic/update: true or false")
    acme_dns: bool = setting(True, "acme-dns below /acme-dns: true or false")
    external_dns: bool = setting(True, "the webhook of external-dns below /external-dns: true or false")
    update: Endpoint | None = setting(
        None, "address:port for DNS UPDATE and zone transfers, over UDP and TCP; empty: none"
    )


@dataclass(frozen=True, slots=True)
class DeployerSettings:
    """[deployer]: the process that deploys the zones to the nameservers."""

    socket: Path = setting(Path("/run/dns-appliance/deployer.sock"), "datagram socket that is notified of a change")
    zone_directory: Path = setting(Path("/var/lib/bind/dns-appliance"), "folder of the zone files")
    control: Endpoint = setting(Endpoint("127.0.0.1", 953), "control channel of the primary's named")
    control_key: Path = setting(Path("/etc/dns-appliance/rndc.key"), "key of the control channel")
    transfer_key: Path = setting(Path("/etc/dns-appliance/transfer.key"), "TSIG key of transfers and NOTIFY")
    update_key: Path = setting(Path("/etc/dns-appliance/update.key"), "TSIG key of updates of the catalog and of zones")
    named_checkzone: str = setting("named-checkzone", "program")
    named_checkconf: str = setting("named-checkconf", "program")
    named_compilezone: str = setting("named-compilezone", "program")
    dnssec_verify: str = setting("dnssec-verify", "program")
    rndc: str = setting("rndc", "program, used if the persistent control connection fails")
    check_timeout: int = setting(10, "timeout of a check in seconds, 1 to 600")
    quiet_time: int = setting(50, "milliseconds between two deployments of one zone, 0 to 10000")
    poll_interval: int = setting(1000, "milliseconds between two polls of the store, 10 to 60000")
    reconcile_interval: int = setting(30, "seconds between two reconciliations, 1 to 3600")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, and the source of each that is not a default."""

    store: StoreSettings = StoreSettings()
    api: ApiSettings = ApiSettings()
    quotas: QuotaSettings = QuotaSettings()
    journal: JournalSettings = JournalSettings()
    identity: IdentitySettings = IdentitySettings()
    ownership: OwnershipSettings = OwnershipSettings()
    dns: DnsSettings = DnsSettings()
    doors: DoorsSettings = DoorsSettings()
    deployer: DeployerSettings = DeployerSettings()
    sources: Mapping[str, str] = field(default_factory=dict)


SECTIONS: Mapping[str, type] = {
    "store": StoreSettings,
    "api": ApiSettings,
    "quotas": QuotaSettings,
    "journal": JournalSettings,
    "identity": IdentitySettings,
    "ownership": OwnershipSettings,
    "dns": DnsSettings,
    "doors": DoorsSettings,
    "deployer": DeployerSettings,
}


def known_keys() -> tuple[str, ...]:
    """Return every key as `section.key`."""
    return tuple(f"{name}.{one.name}" for name, section in SECTIONS.items() for one in fields(section))
