"""Validate, all the time, what a nameserver answers of zones that have a DS at their parent."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

import dns.name
from dns.name import Name

from appliance.addresses import Nameserver
from appliance.errors import CommandError
from appliance.keys import Key
from appliance.nameserver.signed_copies import SignedCopies, copy_lines
from appliance.queries.zone_signatures import query_signatures
from appliance.zones.delta import WireRecord
from appliance.zones.signing import Ds
from tests.delv import Validator, is_unanswered
from tests.pair import program
from tests.soak.part_run import PartRun
from tests.soak.transfers import Transfers

PAUSE = 0.2
ANSWER_TIMEOUT = 0.3
POLLS = 5
"""Polls of SOA and DNSKEY for each answer that delv, a process of its own, validates."""
APEX_TYPES = ("SOA", "DNSKEY", "NS", "TYPE65280", "MX")
TYPES = ("A", "TXT", "MX")


class ValidWatcher:
    """The answers of one nameserver for zones that have these DS at their parent, which may change."""

    def __init__(
        self, part: PartRun, server: Nameserver, trusted: Mapping[str, Sequence[Ds]], owners: Callable[[Random], str]
    ) -> None:
        self.server, self.counts = server, Counter[str]()
        self._part, self._trusted, self._owners = part, trusted, owners

    def run(self, is_running: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Query until `is_running` returns False."""
        random = Random(f"{self._part.seed}/valid/{self.server.name}")
        try:
            with tempfile.TemporaryDirectory(prefix="anchors-") as folder:
                while is_running():
                    self._query(random, Path(folder))
                    pause(PAUSE)
        except Exception as error:  # noqa: BLE001 - the top of a thread
            self._part.wrong(f"validation at {self.server.name} failed: {error!r}")

    def _query(self, random: Random, folder: Path) -> None:
        trusted = {**self._trusted}
        if not trusted:
            return
        for domain in random.choices(sorted(trusted), k=POLLS):
            self._poll(domain, trusted[domain])
        domain = random.choice(sorted(trusted))
        is_apex = random.random() < 0.3
        name = domain if is_apex else f"{self._owners(random)}.{domain}"
        validator = Validator(self.server, dns.name.from_text(domain), trusted[domain], folder)
        fault = validator.fault(name, random.choice(APEX_TYPES if is_apex else TYPES))
        self._count("validated", domain, fault, is_unanswered(fault))

    def _poll(self, domain: str, trusted: Sequence[Ds]) -> None:
        """Check that the zone is signed, with the keys whose DS are at the parent."""
        found = query_signatures(self.server, dns.name.from_text(domain), ANSWER_TIMEOUT).signing
        is_right = found and found.expires_at and found.key_tags == {ds.key_tag for ds in trusted}
        self._count(
            "signed", domain, "" if is_right else f"{self.server.name} serves {domain} with {found}", found is None
        )

    def _count(self, what: str, domain: str, fault: str, is_silent: bool) -> None:
        if domain not in self._trusted:
            return  # its DS has expired meanwhile
        if fault and not is_silent:
            self._part.wrong(fault)
        self.counts["no answer" if is_silent else "violations" if fault else what] += 1


def verify_zone(part: PartRun, server: Nameserver, key: Key, domain: str) -> None:
    """Check a zone as the nameserver transfers it: all of it must be signed, and every signature valid."""
    zone = dns.name.from_text(domain)
    try:
        with Transfers(server, key) as transfers:
            transfers.request(zone)
            found = transfers.read()
    except CommandError as failed:
        part.wrong(f"{server.name} does not transfer {domain}: {failed}")
        return
    with tempfile.TemporaryDirectory(prefix="verified-") as folder:
        fault = fault_of_copy(zone, found, Path(folder))
    part.check(not fault, f"{server.name} serves {domain}, which is not valid: {fault}")


def fault_of_copy(zone: Name, records: Iterable[WireRecord], folder: Path) -> str:
    """Return what dnssec-verify finds in a transferred zone, for which it needs a file in the folder; "" if nothing."""
    copy = folder / "copy"
    copy.write_bytes(b"".join(copy_lines(records)))
    try:
        SignedCopies(program("dnssec-verify"), program("named-compilezone")).verify(zone, copy)
    except CommandError as failed:
        return str(failed)
    return ""
