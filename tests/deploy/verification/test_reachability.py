"""A nameserver is unreachable when queries are unanswered, and not because there were none."""

from __future__ import annotations

from appliance.deploy.verification.reachability import SILENT_AFTER, Reachability
from tests.deploy.builders import NS1, NS2


def test_an_nameserver_without_queries_is_not_silent() -> None:
    reachability = Reachability(0.0)
    reachability.note_answers([NS1], 1.0)
    assert not reachability.is_silent(NS1, 1000.0)
    assert (reachability.last_answer(NS1), reachability.last_answer(NS2)) == (1.0, 0.0)


def test_silence_counts_from_the_first_unanswered_query() -> None:
    reachability = Reachability(0.0)
    for second in (10.0, 10.9, 11.0):
        reachability.note_query(NS1, second)
    assert not reachability.is_silent(NS1, 10.0 + SILENT_AFTER)
    assert reachability.is_silent(NS1, 10.1 + SILENT_AFTER)
    reachability.note_answers([NS1], 12.0)
    assert not reachability.is_silent(NS1, 13.5)
