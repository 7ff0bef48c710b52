"""The primary's host as the deployer sees it: programs, files, control channel, nameservers, catalog updates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dns.name
from dns.name import Name

from appliance.addresses import LOOPBACK, Endpoint, Nameserver
from appliance.errors import SettingsError
from appliance.keys import Key, KeyFile
from appliance.nameserver.catalog import CatalogUpdates
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.control import Control, RndcProgram, WithFallback
from appliance.nameserver.isccc import RndcConnection
from appliance.nameserver.programs import find_program
from appliance.nameserver.signed_copies import SignedCopies
from appliance.nameserver.update_messages import UpdateMessage, update_messages
from appliance.nameserver.zone_files import ZoneFiles
from appliance.render.zone_file import Apex, apex_of
from appliance.settings import Settings
from appliance.zones.delta import VersionDelta, WireSoa

MessageBuilder = Callable[[Name, WireSoa, int, Sequence[VersionDelta]], list[UpdateMessage]]
"""Returns the messages that lead a zone from a serial through these versions."""


@dataclass(frozen=True, slots=True)
class PrimaryHost:
    """The primary's host. `nameservers` has the primary first; `transfer_key` signs transfers and NOTIFY.

    `copies` verifies signed zones of secondaries; `messages` builds the updates of zones. Keys are read again when
    their files were replaced.
    """

    apex: Apex
    files: ZoneFiles
    checker: ZoneChecker
    control: Control
    catalog: Name
    updates: CatalogUpdates
    nameservers: tuple[Nameserver, ...]
    transfer_key: Key | KeyFile
    update_key: Key | KeyFile
    copies: SignedCopies
    messages: MessageBuilder = update_messages

    @property
    def primary(self) -> Nameserver:
        """Return the nameserver whose files are written."""
        return self.nameservers[0]

    @property
    def local_endpoint(self) -> Endpoint:
        """Return where the primary accepts updates: on loopback, whatever its address for others is."""
        return Endpoint(LOOPBACK, self.primary.endpoint.port)

    @property
    def secondaries(self) -> tuple[Nameserver, ...]:
        """Return the nameservers that transfer zones from the primary."""
        return self.nameservers[1:]


def host_from(settings: Settings) -> PrimaryHost:
    """Return the host that the settings describe; raise SettingsError if a setting is missing."""
    nameservers = settings.dns.nameservers
    if not nameservers:
        raise SettingsError(
            "dns.nameservers is empty; set it to name=address:port of each nameserver, the primary first"
        )
    deployer, primary = settings.deployer, nameservers[0]
    catalog = dns.name.from_text(settings.dns.catalog)
    connection = RndcConnection(deployer.control, KeyFile(deployer.control_key))
    rndc = RndcProgram(find_program(deployer.rndc), deployer.control, str(deployer.control_key))
    return PrimaryHost(
        apex=apex_of(settings.dns),
        files=ZoneFiles(deployer.zone_directory.absolute()),
        checker=ZoneChecker(
            find_program(deployer.named_checkzone), find_program(deployer.named_checkconf), deployer.check_timeout
        ),
        control=Control(WithFallback(connection, rndc)),
        catalog=catalog,
        updates=CatalogUpdates(primary.endpoint, catalog, KeyFile(deployer.update_key)),
        nameservers=nameservers,
        transfer_key=KeyFile(deployer.transfer_key),
        update_key=KeyFile(deployer.update_key),
        copies=SignedCopies(find_program(deployer.dnssec_verify), find_program(deployer.named_compilezone)),
    )
