"""Settings that are valid by themselves and not together. Each error names the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.addresses import Endpoint
from appliance.errors import SettingsError
from appliance.zones.ownership import Proof

if TYPE_CHECKING:
    from appliance.settings.sections import Settings


def refuse_conflicts(settings: Settings) -> None:
    """Raise SettingsError for the first settings that contradict each other."""
    _refuse_shared_endpoint(settings)
    _refuse_unprovable(settings)
    _refuse_unknown_servers(settings)


def _refuse_shared_endpoint(settings: Settings) -> None:
    """Raise SettingsError if API or DNS UPDATE listen where one of them, a nameserver or a control channel does."""
    others = {server.endpoint: "dns.nameservers" for server in settings.dns.nameservers}
    others[settings.deployer.control] = "deployer.control"
    for key, listen in (("api.listen", settings.api.listen), ("doors.update", settings.doors.update)):
        if isinstance(listen, Endpoint):
            if listen in others:
                raise SettingsError(f"{key} and {others[listen]} are both {listen}; use another port for one of them")
            others[listen] = key


def _refuse_unprovable(settings: Settings) -> None:
    """Raise SettingsError if proofs of ownership are required and there is no resolver to look for them."""
    proof = settings.ownership.proof
    if proof is not Proof.OFF and settings.dns.resolver is None:
        raise SettingsError(
            f"ownership.proof is {proof}, which needs dns.resolver: set it to address:port of a resolver"
        )


def _refuse_unknown_servers(settings: Settings) -> None:
    """Raise SettingsError if an address is that of no nameserver."""
    known = [server.name for server in settings.dns.nameservers]
    for listed in settings.dns.addresses:
        if listed.name not in known:
            raise SettingsError(f"dns.addresses has {listed}, but dns.nameservers has no {listed.name}")
