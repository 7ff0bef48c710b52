"""Find what keeps the deployer from changing the nameservers at all: keys that one of them refuses."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.errors import CommandError, CommandTimeout
from appliance.keys import Key, KeyFile
from appliance.nameserver.catalog import check_key
from appliance.store.faults import Fault

REMEDY = (
    "dns-appliance host named-conf {name} prints the right configuration: compare its keys with /etc/bind/named.conf "
    "there (the playbook installs it) and reload named"
)


def find_faults(host: PrimaryHost, answering: Collection[Nameserver]) -> list[Fault]:
    """Return the keys that these nameservers refuse; a silent one has a fault of another kind."""
    return [fault for server in host.nameservers if server in answering for fault in _faults_of(server, host)]


def _faults_of(server: Nameserver, host: PrimaryHost) -> Iterator[Fault]:
    yield from _refusal(server, host, "transfer", host.transfer_key)
    if server == host.primary:
        yield from _refusal(server, host, "update", host.update_key)
        try:
            host.control.show_zone(host.catalog)
        except CommandError as refused:
            yield _fault(server, "control", refused)


def _refusal(server: Nameserver, host: PrimaryHost, name: str, key: Key | KeyFile) -> Iterator[Fault]:
    try:
        check_key(server.endpoint, host.catalog, key)
    except CommandTimeout:
        return
    except CommandError as refused:
        yield _fault(server, name, refused)


def _fault(server: Nameserver, name: str, refused: CommandError) -> Fault:
    text = f"{server.name} refuses the {name} key: {refused.detail}"
    return Fault(f"{name} key of {server.name}", text, REMEDY.format(name=server.name))
