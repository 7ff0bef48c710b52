"""Strangers who send malformed messages to every door, and what is wrong with the responses that they get.

A message whose end is clear must be answered, with a documented status in the form of its door; any other message is
answered or not. The doors must go on serving others meanwhile: that is for the caller to watch.
"""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import dns.message
from dns.rcode import Rcode

from tests.broken_http import BrokenRequest, Kind

ADDRESS = "127.0.0.2"
"""The address of strangers: what counts against it does not count against other clients of the tests."""
PATIENCE = 60.0
"""Seconds after which a response that must come is missing."""
SENDERS = 6
STATUSES = {200, 201, 204, 400, 401, 403, 404, 405, 413, 421, 429, 431}
"""Documented statuses of every door."""
REDIRECTIONS = {302, 303, 307, 308}
"""Statuses of the console, whose paths a broken path may be."""
OTHER_STATUSES: Mapping[str, set[int]] = {"powerdns": {409, 422, 501}, "external_dns": {409}}
OF_THE_SERVER = {400, 405, 417, 431, 501, 505}
"""Statuses of messages that are no HTTP requests, which the server answers as text before any door sees them."""
ERROR_KEYS: Mapping[str, list[str]] = {
    "powerdns": ["error"],
    "acme_dns": ["error"],
    "httpreq": ["detail", "error_code", "field"],
    "external_dns": ["detail", "error_code", "field"],
}
RCODES = {"NOERROR", "FORMERR", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"}
"""Documented response codes; SERVFAIL would be a failure of the appliance."""
HEADER_OCTETS = 12
MAX_DATAGRAM = 65_507
DATAGRAMS = 10
"""How many are sent at once: what does not fit into a buffer would only be lost."""
LAST = b"\xff\xff" + dns.message.make_query("last.invalid", "SOA").to_wire()[2:]
"""A valid query with an id that no malformed message has."""
WORDS = re.compile(rb"(good|nochg)( [0-9a-f.:,]+)?|nohost|notfqdn|numhost|dnserr|badauth|abuse")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_ERROR = 400


@dataclass(slots=True)
class Findings:
    """What came of the messages: how many had a response of each status, and what is wrong."""

    answered: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def send_requests(port: int, requests: Sequence[BrokenRequest]) -> Findings:
    """Send each request over a connection of its own, and judge the responses."""
    found, unclear = Findings(), [one for one in requests if one.kind is Kind.WIRE]
    with ExitStack() as opened, ThreadPoolExecutor(SENDERS) as threads:
        pending = [(one, opened.enter_context(_sent(port, one))) for one in unclear]
        clear = [one for one in requests if one.kind is not Kind.WIRE]
        for request, answer in zip(clear, threads.map(lambda one: _exchange(port, one), clear), strict=True):
            _judge(found, request, answer)
        for request, connection in pending:
            _judge(found, request, _received(connection, wait=False))
    return found


def _exchange(port: int, request: BrokenRequest) -> bytes:
    with _sent(port, request) as connection:
        return _received(connection, wait=True)


def _sent(port: int, request: BrokenRequest) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE, (ADDRESS, 0))
    with suppress(ConnectionError):  # it may be refused before all of it is sent
        connection.sendall(request.octets)
    return connection


def _received(connection: socket.socket, *, wait: bool) -> bytes:
    """Return the whole response; without `wait` only what has come."""
    connection.settimeout(PATIENCE if wait else 0)
    received = b""
    with suppress(OSError):
        while octets := connection.recv(65536):
            received += octets
    return received


def _judge(found: Findings, request: BrokenRequest, answer: bytes) -> None:
    answer = answer.removeprefix(CONTINUE)
    status_line = _STATUS_LINE.match(answer)
    if not status_line:
        found.answered["none"] += 1
        if answer or request.kind is not Kind.WIRE:
            found.wrong.append(f"{request} is answered {answer[:300]!r}")
        return
    status = int(status_line[1])
    found.answered[str(status)] += 1
    header, _, body = answer.partition(b"\r\n\r\n")
    if reason := _fault(request, status, header, body):
        found.wrong.append(f"{request} is answered {answer[:600]!r}: {reason}")


