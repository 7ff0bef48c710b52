"""pebble, an ACME server for tests, which validates DNS challenges at a nameserver of the appliance."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rdatatype
from dns.message import QueryMessage
from dns.rrset import RRset

from tests.pair import LOOPBACK, free_port, wait_for

ALIASES = 8
"""CNAMEs that are followed, one after another."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A running pebble: the URL of its directory, and the certificate that its clients have to trust."""

    url: str
    certificate: Path


class Resolver(socketserver.ThreadingUDPServer):
    """A resolver that sends every query to one server. It has no cache: a challenge that is not served yet fails."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((LOOPBACK, 0), None)  # type: ignore[arg-type] # no class of handlers: see finish_request
        self.port = port

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has them
        """Answer a query with what the server answers, and the targets of CNAMEs."""
        data, socket = request
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query, recursion_available=True)
        name, rdtype = query.question[0].name, query.question[0].rdtype
        for _ in range(ALIASES):
            answer = self._ask(dns.message.make_query(name, rdtype, flags=dns.flags.Flag(0)))
            response.answer += answer.answer
            response.set_rcode(answer.rcode())
            aliases = [found for found in answer.answer if found.rdtype == dns.rdatatype.CNAME]
            if not aliases or _has(answer.answer, rdtype):
                break
            name = aliases[-1][0].target
        socket.sendto(response.to_wire(), client_address)

    def _ask(self, query: QueryMessage) -> dns.message.Message:
        return dns.query.udp_with_fallback(query, LOOPBACK, timeout=5, port=self.port)[0]


def _has(answer: list[RRset], rdtype: dns.rdatatype.RdataType) -> bool:
    return any(found.rdtype == rdtype for found in answer)


@contextmanager
def running_authority(program: Path, folder: Path, port: int) -> Iterator[Authority]:
    """Run pebble in the folder; it asks the nameserver at that port of loopback."""
    listen, management = free_port(), free_port()
    certificate = _create_certificate(folder)
    configuration = {
        "listenAddress": f"{LOOPBACK}:{listen}",
        "managementListenAddress": f"{LOOPBACK}:{management}",
        "certificate": str(certificate),
        "privateKey": str(folder / "key.pem"),
        "httpPort": 5002,
        "tlsPort": 5001,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))
    environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
    with Resolver(port) as resolver, (folder / "pebble.log").open("wb") as log:
        threading.Thread(target=resolver.serve_forever, daemon=True).start()
        server = f"{LOOPBACK}:{resolver.server_address[1]}"
        argv = (str(program), "-config", str(folder / "pebble.json"), "-dnsserver", server)
        with subprocess.Popen(argv, env=environment, stdout=log, stderr=subprocess.STDOUT) as process:
            try:
                wait_for(lambda: "Listening on" in (folder / "pebble.log").read_text(), "pebble listens")
                yield Authority(f"https://{LOOPBACK}:{listen}/dir", certificate)
            finally:
                process.terminate()
                resolver.shutdown()


def _create_certificate(folder: Path) -> Path:
    """Create key and certificate of loopback; the certificate is its own issuer."""
    options = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=pebble")
    files = ("-keyout", "key.pem", "-out", "certificate.pem", "-addext", f"subjectAltName=IP:{LOOPBACK}")
    subprocess.run(("openssl", "req", "-x509", *options, *files), cwd=folder, capture_output=True, check=True)
    return folder / "certificate.pem"


def names_of(certificate: Path) -> set[str]:
    """Return the names for which a certificate was issued."""
    argv = ("openssl", "x509", "-in", str(certificate), "-noout", "-ext", "subjectAltName")
    shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return {word.strip().removeprefix("DNS:") for word in shown.splitlines()[-1].split(",")}
