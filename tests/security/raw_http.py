"""HTTP by hand: requests that no client library would send."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping

import requests

from tests.appliance import Appliance
from tests.pair import LOOPBACK

SECONDS = 30.0


def exchange(appliance: Appliance, request: bytes) -> bytes:
    """Send these octets to the API's port; return all that comes back until it closes the connection."""
    answer = b""
    with socket.create_connection((LOOPBACK, appliance.ports.api), timeout=SECONDS) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        while received := connection.recv(65536):
            answer += received
    return answer


def statuses(answer: bytes) -> list[int]:
    """Return the status codes of the responses in these octets."""
    return [int(code) for code in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", answer, re.MULTILINE)]


class Browser:
    """A browser without JavaScript: it keeps cookies and sends the hidden fields of the page that it shows."""

    def __init__(self, appliance: Appliance) -> None:
        self.base = f"http://{LOOPBACK}:{appliance.ports.api}"
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, **headers: str) -> requests.Response:
        """Return the page at that path, after redirects."""
        return self.session.get(self.base + path, headers=headers, timeout=SECONDS)

    def post(self, path: str, values: Mapping[str, str], **headers: str) -> requests.Response:
        """Send a form as it is, without a CSRF token of its own; return the response, before redirects."""
        return self.session.post(
            self.base + path, dict(values), headers=headers, timeout=SECONDS, allow_redirects=False
        )

    def submit(self, path: str, values: Mapping[str, str]) -> requests.Response:
        """Open the page, fill in its form, and return the page after sending it."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.get(path).text))
        return self.session.post(self.base + path, hidden | dict(values), timeout=SECONDS)