def _fault(request: BrokenRequest, status: int, header: bytes, body: bytes) -> str | None:
    """Return what is wrong with a response, None if nothing is."""
    is_text = b"\r\ncontent-type: text/plain" in header.lower()
    if request.kind in (Kind.WIRE, Kind.HEADER, Kind.CREDENTIAL, Kind.PATH) and status in OF_THE_SERVER and is_text:
        return None
    elsewhere = REDIRECTIONS if request.kind in (Kind.PATH, Kind.WIRE) else set()
    if status not in STATUSES | OTHER_STATUSES.get(request.door, set()) | elsewhere:
        return "an undocumented status"
    if request.kind in (Kind.PATH, Kind.WIRE):
        return None
    if request.door == "dyndns2":
        return None if status != 200 or all(map(WORDS.fullmatch, body.split(b"\n"))) else "an unknown word"
    return "another form of errors" if status >= _ERROR and _keys(body) != ERROR_KEYS[request.door] else None


def _keys(body: bytes) -> list[str] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return list(document) if isinstance(document, dict) else None


def send_datagrams(port: int, messages: Sequence[bytes]) -> Findings:
    """Send each message over UDP, after every few of them a valid query; judge all responses that came."""
    found = Findings()
    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.bind((ADDRESS, 0))
        stranger.settimeout(1)
        for number, message in enumerate(messages):
            stranger.sendto(message[:MAX_DATAGRAM], ("127.0.0.1", port))
            if number % DATAGRAMS == DATAGRAMS - 1 and not _answers(stranger, port, found):
                found.wrong.append("a valid query after the malformed messages is not answered")
    return found


def _answers(stranger: socket.socket, port: int, found: Findings) -> bool:
    """Return whether a valid query is answered; judge what comes before its response."""
    for _ in range(int(PATIENCE)):
        stranger.sendto(LAST, ("127.0.0.1", port))
        with suppress(TimeoutError):
            while not (response := stranger.recv(65536)).startswith(LAST[:2]):
                _judge_response(found, response)
            return True
    return False


def send_over_tcp(port: int, messages: Sequence[bytes]) -> Findings:
    """Send each message over a connection of its own, some with a wrong length, and judge the responses."""
    found = Findings()
    with ThreadPoolExecutor(SENDERS) as threads:
        for received in threads.map(lambda message: _exchange_over_tcp(port, message), messages):
            if received is None:
                found.wrong.append("a connection is not closed")
            for response in _messages_of(received or b""):
                _judge_response(found, response)
    return found


def _exchange_over_tcp(port: int, message: bytes) -> bytes | None:
    """Return what comes until the connection is closed, which the client has done for its part; None if it is not."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), PATIENCE, (ADDRESS, 0)) as connection:
        try:
            connection.sendall(_with_length(message))
            connection.shutdown(socket.SHUT_WR)
            while octets := connection.recv(65536):
                received += octets
        except TimeoutError:
            return None
        except OSError:
            return received
    return received


def _with_length(message: bytes) -> bytes:
    """Return the message with its length; one in eight has a wrong one."""
    length = len(message) if sum(message) % 8 else (sum(message) * 31) % 65_536
    return min(length, 65_535).to_bytes(2, "big") + message


def _messages_of(stream: bytes) -> Iterator[bytes]:
    while stream:
        length = int.from_bytes(stream[:2], "big")
        yield stream[2 : length + 2]
        stream = stream[length + 2 :]


def _judge_response(found: Findings, response: bytes) -> None:
    is_response = len(response) >= HEADER_OCTETS and bool(response[2] & 0x80)
    rcode = Rcode(response[3] & 0xF).name if is_response else "none"
    found.answered[rcode] += 1
    if rcode not in RCODES:
        found.wrong.append(f"a malformed message is answered {response[:300]!r}")


def peak_memory(pid: int | None) -> int:
    """Return the peak memory of a process in KiB."""
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(peak)
