"""Passwords: without a stored hash, verification takes as long as with one."""

from __future__ import annotations

from argon2 import extract_parameters

from appliance.identity.passwords import DUMMY_HASH, hash_password, is_password


def test_a_missing_hash_takes_as_long_to_compare() -> None:
    stored = hash_password("correct horse battery")
    assert is_password("correct horse battery", stored) and not is_password("correct horse", stored)
    assert not is_password("", None) and not is_password("no password at all", None)
    assert extract_parameters(DUMMY_HASH) == extract_parameters(stored)
    assert len(DUMMY_HASH) == len(stored)
