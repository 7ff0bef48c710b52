"""JSON of bodies: strict about what parsers commonly accept."""

from __future__ import annotations

import pytest

from appliance.errors import InputError
from appliance.web.json_body import read_json, read_object


def test_any_value_is_read() -> None:
    assert read_json(b'[{"a": null}]') == [{"a": None}] and read_object(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b'{"a": 1, "a": 2}', "more than once"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "must be a JSON object"),
    ],
)
def test_other_octets_are_refused(octets: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_object(octets)
