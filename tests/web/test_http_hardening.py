"""Connections and bodies as the HTTP server sees them: the time that a request may take, and what is kept of it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from waitress.adjustments import Adjustments

from appliance.web.connections import ConnectionCounts
from appliance.web.http_hardening import MIN_RATE, UNLIMITED, BodyLimits, HardenedChannel, HardenedParser

SMALL, LARGE = 100, 10_000
LIMITS = BodyLimits(SMALL, lambda _, path: LARGE if path == "/large" else SMALL, lambda header: header == "known")
ADDRESS = ("192.0.2.1", 40000)


@dataclass
class Parsed:
    """A parser, and how often it was cut."""

    cuts: list[None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parser = HardenedParser(
            LIMITS, lambda: self.cuts.append(None), Adjustments(max_request_body_size=UNLIMITED)
        )

    def received(self, data: bytes) -> int:
        """Let the parser receive data; return how much it consumed."""
        return self.parser.received(data)

    @property
    def kept(self) -> int:
        """The octets of the body that are kept."""
        return len(self.parser.body_rcv or ())


def posted(path: str, *headers: str) -> Parsed:
    """Return a parser that received the header of a POST."""
    parsed = Parsed()
    parsed.received("\r\n".join((f"POST {path} HTTP/1.1", "Host: x", *headers, "", "")).encode())
    return parsed


@pytest.mark.parametrize(
    ("path", "length", "authorization", "kept"),
    [
        ("/small", SMALL, "", SMALL),
        ("/small", SMALL + 1, "known", 0),
        ("/large", SMALL, "", SMALL),
        ("/large", SMALL + 1, "", 0),
        ("/large", SMALL + 1, "guessed", 0),
        ("/large", LARGE, "known", LARGE),
        ("/large", LARGE + 1, "known", 0),
    ],
)
def test_a_body_is_kept_within_the_limit_of_its_call(path: str, length: int, authorization: str, kept: int) -> None:
    parsed = posted(path, f"Content-Length: {length}", f"Authorization: {authorization}")
    assert not parsed.parser.completed
    assert parsed.received(b"x" * length + b"GET /") == length
    assert (parsed.kept, parsed.parser.completed, parsed.cuts) == (kept, True, [])
    assert parsed.parser.headers["CONTENT_LENGTH"] == str(length), "by which the application refuses it"


@pytest.mark.parametrize("chunk", [b"1;ext=%s\r\nx\r\n" % (b"y" * 500), b"64\r\n" + b"x" * 100 + b"\r\n"])
def test_a_chunked_body_ends_at_the_limit(chunk: bytes) -> None:
    parsed = posted("/small", "Transfer-Encoding: chunked")
    received = [parsed.received(chunk)]
    while not parsed.parser.completed:
        received.append(parsed.received(chunk))
    assert len(received) == 2 and set(received) == {len(chunk)}
    assert int(parsed.parser.headers["CONTENT_LENGTH"]) > SMALL
    assert (parsed.kept, parsed.parser.headers["CONNECTION"], len(parsed.cuts)) == (0, "close", 1)


@pytest.mark.parametrize("headers", [("Content-Length: 101", "Expect: 100-continue"), ("Content-Length: 99999999999",)])
def test_a_body_that_was_not_sent_yet_is_refused_at_once(headers: tuple[str, ...]) -> None:
    parsed = posted("/small", *headers)
    assert (parsed.parser.completed, parsed.parser.expect_continue, len(parsed.cuts)) == (True, False, 1)
    assert parsed.received(b"GET / HTTP/1.1\r\n\r\n") == 0


@pytest.mark.parametrize("body", [b"", b"x" * 9])
def test_a_body_that_came_with_its_header_is_not_waited_for_again(channel: HardenedChannel, body: bytes) -> None:
    header = b"POST /large HTTP/1.1\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body)
    channel.received(header + body)
    assert [request.completed for request in channel.requests] == [True]
    assert not channel.total_outbufs_len, "it sends no 100 Continue"


class Server:
    """What a channel needs of its server."""

    def __init__(self) -> None:
        self.active_channels: dict[int, object] = {}

    def pull_trigger(self) -> None:
        """Do nothing: the test writes itself."""

    def add_task(self, task: object) -> None:
        """Answer no request."""


@pytest.fixture
def channel() -> Iterator[HardenedChannel]:
    """A channel of a connection."""
    ours, theirs = socket.socketpair()
    with theirs:
        opened = HardenedChannel(LIMITS, ConnectionCounts(1), Server(), ours, ADDRESS, Adjustments(), map={})
        yield opened
        opened.handle_close()


def test_a_request_that_is_incomplete_counts_as_idle_since_it_began(channel: HardenedChannel) -> None:
    channel.received(b"POST /large HTTP/1.1\r\n")
    began = channel.last_activity
    for data in (b"Host: x\r\n", b"Authorization: known\r\n", b"Content-Length: 10000\r\n", b"\r\n", b""):
        channel.last_activity = began + 1000
        channel.received(data)
    assert channel.last_activity in (began, began + 1000)
    channel.last_activity = began + 1000
    channel.received(b"x" * (MIN_RATE // 16))
    assert began <= channel.last_activity <= began + 1 / 16, "a body earns time by its octets, not by its packets"


def test_a_response_that_its_client_does_not_read_counts_as_idle() -> None:
    ours, theirs = socket.socketpair()
    channel = HardenedChannel(LIMITS, ConnectionCounts(1), Server(), ours, ADDRESS, Adjustments(), map={})
    channel.write_soon(b"x" * 10_000_000)
    channel.handle_write()
    began = channel.last_activity
    theirs.recv(1000)
    channel.last_activity = began + 1000
    channel.handle_write()
    assert began <= channel.last_activity < began + 1000
    with theirs:
        while channel.total_outbufs_len:
            theirs.recv(1_000_000)
            channel.handle_write()
    channel.handle_close()


def test_connections_are_counted_by_network() -> None:
    counts = ConnectionCounts(2, lambda address: address == "192.0.2.9")
    assert [counts.open("2001:db8::1"), counts.open("2001:db8::2"), counts.open("2001:db8::3")] == [True, True, False]
    assert counts.open("2001:db8:0:1::1")
    counts.close("2001:db8::2")
    assert counts.open("2001:db8::4") and not counts.open("2001:db8::5")
    assert all(counts.open("192.0.2.9") for _ in range(10))
    assert all(ConnectionCounts(0).open("192.0.2.1") for _ in range(10))


def test_a_channel_gives_its_place_back_once() -> None:
    counts = ConnectionCounts(1)
    pairs = [socket.socketpair() for _ in range(3)]
    channels = []
    for ours, _ in pairs:
        channels.append(HardenedChannel(LIMITS, counts, Server(), ours, ADDRESS, Adjustments(), map={}))
        if len(channels) == 2:
            for one in channels:
                one.handle_close()
    assert [one.connected for one in channels] == [False, False, True]
    channels[2].handle_close()
    for _, theirs in pairs:
        theirs.close()
    assert counts.open(ADDRESS[0])


@pytest.mark.parametrize(("limit", "status"), [(124, 1), (139, 1), (140, 0), (200, 0)])
def test_too_few_open_files_are_an_error_with_the_number_needed(limit: int, status: int) -> None:
    code = "from appliance.web.http_hardening import raise_open_file_limit; print(raise_open_file_limit())"
    shell = ("sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", sys.executable, "-c", code)
    done = subprocess.run(shell, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    if status:
        assert f"the hard limit of open files is {limit}, and the API needs 140 or more" in done.stderr
    else:
        assert done.stdout == f"{limit - 124}\n"


@pytest.mark.parametrize(("key", "kept"), [("known", LARGE), ("guessed", 0)])
def test_a_key_in_its_own_header_admits_a_large_body(key: str, kept: int) -> None:
    parsed = posted("/large", f"Content-Length: {LARGE}", f"X-API-Key: {key}", "Authorization: other")
    parsed.received(b"x" * LARGE)
    assert parsed.kept == kept
