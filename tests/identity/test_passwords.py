"""Passwords: what is compared where there is no hash costs what the hash of a password does."""

from __future__ import annotations

from argon2 import extract_parameters

from appliance.identity.passwords import HASH_OF_NOTHING, hash_password, is_password


def test_where_there_is_no_hash_as_much_is_compared() -> None:
    made = hash_password("correct horse battery")
    assert is_password("correct horse battery", made) and not is_password("correct horse", made)
    assert not is_password("", None) and not is_password("no password at all", None)
    assert extract_parameters(HASH_OF_NOTHING) == extract_parameters(made)
    assert len(HASH_OF_NOTHING) == len(made)
