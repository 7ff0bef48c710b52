"""Tokens in a query: only those that write addresses at listed names."""

from __future__ import annotations

import pytest

from appliance.doors.dyndns2.credential import may_be_in_query
from appliance.principal import Policy, Principal, TokenLimits

ADDRESSES = ("A", "AAAA")
NAMED = TokenLimits(record_types=ADDRESSES, record_names=("home",))


def _with(limits: TokenLimits, *permissions: str) -> Principal:
    return Principal(None, "token", "192.0.2.1", frozenset(permissions or ("dns:list", "dns:update")), limits)


@pytest.mark.parametrize(
    "limits",
    [
        NAMED,
        TokenLimits(record_types=("A",), record_names=("home", "*.dyn")),
        TokenLimits(policies=(Policy(names=("home",), types=ADDRESSES), Policy(write=False))),
    ],
)
def test_a_token_of_addresses_at_names_may_be_in_a_query(limits: TokenLimits) -> None:
    assert may_be_in_query(_with(limits))


@pytest.mark.parametrize(
    "limits",
    [
        TokenLimits(),
        TokenLimits(record_types=ADDRESSES),
        TokenLimits(record_names=("home",)),
        TokenLimits(record_types=("A", "TXT"), record_names=("home",)),
        TokenLimits(record_types=ADDRESSES, record_names=("*",)),
        TokenLimits(record_types=ADDRESSES, record_names=("home", "?*")),
        TokenLimits(record_types=ADDRESSES, record_names=("*.*",)),
        TokenLimits(policies=(Policy(names=("home",), types=ADDRESSES), Policy(names=("www",)))),
    ],
)
def test_no_other_token_may(limits: TokenLimits) -> None:
    assert not may_be_in_query(_with(limits))


@pytest.mark.parametrize("permission", ["account:tokens", "account:read", "admin:*"])
def test_no_token_of_an_account_may(permission: str) -> None:
    assert not may_be_in_query(_with(NAMED, "dns:*", permission))
