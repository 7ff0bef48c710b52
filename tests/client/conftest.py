"""An HTTP server of loopback that answers as a test says, and keeps what it was sent."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""Key and self-signed certificate of 127.0.0.1, for these tests alone."""
LOST = 0
"""The status of an answer that is not sent: the connection is closed."""


@dataclass
class Answer:
    """An answer to be sent."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Sent:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Server:
    """Answers with `answers`, in their order, the last one again and again; `sent` is what arrived."""

    def __init__(self, *, is_encrypted: bool) -> None:
        self.answers: list[Answer] = [Answer(200, "[]")]
        self.sent: list[Sent] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.sent.append(Sent(self.command, self.path, dict(self.headers), body))
                answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                if answer.status == LOST:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body.encode())

            do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - the names that http.server calls

            def log_message(self, *_: object) -> None:
                """Write no log."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if is_encrypted:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.url = f"http{'s' if is_encrypted else ''}://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without encryption."""
    running = Server(is_encrypted=False)
    yield running
    running.stop()


@pytest.fixture
def encrypted_server() -> Iterator[Server]:
    """A server with the certificate."""
    running = Server(is_encrypted=True)
    yield running
    running.stop()
