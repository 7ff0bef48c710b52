"""Watch what nameservers serve of signed zones, in a thread of its own."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.errors import CommandError, CommandFailed
from appliance.nameserver.signed_copies import copy_lines
from appliance.queries.transfer_connection import TransferConnection
from appliance.queries.wire_transfer import transfer_records
from appliance.queries.zone_signatures import query_signatures
from appliance.zones.delta import WireRecord
from appliance.zones.signing import ServedSigning
from tests.deploy.signing.signer import Signer
from tests.repetition import repeated


def transferred(signer: Signer, server: Nameserver, name: Name) -> list[WireRecord]:
    """Return the records of the zone that a nameserver has."""
    key = signer.host.transfer_key
    with closing(TransferConnection(server.endpoint, key, partial(datetime.now, UTC))) as connection:
        return list(transfer_records(connection, name))


@dataclass
class Watcher:
    """Queries every nameserver again and again, and notes what must not be: `faults`.

    That is a zone of a secondary which it does not answer, and at any nameserver one that is unsigned, lacks the keys
    of the zone, or has a signature that is not valid: each version is transferred, and verified as a whole. Of a zone
    of ns1 this counts from `detect` on; that it does not answer is no fault.
    """

    signers: list[Signer]
    folder: Path
    faults: list[str] = field(default_factory=list)
    answers: int = 0
    verified: int = 0
    _detected: set[Name] = field(default_factory=set)
    _verdicts: dict[tuple[Nameserver, Name, ServedSigning], str] = field(default_factory=dict)

    def detect(self, *names: Name) -> None:
        """From now on ns1 must not answer these zones unless they are valid."""
        self._detected.update(names)

    def running(self) -> AbstractContextManager[None]:
        """Query in a thread while the block runs."""
        wanted = [(one, one.zone.name, frozenset(key.tag for key in one.known.keys)) for one in self.signers]

        def watch() -> None:
            for one, name, tags in wanted:
                for server in one.host.nameservers:
                    counts = server != one.host.primary or name in self._detected
                    if (fault := self._fault(one, server, name, tags)) and counts:
                        self.faults.append(f"{server.name} {name}: {fault}")

        return repeated(watch)

    def _fault(self, signer: Signer, server: Nameserver, name: Name, tags: frozenset[int]) -> str:
        """Return what is wrong with what the nameserver serves now; "" if nothing is."""
        is_primary = server == signer.host.primary
        served = query_signatures(server, name).signing
        if served is not None and served.key_tags != tags and is_primary:  # it was removed between the two queries
            served = query_signatures(server, name).signing
        if served is None:
            return "" if is_primary else "no answer"
        self.answers += 1
        if served.expires_at is None or served.key_tags != tags:
            return str(served)
        if (server, name, served) not in self._verdicts:
            self._verdicts[server, name, served] = self._verify(signer, server, name)
        return self._verdicts[server, name, served]

    def _verify(self, signer: Signer, server: Nameserver, name: Name) -> str:
        copy = self.folder / "watched"
        try:
            copy.write_bytes(b"".join(copy_lines(transferred(signer, server, name))))
        except CommandError:
            return ""  # it serves the zone no longer
        self.verified += 1
        try:
            signer.host.copies.verify(name, copy)
        except CommandFailed as failed:
            return str(failed)
        return ""
