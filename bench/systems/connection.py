"""A kept HTTP connection, with little work of its own: its time is part of every measurement."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping

TIMEOUT = 600.0
LOOPBACK = "127.0.0.1"


class RequestFailed(Exception):
    """The response has another status than the expected one."""


class Connection:
    """An HTTP connection to a port of loopback, opened again when the server has closed it."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._http = http.client.HTTPConnection(LOOPBACK, port, timeout=TIMEOUT)
        self._headers = dict(headers)

    def status_and_body(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send a request and return status and body; a text is sent as a zone file, anything else as JSON."""
        octets, kind = (body.encode(), "text/dns") if isinstance(body, str) else (_json(body), "application/json")
        headers = self._headers if octets is None else {**self._headers, "Content-Type": kind}
        try:
            return self._exchange(method, path, octets, headers)
        except ConnectionError:  # it was idle for long
            return self._exchange(method, path, octets, headers)

    def expect(self, status: int, method: str, path: str, body: object = None) -> bytes:
        """Send a request and return the body; raise RequestFailed if the status is another."""
        found, text = self.status_and_body(method, path, body)
        if found != status:
            raise RequestFailed(f"{method} {path}: {found} {text[:300].decode(errors='replace')}")
        return text

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            self._http.request(method, path, body, headers)
            response = self._http.getresponse()
            return response.status, response.read()
        except OSError:
            self._http.close()
            raise


def _json(body: object) -> bytes | None:
    return None if body is None else json.dumps(body).encode()
