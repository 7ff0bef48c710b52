"""Bulk SOA queries: all get a response, lost ones are repeated, a dead nameserver costs little time."""

from __future__ import annotations

import itertools
import socket
import threading

import dns.name

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.bulk import query_all
from tests.pair import CATALOG, LOOPBACK, Pair


def names(count: int) -> list[dns.name.Name]:
    return [dns.name.from_text(f"z{number}.many.test") for number in range(count)]


def test_thousands_of_queries_all_get_a_response(pair: Pair) -> None:
    queries = list(itertools.product((pair.primary, pair.secondary), [*names(3000), CATALOG]))
    found = query_all(queries)
    assert list(found) == queries
    assert all(found.values())
    assert sum(response is not None and response.serial is not None for response in found.values()) == 2


def test_duplicate_queries_are_sent_once(pair: Pair) -> None:
    assert len(query_all([(pair.primary, CATALOG)] * 3)) == 1
    assert query_all([]) == {}


def test_a_lost_query_is_repeated(pair: Pair) -> None:
    """Query through a proxy that drops the first copy of each query and forwards the second."""
    seen: set[bytes] = set()

    def drop_first() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as upstream:
            upstream.connect((LOOPBACK, pair.primary.endpoint.port))
            while len(query := proxy.recvfrom(1000)) and query[0]:
                if query[0] in seen:
                    upstream.send(query[0])
                    proxy.sendto(upstream.recv(4096), query[1])
                seen.add(query[0])

    with socket.socket(type=socket.SOCK_DGRAM) as proxy:
        proxy.bind((LOOPBACK, 0))
        thread = threading.Thread(target=drop_first)
        thread.start()
        server = Nameserver("drop_first", Endpoint(*proxy.getsockname()))
        found = query_all([(server, name) for name in names(5)], timeout=0.3)
        proxy.sendto(b"", proxy.getsockname())
        thread.join()
    assert all(found.values()) and len(found) == 5


def test_a_dead_nameserver_does_not_affect_the_others(pair: Pair) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        dead = Nameserver("dead", Endpoint(*silent.getsockname()))
        found = query_all(itertools.product((dead, pair.primary), names(2000)), timeout=0.1, retries=1, window=50)
    assert all((response is None) == (server is dead) for (server, _), response in found.items())
    assert len(found) == 4000
