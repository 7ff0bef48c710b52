"""named.conf of a primary and of a secondary, and a new catalog zone, for BIND 9.18 and 9.20.

Every value is checked before it goes into a template, so that none can end a string or begin a statement. This module
must not know where the results are stored.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import ClassVar

from dns.name import Name
from jinja2 import Template

from appliance.addresses import Endpoint
from appliance.errors import SettingsError
from appliance.keys import Key
from appliance.render.templates import ENVIRONMENT
from appliance.zones.bind_checks import statements_off
from appliance.zones.signing import POLICY

_PATH = re.compile(r"/[^\x00-\x1f\x7f\"';{}\\*?]*", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_/-]+(\.[A-Za-z0-9_/-]+)*\.")
MOST_PER_SECOND = 1000
"""The highest rate that BIND accepts."""
_MAX_SERIAL = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Peer:
    """Another nameserver, and the TSIG key shared with it."""

    endpoint: Endpoint
    key: Key


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `per_second` equal answers by UDP to a network, but for the `exempt` addresses and networks."""

    per_second: int
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Primary:
    """A primary: its zones are added by `addzone`, its catalog is changed by signed updates, secondaries transfer both.

    `transfer_key` may transfer the catalog, even if no secondary uses it. `other_control_keys`, `other_update_keys` and
    `other_transfer_keys` are accepted too, and not used. named must be able to write `directory` and the folder of
    `catalog_file`. `log_file` None means stderr. `release` is the release of BIND, empty if it is unknown: then the
    configuration has only what every release accepts.
    """

    template: ClassVar[str] = "primary.conf.j2"
    listen: tuple[Endpoint, ...]
    directory: str
    catalog: Name
    catalog_file: str
    control: Endpoint
    control_key: Key
    update_key: Key
    transfer_key: Key
    secondaries: tuple[Peer, ...] = ()
    other_control_keys: tuple[Key, ...] = ()
    other_update_keys: tuple[Key, ...] = ()
    other_transfer_keys: tuple[Key, ...] = ()
    log_file: str | None = None
    max_journal_size: str = "default"
    release: tuple[int, ...] = ()
    rate_limit: RateLimit | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return each key once."""
        return _distinct(*self.control_keys, *self.readers)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return every endpoint that the configuration names."""
        return (*self.listen, self.control, *(peer.endpoint for peer in self.secondaries))

    @property
    def readers(self) -> tuple[Key, ...]:
        """Return the keys that may transfer zones."""
        return _distinct(
            *self.update_keys, self.transfer_key, *self.other_transfer_keys, *(peer.key for peer in self.secondaries)
        )

    @property
    def control_keys(self) -> tuple[Key, ...]:
        """Return the keys of the control channel."""
        return _distinct(self.control_key, *self.other_control_keys)

    @property
    def update_keys(self) -> tuple[Key, ...]:
        """Return the keys that may update the catalog."""
        return _distinct(self.update_key, *self.other_update_keys)


@dataclass(frozen=True, slots=True)
class Secondary:
    """A secondary: it serves the members of its primary's catalog; it has no control channel.

    named must be able to write `directory` and `zone_directory`. `log_file` None means stderr. `release` is the release
    of BIND, empty if it is unknown. `other_keys` are accepted besides that of the primary, and not used.
    """

    template: ClassVar[str] = "secondary.conf.j2"
    listen: tuple[Endpoint, ...]
    directory: str
    zone_directory: str
    catalog: Name
    catalog_file: str
    primary: Peer
    other_keys: tuple[Key, ...] = ()
    log_file: str | None = None
    max_journal_size: str = "default"
    release: tuple[int, ...] = ()
    rate_limit: RateLimit | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return the keys shared with the primary, first the one in use."""
        return _distinct(self.primary.key, *self.other_keys)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return every endpoint that the configuration names."""
        return (*self.listen, self.primary.endpoint)

    @property
    def alternative_port(self) -> int:
        """Return the UDP port of the alternative transfer source; DNS UPDATE may have the one before it."""
        return self.listen[0].port + 2


def named_conf(server: Primary | Secondary) -> bytes:
    """Return the configuration of one named; raise SettingsError for a value that is not allowed in it."""
    _check(server)
    return (
        _template(server.template)
        .render(
            server=server,
            checks_off=statements_off(server.release),
            catalog=server.catalog.to_text(omit_final_dot=True),
            policy=POLICY,
            listen=[one for one in server.listen if _version(one) == 4],
            listen_v6=[one for one in server.listen if _version(one) == 6],
        )
        .encode("utf-8")
    )


def catalog_zone(catalog: Name, serial: int) -> bytes:
    """Return a catalog zone without members, version 2 (RFC 9432 section 4.2), for a primary without one."""
    if not 0 < serial <= _MAX_SERIAL:
        raise SettingsError(f"the serial {serial} must be 1 to {_MAX_SERIAL}")
    return _template("catalog.zone.j2").render(catalog=_catalog_text(catalog), serial=serial).encode("ascii")


def _check(server: Primary | Secondary) -> None:
    _catalog_text(server.catalog)
    paths = [server.directory, server.catalog_file, server.log_file]
    if isinstance(server, Secondary):
        paths.append(server.zone_directory)
    for path in paths:
        if path is not None and not _PATH.fullmatch(path):
            raise SettingsError(f"{path!r} is not an absolute path of characters that are allowed in named.conf")
    if not re.fullmatch(r"default|unlimited|[0-9]+[kKmMgG]?", server.max_journal_size):
        raise SettingsError(
            f"{server.max_journal_size!r} is not a journal size: use default, unlimited or a number with k, m or g"
        )
    if server.rate_limit:
        _check_rate_limit(server.rate_limit)
    if not server.listen:
        raise SettingsError("a nameserver needs at least one address to listen on")
    for endpoint in server.endpoints:
        _check_endpoint(endpoint)
    if len({key.name for key in server.keys}) != len(server.keys):
        raise SettingsError("two different keys have the same name")


def _check_rate_limit(limit: RateLimit) -> None:
    if not 1 <= limit.per_second <= MOST_PER_SECOND:
        raise SettingsError(f"the rate limit {limit.per_second} must be 1 to {MOST_PER_SECOND}")
    for network in limit.exempt:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise SettingsError(f"{network!r} is not an address or a network, such as 192.0.2.0/24") from None


def _check_endpoint(endpoint: Endpoint) -> None:
    try:
        address = ipaddress.ip_address(endpoint.host)
    except ValueError:
        raise SettingsError(f"{endpoint.host!r} is not an IP address") from None
    if "%" in endpoint.host or address.is_unspecified or not 1 <= endpoint.port <= 65535:
        raise SettingsError(
            f"{str(endpoint)!r} is not an endpoint for named.conf: it needs an address that is neither unspecified nor "
            "has a zone index, and a port from 1 to 65535"
        )


def _version(endpoint: Endpoint) -> int:
    """Return the IP version, 4 or 6."""
    return ipaddress.ip_address(endpoint.host).version


def _catalog_text(catalog: Name) -> str:
    text = catalog.to_text()
    if not _NAME.fullmatch(text):
        raise SettingsError(
            f"{text!r} is not a valid name for a catalog zone: use letters, digits, hyphens and underscores"
        )
    return text


def _distinct(*keys: Key) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(keys))


def _template(name: str) -> Template:
    return ENVIRONMENT.get_template(name)
