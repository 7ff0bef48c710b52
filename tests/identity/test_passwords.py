"""Passwords: without a stored hash, verification takes as long as with one."""

from __future__ import annotations

import pytest
from argon2 import extract_parameters

from appliance.errors import InputError
from appliance.identity.passwords import DUMMY_HASH, hash_password, is_password


def test_a_missing_hash_takes_as_long_to_compare() -> None:
    stored = hash_password("correct horse battery", "owner@example.org")
    assert is_password("correct horse battery", stored) and not is_password("correct horse", stored)
    assert not is_password("", None) and not is_password("no password at all", None)
    assert extract_parameters(DUMMY_HASH) == extract_parameters(stored)
    assert len(DUMMY_HASH) == len(stored)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password1234!",
        "123456789012",
        "qwertyuiop12",
        "iloveyou1234",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "dns appliance",
        "owner@example.org",
        "passwordpassword" * 60,
    ],
)
def test_common_passwords_words_of_context_and_patterns_are_refused(password: str) -> None:
    with pytest.raises(InputError, match="easy to guess") as refused:
        hash_password(password, "owner@example.org")
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password", ["correct horse battery", "xK9#mQ2$vL5n", "пароль из четырёх слов", "x9" * 6 + "q7!zu"]
)
def test_other_passwords_are_accepted(password: str) -> None:
    assert is_password(password, hash_password(password, "owner@example.org"))
