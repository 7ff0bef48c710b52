"""How far a token reaches: nothing that it makes matches what it does not match itself."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

from hypothesis import example, given
from hypothesis import strategies as st

from appliance.people.permissions import glob_lies_in
from appliance.principal import allows

globs = st.text("a.*?[]!", min_size=1, max_size=5)
TEXTS = ["".join(letters) for length in range(5) for letters in product("a.[", repeat=length)]


@given(globs, globs)
@example("*", "?")
@example("[ab]", "*a*")
@example("[a]", "[*")
@example("?", "*")
def test_a_glob_that_lies_in_another_matches_no_more(glob: str, wide: str) -> None:
    if glob_lies_in(glob, wide):
        assert not [text for text in TEXTS if fnmatchcase(text, glob) and not fnmatchcase(text, wide)]


def test_what_is_plainly_narrower_is_let_pass() -> None:
    for glob, wide in (("www", "*"), ("www", "w?w"), ("*.dev", "*"), ("_acme.*", "_acme*"), ("[x]", "[x]")):
        assert glob_lies_in(glob, wide)


def test_permissions_within_permissions() -> None:
    assert (
        allows(frozenset({"dns:*"}), "dns:list")
        and allows(frozenset({"admin:*"}), "account:tokens")
        and allows(frozenset({"dns:*"}), "dns:*")
    )
    assert not allows(frozenset({"dns:*"}), "account:read") and not allows(frozenset({"dns:list"}), "dns:*")
    assert not allows(frozenset({"dns:*", "account:read", "account:tokens"}), "admin:*")
