"""The named.conf of each nameserver in the settings: the first is the primary, the others are secondaries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dns.name

from appliance.addresses import Endpoint, Nameserver
from appliance.errors import SettingsError
from appliance.keys import read_key
from appliance.provision.bootstrap import catalog_file
from appliance.provision.rotation import other_keys
from appliance.render.named_conf import Peer, Primary, RateLimit, Secondary, named_conf
from appliance.settings import Settings

DIRECTORY = Path("/var/cache/bind")
"""The working directory of Debian's named."""
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1")
LOOPBACK = ("127.0.0.1", "::1")
"""Addresses on which a nameserver also listens, for queries of its own host."""


def configuration(
    settings: Settings, name: str, directory: Path, zones: Path, release: tuple[int, ...], listen: Sequence[str] = ()
) -> bytes:
    """Return the named.conf of a nameserver, for that release of BIND; raise SettingsError if a key is missing.

    `directory` and `zones` must be writable for named. `listen`: addresses, by default its own and loopback, with
    the port of the settings. The primary always listens on 127.0.0.1 too, where it accepts updates. `zones` is ignored
    for it: its zone directory is in the settings.
    """
    server = server_of(settings, name)
    hosts, port = tuple(listen or (server.endpoint.host, *LOOPBACK)), server.endpoint.port
    if server == settings.dns.nameservers[0]:
        return named_conf(_primary(settings, _endpoints((*hosts, *LOOPBACK[:1]), port), directory, release))
    return named_conf(_secondary(settings, _endpoints(hosts, port), directory, zones, release))


def _endpoints(hosts: Sequence[str], port: int) -> tuple[Endpoint, ...]:
    return tuple(dict.fromkeys(Endpoint(host, port) for host in hosts))


def server_of(settings: Settings, name: str) -> Nameserver:
    """Return the nameserver of that name; raise SettingsError, with all names, if there is none."""
    normalized = name.removesuffix(".").lower()
    for server in settings.dns.nameservers:
        if server.name == normalized:
            return server
    known = ", ".join(server.name for server in settings.dns.nameservers) or "none"
    raise SettingsError(f"{name} is not in dns.nameservers, which has {known}")


def _primary(settings: Settings, listen: tuple[Endpoint, ...], directory: Path, release: tuple[int, ...]) -> Primary:
    deployer = settings.deployer
    transfer = read_key(deployer.transfer_key)
    return Primary(
        listen=listen,
        directory=str(directory),
        catalog=dns.name.from_text(settings.dns.catalog),
        catalog_file=str(catalog_file(deployer.zone_directory)),
        control=deployer.control,
        control_key=read_key(deployer.control_key),
        update_key=read_key(deployer.update_key),
        transfer_key=transfer,
        rate_limit=_rate_limit(settings),
        other_control_keys=other_keys(deployer.control_key),
        other_update_keys=other_keys(deployer.update_key),
        other_transfer_keys=other_keys(deployer.transfer_key),
        secondaries=tuple(Peer(server.endpoint, transfer) for server in settings.dns.nameservers[1:]),
        release=release,
    )


def _secondary(
    settings: Settings, listen: tuple[Endpoint, ...], directory: Path, zones: Path, release: tuple[int, ...]
) -> Secondary:
    return Secondary(
        listen=listen,
        directory=str(directory),
        zone_directory=str(zones),
        catalog=dns.name.from_text(settings.dns.catalog),
        catalog_file=str(zones / "catalog.db"),
        primary=Peer(settings.dns.nameservers[0].endpoint, read_key(settings.deployer.transfer_key)),
        other_keys=other_keys(settings.deployer.transfer_key),
        rate_limit=_rate_limit(settings),
        release=release,
    )


def _rate_limit(settings: Settings) -> RateLimit | None:
    """Return the limit of responses; loopback and the nameservers themselves are exempt."""
    if not settings.dns.rate_limit:
        return None
    own = (server.endpoint.host for server in settings.dns.nameservers)
    exempt = dict.fromkeys((*LOOPBACK_NETWORKS, *own, *settings.dns.rate_limit_exempt))
    return RateLimit(settings.dns.rate_limit, tuple(exempt))
