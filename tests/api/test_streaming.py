"""Long lists are written piece by piece; what is in memory does not grow with them."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from appliance.api.presentation import JSON
from appliance.api.streaming import array, object_with_array, respond
from appliance.errors import StoreError
from appliance.store import records
from tests.api.conftest import Application, Bearer
from tests.volumes import fill, needs_root, small_volume
from tests.workspace import current_database


def items(count: int) -> Iterator[JSON]:
    """Yield some objects."""
    return ({"number": number, "text": "ü" * 100} for number in range(count))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_pieces_are_one_json_text(count: int) -> None:
    assert json.loads("".join(array(items(count)))) == list(items(count))
    document: JSON = {"domain": "bücher.example", "list": [], "comment": None}
    written = json.loads("".join(object_with_array(document, "list", items(count))))
    assert list(written) == list(document)
    assert written == {**document, "list": list(items(count))}


def test_a_long_response_is_not_kept_in_memory() -> None:
    with Flask(__name__).test_request_context():
        tracemalloc.start()
        response = respond(array(items(100_000)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert response.content_length and response.content_length > 20_000_000
    assert most < 5_000_000
    sent = b"".join(response.iter_encoded())
    assert len(sent) == response.content_length and len(json.loads(sent)) == 100_000


def test_what_fails_while_it_is_written_is_an_error_and_no_response() -> None:
    def broken() -> Iterator[str]:
        yield "["
        raise RuntimeError

    with Flask(__name__).test_request_context(), pytest.raises(RuntimeError):
        respond(broken())


@needs_root
def test_a_long_response_on_a_full_disk_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_volume(tmp_path / "tmp", 64) as volume, Flask(__name__).test_request_context():
        monkeypatch.setattr(tempfile, "tempdir", str(volume))
        fill(volume)
        with pytest.raises(StoreError, match=r"temporary file .* written: No space left"):
            respond(array(items(10_000)))
        short = respond(array(items(10)))
        assert len(json.loads(b"".join(short.iter_encoded()))) == 10


def test_all_records_of_a_zone_in_both_calls(application: Application, me: Bearer) -> None:
    zone, count = me.zone("example.com"), records.BATCH * 2
    me.record(zone, "A", "h", "192.0.2.1")
    with application.writing():
        current_database().execute_sql(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) "
            "insert into record (uuid, zone_id, owner, owner_key, rdtype, ttl, wire, value, line, comment, revision,"
            " created_at, updated_at) select lower(hex(randomblob(16))), zone_id, 'h' || i, owner_key || i, rdtype,"
            " ttl, wire, value, line, comment, revision, created_at, updated_at from record, n",
            (count - 1,),
        )
        current_database().execute_sql("update zone set record_count = ?", (count,))
    path = f"/dns-zones/{zone['uuid']}/"
    listed = me("GET", f"{path}records/")
    paged = [record for page in (1, 2) for record in me("GET", f"{path}records/?page={page}&page_size=1000").get_json()]
    shown = me("GET", path).get_json()
    assert len(paged) == count
    assert listed.get_json() == shown["records"] == paged
    assert (listed.headers["X-Total-Count"], "Link" in listed.headers) == (str(count), False)
    assert list(shown)[-1] == "records" and shown["record_count"] == count
