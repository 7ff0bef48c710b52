"""Validate what a nameserver answers of a signed zone with BIND's delv, which trusts the DS of the zone alone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.zones.signing import Ds
from tests.pair import program


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
