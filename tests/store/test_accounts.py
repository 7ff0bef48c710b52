"""Accounts and tokens: a secret is never stored; permissions and limits of a token round-trip."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from uuid import UUID, uuid4

import pytest

from appliance.errors import InputError, NotFound
from appliance.principal import TokenLimits
from appliance.store import accounts
from tests.workspace import Workspace


def test_an_account_is_found_in_any_letter_case(workspace: Workspace) -> None:
    created = accounts.create_account("Someone@Example.org", workspace.clock(), is_admin=True)
    assert created.email == "someone@example.org" and created.is_admin and created.zone_count == 0
    assert accounts.find_account("SOMEONE@example.ORG") == created
    assert [account.email for account in accounts.list_accounts()] == sorted(
        ["owner@example.org", "someone@example.org", "stranger@example.org"]
    )


@pytest.mark.parametrize(
    "email", ["", "a", "@", "a@", "@b", "a b@c", "a@b\n", "a\x00@b", "a@b\u2028", "x" * 254 + "@b", "OWNER@example.org"]
)
def test_malformed_emails_are_refused(workspace: Workspace, email: str) -> None:
    with pytest.raises(InputError) as refused:
        accounts.create_account(email, workspace.clock())
    assert refused.value.field == "email"


def test_unknown_accounts_and_tokens_are_not_found(workspace: Workspace) -> None:
    for ask in (
        lambda: accounts.find_account("nobody@example.org"),
        lambda: accounts.disable_account("nobody@example.org", workspace.clock()),
        lambda: accounts.get_account(uuid4()),
        lambda: accounts.owner_of_token(uuid4()),
        lambda: accounts.revoke_token(uuid4(), workspace.clock()),
    ):
        with pytest.raises(NotFound):
            ask()
    assert accounts.find_token("vps_nosuchsecret") is None and accounts.find_token("\ud800") is None


def test_an_account_is_disabled_once(workspace: Workspace) -> None:
    first = accounts.disable_account("OWNER@example.org", workspace.clock())
    workspace.clock.forward(days=1)
    assert accounts.disable_account("owner@example.org", workspace.clock()) == first
    assert first.disabled_at == workspace.clock() - timedelta(days=1)


def test_a_secret_is_never_stored(workspace: Workspace) -> None:
    account = accounts.find_account("owner@example.org")
    secrets = [accounts.create_token(account, "laptop", ["dns:*"], workspace.clock())[1] for _ in range(20)]
    stored = repr(workspace.rows()) + workspace.store.path.read_bytes().decode("latin-1")
    assert len(set(secrets)) == 20
    for secret in secrets:
        assert secret.startswith("vps_") and len(secret) >= 4 + 27, "160 bits and more"
        assert secret not in stored and secret[12:] not in stored and secret[:12] in stored


def test_a_token_comes_back_as_it_was_given(workspace: Workspace) -> None:
    account = accounts.find_account("owner@example.org")
    limits = TokenLimits(
        expires_at=workspace.clock() + timedelta(microseconds=1),
        networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
        zones=frozenset({UUID(int=1)}),
        record_types=("TXT",),
        record_names=("_acme-challenge.*",),
    )
    token, secret = accounts.create_token(account, "a “name”", ["dns:list", "dns:update"], workspace.clock(), limits)
    assert accounts.find_token(secret) == token and accounts.list_tokens() == [token]
    assert token.permissions == {"dns:list", "dns:update"} and token.prefix == secret[:12]
    assert token.limits == limits
    assert accounts.find_token(secret[:-1]) is None and accounts.find_token(f"{secret}x") is None


def test_no_limit_is_not_the_empty_limit(workspace: Workspace) -> None:
    account = accounts.find_account("owner@example.org")
    none = accounts.create_token(account, "n", ["dns:*"], workspace.clock())[0]
    empty = accounts.create_token(
        account, "e", ["dns:*"], workspace.clock(), TokenLimits(zones=frozenset(), record_types=())
    )[0]
    assert none.limits == TokenLimits() and empty.limits == TokenLimits(zones=frozenset(), record_types=())


def test_last_use_and_revocation_of_a_token_are_stored(workspace: Workspace) -> None:
    token, secret = accounts.create_token(accounts.find_account("owner@example.org"), "n", ["dns:*"], workspace.clock())
    workspace.clock.forward(hours=1)
    accounts.store_last_use(token, "api", workspace.clock())
    accounts.revoke_token(token.uuid, workspace.clock())
    found = accounts.find_token(secret)
    assert found and found.last_used_at == found.revoked_at == workspace.clock()


def test_a_tsig_key_is_found_by_the_uuid_of_its_token_and_dies_with_it(workspace: Workspace) -> None:
    account = accounts.find_account("owner@example.org")
    token, secret = accounts.create_token(account, "dhcp", ["dns:*"], workspace.clock(), with_tsig_key=True)
    other, _ = accounts.create_token(account, "laptop", ["dns:*"], workspace.clock())
    assert token.has_tsig_key and not other.has_tsig_key
    assert accounts.find_tsig_key(token.uuid) == (token, accounts.tsig_secret(secret))
    assert accounts.find_tsig_key(other.uuid) is None and accounts.find_tsig_key(uuid4()) is None
    assert accounts.find_token(secret) == token
    accounts.revoke_token(token.uuid, workspace.clock())
    assert accounts.find_tsig_key(token.uuid) is None and not workspace.rows()["tsig_key"]


def test_the_keys_of_all_tokens_of_an_account_die_together(workspace: Workspace) -> None:
    owner, stranger = (accounts.find_account(f"{name}@example.org") for name in ("owner", "stranger"))
    mine, theirs = (
        accounts.create_token(one, "dhcp", ["dns:*"], workspace.clock(), with_tsig_key=True)[0]
        for one in (owner, stranger)
    )
    accounts.revoke_tokens(owner.uuid, workspace.clock())
    assert accounts.find_tsig_key(mine.uuid) is None and accounts.find_tsig_key(theirs.uuid)
