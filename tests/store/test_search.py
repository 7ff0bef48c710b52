"""The rule of searches: letter case, A-labels, final dots and addresses."""

from __future__ import annotations

import peewee as pw
import pytest

from appliance.store.search import contains
from tests.workspace import Workspace, current_database


@pytest.mark.parametrize(
    ("stored", "text", "found"),
    [
        ("Hello", "HELL", True),
        ("Hello", "help", False),
        ("100 %", "%", True),
        ("100 %", "_", False),
        ("ÜBER", "über", True),
        ("STRASSE", "straße", True),
        ("xn--bcher-kva.example", "bücher", True),
        ("xn--bcher-kva.example", "BÜCHER.Example.", True),
        ("www.xn--bcher-kva.example", ".bücher.example", True),
        ("mail.example.net", "mail.example.net.", True),
        ("2001:db8::1", "2001:0DB8:0:0::1", True),
        ("192.0.2.1", "192.0.2.1.", True),
        ("a", ".", False),
        ("a.b", ".", True),
        (None, "a", False),
    ],
)
def test_a_column_contains_a_text(workspace: Workspace, stored: str | None, text: str, found: bool) -> None:
    query = pw.Select(columns=[pw.fn.coalesce(contains(text, pw.Value("other"), pw.Value(stored)), 0)])
    ((answer,),) = query.bind(current_database()).tuples()
    assert bool(answer) == found
