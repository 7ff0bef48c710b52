"""TSIG keys of transfers."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.imports.tsig import find_tsig, parse_tsig
from appliance.keys import new_key

KEY = new_key("transfer")


@pytest.mark.parametrize(
    "text", ["transfer:hmac-sha256:{secret}", "Transfer.:HMAC-SHA256.:{secret}\n", "hmac-sha256:transfer:{secret}"]
)
def test_a_key_as_text(text: str) -> None:
    assert parse_tsig(text.format(secret=KEY.secret)) == KEY


def test_a_key_in_a_file_or_in_the_environment(tmp_path: Path) -> None:
    statement, line = tmp_path / "statement", tmp_path / "line"
    statement.write_text(KEY.statement())
    line.write_text(f"transfer:hmac-sha256:{KEY.secret}\n")
    assert find_tsig(str(statement), None) == find_tsig(str(line), None) == KEY
    assert find_tsig(None, str(statement)) == find_tsig(None, line.read_text()) == KEY
    assert find_tsig(None, None) is None


def test_a_key_is_no_argument_and_in_no_message(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        find_tsig(line := f"transfer:hmac-sha256:{KEY.secret}", None)
    assert KEY.secret not in str(refused.value)
    for wrong in (KEY.secret, f"transfer:hmac-md4:{KEY.secret}", "a:b:c:d", line.replace("=", "?")):
        with pytest.raises(SettingsError) as refused:
            parse_tsig(wrong)
        assert KEY.secret not in str(refused.value)
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(SettingsError, match="key file"):
            find_tsig(str(path), None)
