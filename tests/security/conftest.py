"""Two customers of one appliance: the victim and the attacker. Their accounts live as long as the appliance."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from tests.appliance import Appliance, Client

_numbers = itertools.count(1)


PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Account:
    """An account with a token for everything in it."""

    email: str
    api: Client


@dataclass(frozen=True, slots=True)
class Customer:
    """An account, and one of its zones with one record."""

    email: str
    api: Client
    zone: dict[str, Any]
    record: dict[str, Any]

    @property
    def domain(self) -> str:
        """The domain of its zone."""
        return str(self.zone["domain"])


def _customer(account: Account) -> Customer:
    zone = account.api.zone(f"{account.email.partition('@')[0]}{next(_numbers)}.example")
    return Customer(account.email, account.api, zone, account.api.record(zone, "A", "www", "192.0.2.1"))


def _account(appliance: Appliance, name: str) -> Account:
    email = f"{name}@example.org"
    return Account(email, appliance.client(appliance.token(email, "dns:*", "account:read", "account:tokens")))


@pytest.fixture(scope="session")
def victims_account(appliance: Appliance) -> Account:
    """The account of the victim, with a password for the console."""
    account = _account(appliance, "victim")
    appliance.command("account", "password", account.email, typed=PASSWORD + "\n")
    return account


@pytest.fixture(scope="session")
def attackers_account(appliance: Appliance) -> Account:
    """The account of the attacker."""
    return _account(appliance, "attacker")


@pytest.fixture
def victim(victims_account: Account) -> Customer:
    """A customer whose data must stay its own, with a new zone."""
    return _customer(victims_account)


@pytest.fixture
def attacker(attackers_account: Account) -> Customer:
    """Another customer of the same appliance, with a new zone."""
    return _customer(attackers_account)
