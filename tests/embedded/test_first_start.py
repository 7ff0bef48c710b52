"""The first secrets: printed by one start, and created again as long as none has."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.embedded.first_start import FIRST_ACCOUNT, FirstSecrets, FirstStart
from appliance.identity.passwords import is_password
from appliance.store import accounts, credentials
from appliance.store.file.database import Store
from tests.workspace import Clock


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store without accounts."""
    store = Store(tmp_path / "store.sqlite3")
    store.create_or_migrate()
    return store


def started(store: Store) -> FirstStart:
    """Return the first start of that store, as each start of its appliance has it."""
    first_start = FirstStart(store, store.path.with_name("first-start"), Clock())
    first_start.begin()
    return first_start


def are_valid(store: Store, found: FirstSecrets) -> tuple[bool, bool]:
    """Return whether the password is accepted, and the token."""
    with store.connection():
        known, token = credentials.find(FIRST_ACCOUNT), accounts.find_token(found.secret)
        assert known and token and known.is_first
        return is_password(found.password, known.password_hash), token.revoked_at is None


def test_what_was_printed_is_not_created_again(store: Store) -> None:
    first_start = started(store)
    assert first_start.create_secrets()
    first_start.end()
    assert started(store).create_secrets() is None


def test_what_no_start_has_printed_is_created_again(store: Store) -> None:
    lost = started(store).create_secrets()
    shown = started(store).create_secrets()
    assert lost and shown
    assert are_valid(store, shown) == (True, True)
    assert are_valid(store, lost) == (False, False)


def test_a_start_that_fails_before_leaves_no_account(store: Store) -> None:
    started(store)
    with store.connection():
        assert accounts.list_accounts() == []
    assert started(store).create_secrets()


def test_an_existing_appliance_gets_no_account(store: Store) -> None:
    with store.connection():
        accounts.create_account("somebody@example.org", Clock()())
    assert started(store).create_secrets() is None
