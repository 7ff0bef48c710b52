"""Validate what a nameserver answers of a signed zone with BIND's delv, which trusts the DS of the zone alone."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.zones.signing import Ds
from tests.pair import program
from tests.repetition import repeated

_UNANSWERED = re.compile(r"timed out|connection refused|end of file|unexpected RCODE|resolution failed: failure")
"""What delv says if it got no answer to one of its queries, or a refusal."""
PAUSE = 0.1
"""Seconds between two queries of `Watch`."""


def is_unanswered(fault: str) -> bool:
    """Return True if a fault means that the nameserver did not answer, or refused to; not that an answer is wrong."""
    return bool(_UNANSWERED.search(fault))


class Validator:
    """A resolver that has the DS of a zone, and asks one nameserver."""

    def __init__(self, server: Nameserver, zone: Name, trusted: Iterable[Ds], folder: Path) -> None:
        self._server, self._zone = server, zone.to_text(omit_final_dot=True)
        self._anchors = folder / f"anchors-{server.endpoint.port}"
        lines = (
            f'"{self._zone}" static-ds {one.key_tag} {one.algorithm} {one.digest_type} "{one.digest}";'
            for one in trusted
        )
        self._anchors.write_text(f"trust-anchors {{ {' '.join(lines)} }};\n")

    def fault(self, name: str, rdtype: str) -> str:
        """Return why a resolver would refuse the answer to this query; "" if it is valid."""
        endpoint = self._server.endpoint
        argv = (program("delv"), f"@{endpoint.host}", "-p", str(endpoint.port), "-a", str(self._anchors))
        words = (f"+root={self._zone}", "+nocrypto", "-t", rdtype, "-q", name)
        ended = subprocess.run((*argv, *words), capture_output=True, text=True, timeout=30, check=False)
        shown = ended.stdout + ended.stderr
        return "" if "fully validated" in shown else f"{name} {rdtype} at {self._server.name}: {shown}"

    def faults(self) -> list[str]:
        """Return why a resolver would refuse answers: with data, negative ones of both kinds, and of the apex."""
        return [fault for name, rdtype in self.queries() if (fault := self.fault(name, rdtype))]

    def queries(self) -> list[tuple[str, str]]:
        """Return a query for each kind of answer of a zone with an address at `www`."""
        www, none = f"www.{self._zone}", f"none.{self._zone}"
        return [(www, "A"), (www, "MX"), (none, "A"), (self._zone, "SOA"), (self._zone, "DNSKEY")]


class Watch:
    """Resolvers that query without end: the number of valid answers, and why answers were refused.

    A nameserver that answers nothing, or refuses a query, is no fault: resolvers ask the next one.
    """

    def __init__(self, *validators: Validator) -> None:
        self.valid = 0
        self.faults: list[str] = []
        self._validators = validators

    def running(self) -> AbstractContextManager[None]:
        """Query in a thread while the block runs."""
        queries = itertools.cycle([(one, *query) for one in self._validators for query in one.queries()])
        return repeated(lambda: self._query(*next(queries)), PAUSE)

    def _query(self, validator: Validator, name: str, rdtype: str) -> None:
        fault = validator.fault(name, rdtype)
        self.valid += not fault
        if fault and not is_unanswered(fault):
            self.faults.append(fault)
