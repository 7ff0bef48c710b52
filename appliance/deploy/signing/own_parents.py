"""Keep the DS of zones whose parent zone is on this appliance: it is changed there, and seen at every nameserver."""

from __future__ import annotations

import logging
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.addresses import Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.editing import Editor
from appliance.queries.delegation_signer import check_servers
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.own_delegation import ds_to_delegate, is_delegated
from appliance.zones.signing import ParentCheck, Signing
from appliance.zones.zone_cuts import ParentZone

log = logging.getLogger(__name__)

CheckParent = Callable[[Zone, datetime], ParentCheck | None]
"""Returns what the nameservers of the parent zone answer, as a resolver knows them; None if no resolver is set."""


@dataclass(frozen=True, slots=True)
class OwnParents:
    """Changes and checks the DS records of zones that the appliance delegates itself."""

    host: PrimaryHost
    editor: Editor
    check_world: CheckParent

    def delegate(self, zone: Zone, known: Signing, now: datetime) -> bool:
        """Change the DS records of the delegation if it is to have others now; return True if it was changed."""
        wanted = ds_to_delegate(known, zone.name, now)
        if wanted == known.delegated or not self.editor.delegate_ds(zone.uuid):
            return False
        tags = ",".join(str(one.key_tag) for one in sorted(wanted))
        log.info("event=ds-delegated zone=%s key=%s", print_domain(zone.name), tags)
        return True

    def check(self, zone: Zone, above: ParentZone, now: datetime, silent: Set[Nameserver] = frozenset()) -> ParentCheck:
        """Return what all nameservers of the appliance answer for the DS of a zone that is delegated `above`.

        Before it counts as gone, the parent zone is checked as the world finds it: that may be another one, with a DS
        that a user entered. No answer means that it is this one. While nameservers are known to be `silent`, none is
        queried: without their answers nothing follows from those of the others.
        """
        servers, name = self.host.nameservers, print_domain(above.name)
        if silent:
            shown = ", ".join(sorted(server.name.rstrip(".") for server in silent))
            return ParentCheck(name, now, problem=f"{shown} did not answer", own=above.uuid)
        check = replace(check_servers(zone.name, name, servers, now), own=above.uuid)
        if zone.dnssec or check.anywhere:
            return check
        world = self.check_world(zone, now)
        if world is None or not world.anywhere:
            return check
        problem = f"{world.name}, as resolvers find it, has a DS that is not of this appliance: remove it there"
        return replace(check, ds=None, anywhere=world.anywhere, ttl=world.ttl, problem=problem)


def is_awaited(known: Signing) -> bool:
    """Return True if not every nameserver is known to serve the present DS records of the delegation."""
    if known.own_parent is None or not known.is_signed:
        return False
    return known.parent is None or not is_delegated(known, known.parent)
