"""The persistent control connection to named, with the protocol of `rndc` (ISCCC, version 1).

A message is a tree of keys and values with an HMAC signature and a nonce, which named assigns to each connection. This
module transports command lines; it must not know what the commands mean.
"""

from __future__ import annotations

import base64
import hmac
import logging
import secrets
import select
import socket
import struct
import threading
import time
from collections.abc import Callable

from appliance.addresses import Endpoint
from appliance.errors import CommandFailed, CommandTimeout
from appliance.keys import CLOCKS_DIFFER, Key, KeyFile, present_key

log = logging.getLogger(__name__)

Table = dict[str, "bytes | Table"]

_CODES = {"hmac-sha1": 161, "hmac-sha224": 162, "hmac-sha256": 163, "hmac-sha384": 164, "hmac-sha512": 165}
_BINARY, _TABLE = 1, 2
_VERSION = 1
_SIGNATURE_SIZE = 88
_MAX_REPLY = 1 << 20
_LIFETIME = 60  # seconds for which named accepts a message
_CLOSED_WITHOUT_REPLY = (
    f"named closed the connection without a reply: most likely it has another key, or {CLOCKS_DIFFER}"
)


class BrokenConnection(CommandFailed):
    """The connection or its protocol failed; named did not refuse the command."""


class RndcConnection:
    """An authenticated connection to named's control channel, opened on first use and thread-safe.

    named closes it after 30 s without a command and at each restart: the next command then reconnects, once.
    `timeout` is in seconds, for one command including the connection setup.
    """

    def __init__(
        self, channel: Endpoint, key: Key | KeyFile, timeout: float = 10.0, clock: Callable[[], float] = time.time
    ) -> None:
        self._channel = channel
        self._source = key
        self._key = present_key(key)
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._nonce = b""
        self._serial = secrets.randbits(32)

    def command(self, *words: str) -> str:
        """Send one command line and return named's reply.

        Raise CommandFailed with named's message if it refuses, BrokenConnection if it cannot be reached or its reply is
        not valid, CommandTimeout if it does not reply in time.
        """
        argv = ("control", *words)
        line = " ".join(words).encode("ascii")
        with self._lock:
            deadline = time.monotonic() + self._timeout
            self._use(present_key(self._source))
            try:
                reply = self._exchange_with_reconnect(line, deadline)
            except TimeoutError:
                self._drop()
                raise CommandTimeout(argv, f"no answer within {self._timeout:g} s") from None
            except (OSError, EOFError, ValueError) as error:
                self._drop()
                raise BrokenConnection(argv, _why(error)) from None
        if reply.get("result", b"0") != b"0":
            reasons = (_text(reply, "err"), " ".join(_text(reply, "text").splitlines()))
            raise CommandFailed(argv, ": ".join(filter(None, reasons)) or "refused without a reason")
        return _text(reply, "text")

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        with self._lock:
            self._drop()

    def _use(self, key: Key) -> None:
        """Sign with this key from now on; a connection that began with another one is closed."""
        if key != self._key:
            self._key = key
            self._drop()

    def _exchange_with_reconnect(self, line: bytes, deadline: float) -> Table:
        """Exchange over the open connection, or over a new one if that turns out to be closed."""
        if self._socket is not None and not _was_closed(self._socket):
            try:
                return self._exchange(self._socket, line, deadline)
            except (ConnectionError, EOFError):
                log.debug("event=control-reconnect")
        self._drop()
        return self._exchange(self._connect(deadline), line, deadline)

    def _connect(self, deadline: float) -> socket.socket:
        self._socket = socket.create_connection((self._channel.host, self._channel.port), _left(deadline))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._nonce = b""
        self._exchange(self._socket, b"null", deadline)
        return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, connection: socket.socket, line: bytes, deadline: float) -> Table:
        connection.settimeout(_left(deadline))
        connection.sendall(self._message(line))
        size = int.from_bytes(_receive(connection, 4, deadline), "big")
        if not 4 <= size <= _MAX_REPLY:
            raise ValueError("the size of the reply is out of range")
        return self._verify(_receive(connection, size, deadline))

    def _message(self, line: bytes) -> bytes:
        self._serial = (self._serial + 1) % 2**32
        now = int(self._clock())
        control: Table = {"_ser": b"%d" % self._serial, "_tim": b"%d" % now, "_exp": b"%d" % (now + _LIFETIME)}
        if self._nonce:
            control["_nonce"] = self._nonce
        body = pack({"_ctrl": control, "_data": {"type": line}})
        signed = pack({"_auth": {"hsha": self._signature(body)}}) + body
        return struct.pack(">II", len(signed) + 4, _VERSION) + signed

    def _signature(self, body: bytes) -> bytes:
        digest = hmac.digest(self._key.octets, body, self._key.algorithm.removeprefix("hmac-"))
        text = base64.b64encode(digest).ljust(_SIGNATURE_SIZE, b"\0")
        return bytes([_CODES[self._key.algorithm]]) + text

    def _verify(self, message: bytes) -> Table:
        """Verify the version, the signature and the nonce of a reply; return its data, or raise ValueError."""
        if int.from_bytes(message[:4], "big") != _VERSION:
            raise ValueError("the reply has another protocol version")
        match unpack(message[4:]):
            case {"_auth": dict(auth), "_ctrl": dict(control), "_data": dict(reply)}:
                pass
            case _:
                raise ValueError("the reply lacks a section")
        signed = message[4 + len(pack({"_auth": auth})) :]
        if not hmac.compare_digest(_stripped(auth.get("hsha", b"")), _stripped(self._signature(signed))):
            raise ValueError("the reply is signed with another key")
        nonce = control.get("_nonce", b"")
        if not isinstance(nonce, bytes) or (self._nonce and nonce != self._nonce):
            raise ValueError("the reply belongs to another connection")
        self._nonce = nonce
        return reply


