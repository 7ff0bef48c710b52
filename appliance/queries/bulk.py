"""Many SOA queries at once, paced so that no socket buffer overflows.

This module must not know what the responses mean.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.queries.soa import SoaClient, SoaQuery, SoaResponse

Send = Callable[[SoaQuery], object]


@dataclass(slots=True)
class _ServerQueue:
    """The queries to one nameserver: `pending` ones, and those `sent`, oldest first, with their retries and deadline.

    `timed_out` counts the queries that got no response after all retries.
    """

    pending: deque[SoaQuery] = field(default_factory=deque)
    sent: dict[SoaQuery, tuple[int, float]] = field(default_factory=dict)
    has_responded: bool = False
    timed_out: int = 0


def query_all(
    queries: Iterable[SoaQuery],
    timeout: float = 1.0,
    retries: int = 2,
    window: int = 100,
    clock: Callable[[], float] = time.monotonic,
    signed: Container[Name] = (),
) -> dict[SoaQuery, SoaResponse | None]:
    """Send every query and return the response to each, None for no response.

    `timeout` is in seconds for each try, `window` the most queries outstanding at one nameserver. `signed` zones are
    queried for their content number. A nameserver that has responded to nothing after a whole window of queries
    gets no further ones: a dead one costs seconds, not minutes.
    """
    found: dict[SoaQuery, SoaResponse | None] = {}
    servers: dict[Nameserver, _ServerQueue] = {}
    for query in queries:
        if query not in found:
            found[query] = None
            servers.setdefault(query[0], _ServerQueue()).pending.append(query)
    client = SoaClient()

    def send(query: SoaQuery) -> None:
        client.query(*query, signed=query[1] in signed)

    try:
        while any(server.pending or server.sent for server in servers.values()):
            for server in servers.values():
                _fill(send, server, window, clock() + timeout)
            client.wait(_next_deadline(servers.values()) - clock())
            for response in client.responses():
                server = servers[response.server]
                server.has_responded = True
                del server.sent[response.server, response.zone]
                found[response.server, response.zone] = response
            for server in servers.values():
                _expire(client, send, server, window, retries, clock(), timeout)
    finally:
        client.close()
    return found


def _fill(send: Send, server: _ServerQueue, window: int, deadline: float) -> None:
    while server.pending and len(server.sent) < window:
        query = server.pending.popleft()
        send(query)
        server.sent[query] = (0, deadline)


def _next_deadline(servers: Iterable[_ServerQueue]) -> float:
    return min(next(iter(server.sent.values()))[1] for server in servers if server.sent)


def _expire(
    client: SoaClient, send: Send, server: _ServerQueue, window: int, retries: int, now: float, timeout: float
) -> None:
    """Send each query again that got no response in time, or cancel it after its last retry."""
    while server.sent:
        query, (tries, deadline) = next(iter(server.sent.items()))
        if deadline > now:
            return
        del server.sent[query]
        if tries < retries:
            send(query)
            server.sent[query] = (tries + 1, now + timeout)
        else:
            client.cancel(*query)
            server.timed_out += 1
    if server.timed_out >= window and not server.has_responded:
        server.pending.clear()
