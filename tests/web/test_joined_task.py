"""Responses of the HTTP server: the header is in one segment with the beginning of the body."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from appliance.web.joined_task import MOST_JOINED, JoinedTask

Start = Callable[..., Any]


class Channel:
    """A connection that keeps what is sent, each part for itself."""

    def __init__(self, application: Callable[[object, Start], Iterable[bytes]]) -> None:
        self.adj = Adjustments(ident="")
        self.server = SimpleNamespace(
            application=application, adj=self.adj, effective_port=80, server_name="server.example"
        )
        self.addr = ("192.0.2.1", 40000)
        self.sent: list[bytes] = []

    def write_soon(self, data: bytes) -> int:
        """Keep the data."""
        self.sent.append(data)
        return len(data)

    def check_client_disconnected(self) -> bool:
        """Return False."""
        return False


def sent(parts: Iterable[bytes], method: str = "GET", status: str = "200 OK", length: int | None = None) -> list[bytes]:
    """Return what is sent of a response with a body of these parts."""

    def application(_environ: object, start: Start) -> Iterable[bytes]:
        start(status, [] if length is None else [("Content-Length", str(length))])
        return iter(parts)

    channel = Channel(application)
    request = HTTPRequestParser(channel.adj)
    request.received(f"{method} / HTTP/1.1\r\nHost: server.example\r\n\r\n".encode())
    JoinedTask(channel, request).service()  # type: ignore[arg-type] # all that it needs of a channel
    return channel.sent


def test_header_and_body_are_one_part() -> None:
    (response,) = sent([b"hello"], length=5)
    assert response.startswith(b"HTTP/1.1 200 OK\r\n") and response.endswith(b"\r\n\r\nhello")


def test_only_the_first_part_of_a_body_goes_with_the_header() -> None:
    first, second = sent([b"", b"he", b"llo"], length=5)
    assert first.endswith(b"\r\n\r\nhe") and second == b"llo"


def test_a_large_body_is_not_copied() -> None:
    body = bytes(MOST_JOINED)
    header, data = sent([body], length=len(body))
    assert header.endswith(b"\r\n\r\n") and data is body


def test_a_body_without_a_length_is_chunked() -> None:
    first, second, end = sent([b"he", b"llo"])
    assert first.endswith(b"\r\n\r\n2\r\nhe\r\n") and (second, end) == (b"3\r\nllo\r\n", b"0\r\n\r\n")


@pytest.mark.parametrize(("status", "method"), [("204 No Content", "DELETE"), ("304 Not Modified", "GET")])
def test_a_response_without_a_body_is_its_header(status: str, method: str) -> None:
    (response,) = sent([], method, status)
    assert response.startswith(f"HTTP/1.1 {status}\r\n".encode()) and response.endswith(b"\r\n\r\n")


def test_a_failure_before_the_first_part_sends_nothing() -> None:
    with pytest.raises(KeyError):
        sent({b"known": b""}[name] for name in (b"known", b"unknown"))
