"""The table of owners."""

from __future__ import annotations

from pathlib import Path

import dns.name
import pytest

from appliance.errors import InvalidValue
from appliance.imports.owners import OTHERS, read_owners


def test_a_table_of_owners(tmp_path: Path) -> None:
    table = tmp_path / "owners"
    lines = "domain,account\n# a comment\nExample.com. alice@example.org  # hers\nexample.net,bob@example.org\n\n"
    table.write_text(f"{lines}* ops@example.org\n")
    assert read_owners(table) == {
        dns.name.from_text("example.com"): "alice@example.org",
        dns.name.from_text("example.net"): "bob@example.org",
        OTHERS: "ops@example.org",
    }


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("example.com", "owners:2: a line must be a domain"),
        ("example.com alice", "owners:2: a line must be a domain"),
        ("a..b alice@example.org", "owners:2: "),
        ("example.org bob@example.org", "owners:2: example.org has an account already, alice@example.org"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, line: str, detail: str) -> None:
    table = tmp_path / "owners"
    table.write_text(f"example.org alice@example.org\n{line}\n")
    with pytest.raises(InvalidValue, match=detail):
        read_owners(table)
