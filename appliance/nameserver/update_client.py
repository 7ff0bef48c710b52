"""Send UPDATE messages to the primary over UDP without blocking, for a loop that polls `fileno()`.

One message of a zone is open at a time, and few of all zones: more would only wait in the nameserver. A message that is
sent again has no effect a second time, since its prerequisite is no longer met.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dns.name import Name

from appliance.addresses import Endpoint
from appliance.keys import Key, KeyFile, present_key
from appliance.nameserver.update_messages import UpdateMessage, UpdateResponse, read_response
from appliance.tsig import ResponseVerifier, sign
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

MAX_OPEN = 8
"""Messages that wait for a response."""
REPEATS = (0.05, 0.2, 0.8)
"""Seconds after which a message is sent again."""
GIVE_UP = 2.0
"""Seconds after which a message has no response."""
_MAX_RESPONSE = 65535


@dataclass(slots=True)
class _Open:
    message: UpdateMessage
    wire: bytes
    verifier: ResponseVerifier
    sent: float
    pauses: list[float] = field(default_factory=lambda: [*REPEATS, GIVE_UP])
    """Seconds after the first sending at which something is to be done: send again, at last give up."""

    @property
    def due(self) -> float:
        return self.sent + self.pauses[0]


class UpdateClient:
    """A client of one primary. `clock` is the time of day for signatures, `monotonic` is in seconds.

    Responses of others, late ones and such without a valid signature are dropped (see `read_response`). Without a route
    to the primary raise OSError.
    """

    def __init__(
        self,
        primary: Endpoint,
        key: Key | KeyFile,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._key, self._clock, self._monotonic = key, clock, monotonic
        family = socket.AF_INET6 if ":" in primary.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.connect((primary.host, primary.port))
        except OSError:
            self._socket.close()
            raise
        self._open: dict[int, _Open] = {}

    @property
    def free(self) -> int:
        """Return how many more messages can be sent now."""
        return MAX_OPEN - len(self._open)

    def send(self, message: UpdateMessage) -> bool:
        """Send the message; return False, and send nothing, if too many are open, or one of the same zone."""
        if not self.free or self.is_open(message.zone):
            return False
        number, key = self._free_number(), present_key(self._key)
        signed = sign(message.to_wire(number), key, self._now())
        opened = _Open(message, signed.wire, ResponseVerifier(key, signed.mac), self._monotonic())
        self._open[number] = opened
        self._transmit(opened)
        return True

    def is_open(self, zone: Name) -> bool:
        """Return whether a message of the zone waits for a response."""
        return any(one.message.zone == zone for one in self._open.values())

    def fileno(self) -> int:
        """Return the file descriptor that is readable when responses have arrived."""
        return self._socket.fileno()

    def next_timeout(self) -> float | None:
        """Return in how many seconds `responses` has something to do without a response, None if never."""
        if not self._open:
            return None
        return max(0.0, min(one.due for one in self._open.values()) - self._monotonic())

    def responses(self, *, is_readable: bool = True) -> list[UpdateResponse]:
        """Return the responses that have arrived, and those without one; send again what is due.

        With `is_readable` False nothing is read, after a poll that found nothing to read.
        """
        found = (
            [response for datagram in self._datagrams() for response in self._match(datagram)] if is_readable else []
        )
        if not self._open:
            return found
        now = self._monotonic()
        for number, opened in list(self._open.items()):
            if opened.due > now:
                continue
            opened.pauses = [pause for pause in opened.pauses if opened.sent + pause > now]
            if opened.pauses:
                self._transmit(opened)
            else:
                del self._open[number]
                found.append(UpdateResponse(opened.message, None))
        return found

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _match(self, datagram: bytes) -> Iterator[UpdateResponse]:
        number = int.from_bytes(datagram[:2], "big")
        opened = self._open.get(number)
        if opened is None:
            return
        response = read_response(datagram, opened.message, opened.verifier, self._now())
        if response is not None:
            del self._open[number]
            yield response

    def _transmit(self, opened: _Open) -> None:
        try:
            self._socket.send(opened.wire)
        except OSError as error:  # equivalent to a lost packet
            log.debug("event=update-not-sent zone=%s reason=%r", print_domain(opened.message.zone), error.strerror)

    def _datagrams(self) -> Iterator[bytes]:
        while True:
            try:
                datagram = self._socket.recv(_MAX_RESPONSE)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error about an earlier message
                continue
            yield datagram

    def _free_number(self) -> int:
        while (number := int.from_bytes(os.urandom(2), "big")) in self._open:
            pass
        return number

    def _now(self) -> int:
        return int(self._clock().timestamp())
