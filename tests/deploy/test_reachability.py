"""A nameserver is unreachable when questions go unanswered, and not because nobody asked."""

from __future__ import annotations

from appliance.deploy.reachability import SILENT_AFTER, Reachability
from tests.deploy.builders import NS1, NS2


def test_an_unasked_nameserver_is_not_silent() -> None:
    reach = Reachability(0.0)
    reach.answered([NS1], 1.0)
    assert not reach.is_silent(NS1, 1000.0)
    assert (reach.last_answer(NS1), reach.last_answer(NS2)) == (1.0, 0.0)


def test_silence_counts_from_the_first_unanswered_question() -> None:
    reach = Reachability(0.0)
    for second in (10.0, 10.9, 11.0):
        reach.asked(NS1, second)
    assert not reach.is_silent(NS1, 10.0 + SILENT_AFTER)
    assert reach.is_silent(NS1, 10.1 + SILENT_AFTER)
    reach.answered([NS1], 12.0)
    assert not reach.is_silent(NS1, 13.5)
