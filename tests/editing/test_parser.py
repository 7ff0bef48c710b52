"""Names and record data of a write: each parsed once; each error has a field of its own."""

from __future__ import annotations

import pytest

from appliance.editing.parser import Parser
from appliance.errors import InvalidValue
from tests.zones.records import ORIGIN


def test_the_same_text_is_the_same_value() -> None:
    parser = Parser()
    assert parser.owner("www", ORIGIN) is parser.owner("www", ORIGIN) != parser.owner("mail", ORIGIN)
    assert parser.content("A", "192.0.2.1", None, ORIGIN) is parser.content("A", "192.0.2.1", None, ORIGIN)
    assert parser.content("MX", "a.example.net", 1, ORIGIN) != parser.content("MX", "a.example.net", 2, ORIGIN)


def test_each_refusal_is_an_error_of_its_own() -> None:
    parser, errors = Parser(), []
    for _ in range(2):
        with pytest.raises(InvalidValue) as refused:
            parser.content("A", "nonsense", None, ORIGIN)
        errors.append(refused.value)
    assert errors[0] is not errors[1]