def pack(table: Table) -> bytes:
    """Return the wire form of a table: per entry key length (1 octet), key, type, value length (4 octets), value."""
    out = bytearray()
    for name, value in table.items():
        value_type, octets = (_TABLE, pack(value)) if isinstance(value, dict) else (_BINARY, value)
        out += bytes([len(name)]) + name.encode("ascii") + struct.pack(">BI", value_type, len(octets)) + octets
    return bytes(out)


def unpack(octets: bytes, depth: int = 0) -> Table:
    """Return the table with that wire form; raise ValueError if it is malformed."""
    table: Table = {}
    offset = 0
    while offset < len(octets):
        start = offset + 1 + octets[offset]
        name = octets[offset + 1 : start].decode("ascii")
        if start + 5 > len(octets) or depth > 4:
            raise ValueError("the reply is truncated or nested too deeply")
        value_type, size = struct.unpack_from(">BI", octets, start)
        offset = start + 5 + size
        if offset > len(octets) or value_type not in (0, _BINARY, _TABLE):
            raise ValueError("the reply is malformed")
        value = octets[start + 5 : offset]
        table[name] = unpack(value, depth + 1) if value_type == _TABLE else value
    return table


def _receive(connection: socket.socket, size: int, deadline: float) -> bytes:
    out = bytearray()
    while len(out) < size:
        connection.settimeout(_left(deadline))
        received = connection.recv(size - len(out))
        if not received:
            raise EOFError
        out += received
    return bytes(out)


def _was_closed(connection: socket.socket) -> bool:
    """Return whether the idle connection is readable, which means that named closed it."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _stripped(signature: bytes | Table) -> bytes:
    return signature.rstrip(b"\0=") if isinstance(signature, bytes) else b""


def _text(reply: Table, name: str) -> str:
    value = reply.get(name, b"")
    return value.rstrip(b"\0").decode("utf-8", "replace").strip() if isinstance(value, bytes) else ""


def _why(error: OSError | EOFError | ValueError) -> str:
    if isinstance(error, EOFError):
        return _CLOSED_WITHOUT_REPLY
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
