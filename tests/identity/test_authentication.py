"""Authentication without HTTP: which secrets give a principal, and the errors of all others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import NoReturn, cast
from uuid import UUID, uuid4

import pytest

from appliance.errors import AccessError, AuthenticationFailed, MissingPermission, NotPermitted, RateLimited, StoreError
from appliance.identity.authentication import API_DOOR, Authenticator
from appliance.identity.permissions import PERMISSIONS, grantable
from appliance.principal import EVERYTHING, Account, Principal, Scope, Token, TokenLimits
from appliance.store import accounts
from appliance.store.file.database import Store
from tests.workspace import Workspace, open_workspace

ADDRESS, ELSEWHERE = "192.0.2.7", "198.51.100.1"
LIMITS = TokenLimits(networks=(ip_network("192.0.2.0/24"),))


@dataclass
class Counting:
    """Limits that count calls, and refuse the tokens and addresses that a test sets."""

    refused: set[Hashable] = field(default_factory=set)
    requests: list[Hashable] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def count_request(self, token: Hashable) -> None:
        """Count a request of the token."""
        self.requests.append(token)
        self._refuse(token)

    def check_failures(self, address: str) -> None:
        """Raise RateLimited if the address has failed too often."""
        self._refuse(address)

    def count_failure(self, address: str) -> None:
        """Count a failure of the address."""
        self.failures.append(address)

    def _refuse(self, key: Hashable) -> None:
        if key in self.refused:
            raise RateLimited("too often", 2.5)


@dataclass
class Doorway:
    """An authenticator over a store, and one token of its owner."""

    workspace: Workspace
    limits: Counting
    token: Token
    secret: str

    def enter(self, secret: str | None = None, address: str = ADDRESS, door: str = API_DOOR) -> Principal:
        """Authenticate with a secret, by default that of the token."""
        authenticator = Authenticator(self.workspace.store, self.limits, self.workspace.store.reading)
        secret = self.secret if secret is None else secret
        return authenticator.authenticate(secret, address, self.workspace.clock(), door=door)


@pytest.fixture
def doorway(tmp_path: Path) -> Iterator[Doorway]:
    with open_workspace(tmp_path) as workspace:
        yield Doorway(workspace, Counting(), *_token(workspace, ["dns:list"], LIMITS))


def _token(workspace: Workspace, permissions: list[str], limits: TokenLimits | None = None) -> tuple[Token, str]:
    return accounts.create_token(workspace.owner.account, "laptop", permissions, workspace.clock(), limits)


def test_a_token_becomes_a_principal(doorway: Doorway) -> None:
    principal, owner = doorway.enter(), doorway.workspace.owner.account
    assert (principal.account, principal.token) == (owner, doorway.token)
    assert (principal.name, principal.address) == ("owner@example.org (laptop)", ADDRESS)
    assert (principal.permissions, principal.limits, principal.operator) == (frozenset({"dns:list"}), LIMITS, False)
    assert (principal.scope, principal.recorded_account) == (Scope(owner.uuid), owner.uuid)
    assert (doorway.limits.requests, doorway.limits.failures) == ([doorway.token.uuid], [])


def test_an_ipv4_address_in_ipv6_lies_in_its_network(doorway: Doorway) -> None:
    assert doorway.enter(address=f"::ffff:{ADDRESS}").account == doorway.workspace.owner.account


def _revoke(doorway: Doorway) -> None:
    accounts.revoke_token(doorway.token.uuid, doorway.workspace.clock())


def _expire(doorway: Doorway) -> None:
    limits = TokenLimits(expires_at=doorway.workspace.clock() + timedelta(seconds=1))
    doorway.token, doorway.secret = _token(doorway.workspace, ["dns:*"], limits)
    doorway.enter()
    doorway.limits.requests.clear()
    doorway.workspace.clock.forward(seconds=1)


def _disable(doorway: Doorway) -> None:
    accounts.disable_account(doorway.workspace.owner.account.email, doorway.workspace.clock())


def _nothing(_: Doorway) -> None:
    """Change nothing: the token is valid."""


@pytest.mark.parametrize(
    ("prepare", "secret", "address"),
    [
        pytest.param(_nothing, "", ADDRESS, id="none"),
        pytest.param(_nothing, "vps_short", ADDRESS, id="malformed"),
        pytest.param(_nothing, "vps_" + "x" * 129, ADDRESS, id="too long"),
        pytest.param(_nothing, "{} ", ADDRESS, id="with a space"),
        pytest.param(_nothing, "\ud800", ADDRESS, id="a surrogate"),
        pytest.param(_nothing, "vps_" + "x" * 32, ADDRESS, id="unknown"),
        pytest.param(_nothing, "{}x", ADDRESS, id="longer"),
        pytest.param(_revoke, "{}", ADDRESS, id="revoked"),
        pytest.param(_expire, "{}", ADDRESS, id="expired"),
        pytest.param(_disable, "{}", ADDRESS, id="account disabled"),
        pytest.param(_nothing, "{}", ELSEWHERE, id="another network"),
        pytest.param(_nothing, "{}", "2001:db8::1", id="another family"),
        pytest.param(_nothing, "{}", "", id="no address"),
    ],
)
def test_what_is_not_valid_fails_in_one_way(
    doorway: Doorway, prepare: Callable[[Doorway], None], secret: str, address: str
) -> None:
    prepare(doorway)
    with pytest.raises(AuthenticationFailed) as failed:
        doorway.enter(secret.replace("{}", doorway.secret), address)
    assert str(failed.value) == "a valid token is required"
    assert (doorway.limits.requests, doorway.limits.failures) == ([], [address])


@pytest.mark.parametrize("secret", ["{}", "vps_" + "x" * 32])
def test_an_address_that_failed_too_often_is_refused_with_a_valid_token_too(doorway: Doorway, secret: str) -> None:
    doorway.limits.refused = {ADDRESS}
    with pytest.raises(RateLimited) as refused:
        doorway.enter(secret.replace("{}", doorway.secret))
    assert refused.value.retry_after == 3 and "3 s" in str(refused.value)
    assert (doorway.limits.requests, doorway.limits.failures) == ([], [])


def test_a_token_with_too_many_requests_is_refused_and_counts_as_no_failure(doorway: Doorway) -> None:
    doorway.limits.refused = {doorway.token.uuid}
    with pytest.raises(RateLimited):
        doorway.enter()
    assert doorway.limits.failures == []


def test_use_is_stored_once_a_minute(doorway: Doorway) -> None:
    def used() -> object:
        return accounts.get_token(doorway.workspace.owner.account.uuid, doorway.token.uuid).last_used_at

    begin = doorway.workspace.clock()
    for seconds, noted in ((0, 0), (59, 0), (1, 60)):
        doorway.workspace.clock.forward(seconds=seconds)
        doorway.enter()
        assert used() == begin + timedelta(seconds=noted)


def test_use_is_stored_once_a_minute_at_each_door(doorway: Doorway) -> None:
    def uses() -> dict[str, float]:
        token = accounts.get_token(doorway.workspace.owner.account.uuid, doorway.token.uuid)
        assert token.last_used_at == max(used_at for _, used_at in token.last_uses)
        return {door: (used_at - begin).total_seconds() for door, used_at in token.last_uses}

    begin = doorway.workspace.clock()
    for seconds, door, stored in (
        (0, "httpreq", {"httpreq": 0}),
        (30, API_DOOR, {API_DOOR: 30, "httpreq": 0}),
        (29, "httpreq", {API_DOOR: 30, "httpreq": 0}),
        (1, "httpreq", {"httpreq": 60, API_DOOR: 30}),
    ):
        doorway.workspace.clock.forward(seconds=seconds)
        doorway.enter(door=door)
        assert list(uses().items()) == list(stored.items())


class Unreadable:
    """A store that counts attempts to read it."""

    reads = 0

    def reading(self) -> NoReturn:
        """Count an attempt and fail."""
        self.reads += 1
        raise StoreError("unreadable")


@pytest.mark.parametrize(("secret", "reads"), [("", 0), ("x" * 40, 0), ("vps_short", 0), ("vps_" + "x" * 32, 1)])
def test_no_store_is_read_for_a_malformed_secret(workspace: Workspace, secret: str, reads: int) -> None:
    store = Unreadable()
    authenticator = Authenticator(cast(Store, store), Counting(), workspace.store.reading)
    assert not authenticator.knows(secret, workspace.clock()) and store.reads == reads


def test_what_an_error_of_access_carries() -> None:
    missing = MissingPermission(("dns:list", "dns:read"))
    assert missing.permissions == ("dns:list", "dns:read") and isinstance(missing, NotPermitted)
    assert str(missing) == "this token lacks the permission dns:list or dns:read"
    assert issubclass(RateLimited, AccessError) and issubclass(AuthenticationFailed, AccessError)


def _account(workspace: Workspace, *, is_admin: bool) -> Account:
    return accounts.create_account(f"{uuid4()}@example.org", workspace.clock(), is_admin=is_admin)


def test_a_session_may_do_what_its_account_may(workspace: Workspace) -> None:
    person, operator = (
        Principal.of_account(_account(workspace, is_admin=is_admin), ADDRESS) for is_admin in (False, True)
    )
    assert (person.scope, operator.scope) == (Scope(person.account.uuid), EVERYTHING)
    assert (grantable(person), grantable(operator)) == (PERMISSIONS[:-1], PERMISSIONS)
    for permission in PERMISSIONS[:-1]:
        person.require(permission)
    with pytest.raises(MissingPermission):
        person.require("admin:*")


def test_a_command_on_this_host_is_not_recorded_as_the_account(workspace: Workspace) -> None:
    acting, alone = Principal.local("command line", workspace.owner.account), Principal.local("deployer")
    assert (acting.account, acting.recorded_account, acting.operator) == (workspace.owner.account, None, True)
    assert (alone.recorded_account, alone.scope, alone.address) == (None, EVERYTHING, "")
    with pytest.raises(NotPermitted):
        _ = alone.account


def test_one_of_several_permissions_is_enough(doorway: Doorway) -> None:
    principal = doorway.enter()
    principal.require()
    principal.require("dns:read", "dns:list")
    with pytest.raises(MissingPermission):
        principal.require("dns:read", "dns:update")


class TestKeys:
    """A TSIG key is as good as the secret of its token, and counts as it does."""

    def key(self, doorway: Doorway, limits: TokenLimits | None = LIMITS) -> tuple[Token, bytes]:
        """Return a new token, and the secret of its key."""
        account, now = doorway.workspace.owner.account, doorway.workspace.clock()
        token, secret = accounts.create_token(account, "dhcp", ["dns:list"], now, limits, with_tsig_key=True)
        return token, accounts.tsig_secret(secret)

    def enter(self, doorway: Doorway, uuid: UUID | None, secret: bytes, address: str = ADDRESS) -> Principal:
        """Authenticate with a message that this secret signed."""

        def verify(known: bytes) -> None:
            if known != secret:
                raise AuthenticationFailed("wrong signature")

        authenticator = Authenticator(doorway.workspace.store, doorway.limits, doorway.workspace.store.reading)
        return authenticator.authenticate_key(uuid, verify, address, doorway.workspace.clock())

    def test_a_key_becomes_the_principal_of_its_token(self, doorway: Doorway) -> None:
        token, secret = self.key(doorway)
        principal = self.enter(doorway, token.uuid, secret)
        assert principal.token and principal.token.uuid == token.uuid and principal.address == ADDRESS
        assert (doorway.limits.requests, doorway.limits.failures) == ([token.uuid], [])
        stored = accounts.find_tsig_key(token.uuid)
        assert stored and dict(stored[0].last_uses) == {"update": doorway.workspace.clock()}

    def test_all_others_fail_and_count_against_the_address(self, doorway: Doorway) -> None:
        (token, secret), (revoked, old) = self.key(doorway), self.key(doorway)
        accounts.revoke_token(revoked.uuid, doorway.workspace.clock())
        failing = [
            (None, secret, ADDRESS),
            (uuid4(), secret, ADDRESS),
            (doorway.token.uuid, secret, ADDRESS),
            (revoked.uuid, old, ADDRESS),
            (token.uuid, b"another", ADDRESS),
            (token.uuid, secret, ELSEWHERE),
        ]
        for one in failing:
            with pytest.raises(AuthenticationFailed):
                self.enter(doorway, *one)
        assert doorway.limits.failures == [address for _, _, address in failing]
        assert doorway.limits.requests == []

    def test_an_address_that_failed_too_often_needs_a_right_signature(self, doorway: Doorway) -> None:
        token, secret = self.key(doorway)
        doorway.limits.refused.add(ADDRESS)
        for uuid, wrong in ((token.uuid, b"another"), (uuid4(), secret)):
            with pytest.raises(RateLimited):
                self.enter(doorway, uuid, wrong)
        assert doorway.limits.failures == []
        assert self.enter(doorway, token.uuid, secret).token
