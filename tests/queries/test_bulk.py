"""Many SOA questions: all answered, lost ones asked again, a dead nameserver not waited for at length."""

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


def test_thousands_of_questions_are_all_answered(pair: Pair) -> None:
    questions = list(itertools.product((pair.primary, pair.secondary), [*names(3000), CATALOG]))
    found = query_all(questions)
    assert list(found) == questions
    assert all(found.values())
    assert sum(answer is not None and answer.serial is not None for answer in found.values()) == 2


def test_the_same_question_is_asked_once(pair: Pair) -> None:
    assert len(query_all([(pair.primary, CATALOG)] * 3)) == 1
    assert query_all([]) == {}


def test_a_lost_question_is_asked_again(pair: Pair) -> None:
    """A nameserver that drops the first copy of each question and passes on the second."""
    seen: set[bytes] = set()

    def forgetful() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as onward:
            onward.connect((LOOPBACK, pair.primary.endpoint.port))
            while len(question := place.recvfrom(1000)) and question[0]:
                if question[0] in seen:
                    onward.send(question[0])
                    place.sendto(onward.recv(4096), question[1])
                seen.add(question[0])

    with socket.socket(type=socket.SOCK_DGRAM) as place:
        place.bind((LOOPBACK, 0))
        thread = threading.Thread(target=forgetful)
        thread.start()
        server = Nameserver("forgetful", Endpoint(*place.getsockname()))
        found = query_all([(server, name) for name in names(5)], timeout=0.3)
        place.sendto(b"", place.getsockname())
        thread.join()
    assert all(found.values()) and len(found) == 5


def test_a_dead_nameserver_takes_none_from_the_living(pair: Pair) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        dead = Nameserver("dead", Endpoint(*silent.getsockname()))
        found = query_all(itertools.product((dead, pair.primary), names(2000)), timeout=0.1, retries=1, window=50)
    assert all((answer is None) == (server is dead) for (server, _), answer in found.items())
    assert len(found) == 4000
