"""Keys: parsed as the tools write them, and never shown."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.files import write_atomically
from appliance.keys import Key, KeyFile, new_key, present_key, read_key
from tests.pair import program


def test_a_key_reads_back_as_it_was_written(tmp_path: Path) -> None:
    key = new_key("transfer", "hmac-sha512")
    (tmp_path / "key").write_text(key.statement())
    assert read_key(tmp_path / "key") == key


def test_a_key_of_rndc_confgen_is_parsed(tmp_path: Path) -> None:
    file = tmp_path / "rndc.key"
    subprocess.run(
        (program("rndc-confgen"), "-a", "-A", "hmac-sha256", "-c", str(file)), check=True, capture_output=True
    )
    key = read_key(file)
    assert (key.name, key.algorithm, len(key.octets)) == ("rndc-key", "hmac-sha256", 32)


def test_the_secret_is_not_shown() -> None:
    key = new_key("transfer")
    assert key.secret not in repr(key) and key.secret not in str(key)


def test_two_new_keys_differ() -> None:
    assert new_key("a").secret != new_key("a").secret


@pytest.mark.parametrize(
    ("name", "algorithm", "secret"),
    [
        ('a"; }; include "x', "hmac-sha256", "c2VjcmV0"),
        ("", "hmac-sha256", "c2VjcmV0"),
        ("a", "hmac-md5", "c2VjcmV0"),
        ("a", "hmac-sha256", 'c2Vj"; };'),
        ("a", "hmac-sha256", ""),
    ],
)
def test_a_key_that_could_end_its_statement_is_refused(name: str, algorithm: str, secret: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Key(name, algorithm, secret)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize("text", ["", "key a {};", 'key "a" { algorithm hmac-sha256; secret "YQ=="; };\nkey'])
def test_a_file_without_exactly_one_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(SettingsError):
        read_key(tmp_path / "key")


def test_a_missing_key_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        read_key(tmp_path / "key")


def test_a_replaced_key_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "any.key"
    source = KeyFile(file)
    with pytest.raises(SettingsError):
        source.key()
    first, second = new_key("first"), new_key("second")
    for key in (first, second):
        write_atomically(file, key.statement().encode(), 0o600)
        assert source.key() == key
    file.unlink()
    assert present_key(source) == second == present_key(second)
