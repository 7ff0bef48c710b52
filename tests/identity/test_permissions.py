"""Rights of tokens: a token cannot create one with more rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from ipaddress import ip_network
from itertools import product
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.errors import InputError, NotPermitted
from appliance.identity.permissions import PERMISSIONS, check_permissions, refuse_wider
from appliance.identity.policies import glob_lies_in
from appliance.principal import Account, Principal, Token, TokenLimits, allows

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


def test_an_obviously_narrower_glob_is_accepted() -> None:
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


ACCOUNT = Account(UUID(int=1), "owner@example.org", False, 0, datetime(2031, 5, 4, tzinfo=UTC), None)
OWN = TokenLimits(
    expires_at=datetime(2031, 6, 1, tzinfo=UTC),
    networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
    zones=frozenset({UUID(int=1), UUID(int=2)}),
    record_types=("TXT", "A*"),
    record_names=("_acme-challenge*",),
)


@pytest.mark.parametrize("permissions", [[], ["dns"], ["dns:list", "dns:fly"], ["admin:*"], ["*"]])
def test_other_permissions_are_refused(permissions: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        check_permissions(ACCOUNT, frozenset(permissions))
    assert refused.value.field == "permissions"


def test_operators_have_all_permissions() -> None:
    check_permissions(replace(ACCOUNT, is_admin=True), frozenset(PERMISSIONS))
    check_permissions(ACCOUNT, frozenset(PERMISSIONS) - {"admin:*"})


def _bearer(*permissions: str, limits: TokenLimits) -> Principal:
    held = frozenset(permissions)
    token = Token(UUID(int=9), ACCOUNT, "n", "vps_", held, limits, ACCOUNT.created_at, None, None)
    return Principal.of_token(token, "192.0.2.1")


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (OWN, None),
        (replace(OWN, expires_at=datetime(2031, 5, 31, tzinfo=UTC)), None),
        (replace(OWN, networks=(ip_network("192.0.2.128/25"),)), None),
        (replace(OWN, zones=frozenset({UUID(int=2)})), None),
        (replace(OWN, record_types=("AAAA", "TXT")), None),
        (replace(OWN, record_names=("_acme-challenge.www",)), None),
        (replace(OWN, expires_at=None), "expires_at"),
        (replace(OWN, expires_at=datetime(2031, 6, 2, tzinfo=UTC)), "expires_at"),
        (replace(OWN, networks=None), "allowed_networks"),
        (replace(OWN, networks=(ip_network("192.0.0.0/16"),)), "allowed_networks"),
        (replace(OWN, networks=(ip_network("::/0"),)), "allowed_networks"),
        (replace(OWN, zones=None), "zones"),
        (replace(OWN, zones=frozenset({UUID(int=3)})), "zones"),
        (replace(OWN, record_types=("MX",)), "record_types"),
        (replace(OWN, record_names=("*",)), "record_names"),
    ],
)
def test_no_limit_of_a_new_token_is_wider(limits: TokenLimits, name: str | None) -> None:
    bearer = _bearer("dns:*", limits=OWN)
    if name is None:
        refuse_wider(bearer, ["dns:list"], limits)
    else:
        with pytest.raises(NotPermitted, match=f"limited by {name}:"):
            refuse_wider(bearer, ["dns:list"], limits)
    refuse_wider(Principal.of_account(ACCOUNT, "192.0.2.1"), ["dns:list"], limits)


def test_no_permission_of_a_new_token_is_wider() -> None:
    bearer = _bearer("dns:list", "account:*", limits=TokenLimits())
    refuse_wider(bearer, ["dns:list", "account:tokens"], TokenLimits())
    for permission in ("dns:read", "dns:*", "admin:*"):
        with pytest.raises(NotPermitted):
            refuse_wider(bearer, [permission], TokenLimits())
