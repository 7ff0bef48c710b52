"""A console with one of everything in it, so that each of its pages has something to show and each form to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyotp import TOTP
from werkzeug.routing import Rule

from appliance.store import accounts, invitations, sessions
from tests.console.conftest import PASSWORD, Browser, Console
from tests.console.zone_page import ZonePage

OPERATOR, GUEST, LEFT = "operator@example.org", "guest@example.org", "left@example.org"
NEW = "another long password"
SECRET, CODES = "x" * 43, "A" * 32
"""Of an invitation, and of a second factor."""

FORMS: dict[str, dict[str, Any]] = {
    "console.change_settings": {"default_ttl": "60"},
    "console.create_zone": {"domain": "second.example"},
    "console.change_record": {"name": "www", "part_value": "192.0.2.9", "revision": "1", "act": "save"},
    "console.create_record": {"name": "new", "part_value": "192.0.2.1", "act": "save"},
    "console.records_delete": {},
    "console.settle_changes": {"act": "save"},
    "console.delete_zone": {"domain": "example.com"},
    "console.create": {"name": "laptop", "permissions": ["dns:list"]},
    "console.revoke": {},
    "console.invite": {"email": "second@example.org"},
    "console.withdraw": {},
    "console.disable": {},
    "console.enable": {},
    "console.sign_one_out": {},
    "console.sign_others_out": {},
    "console.enable_second_factor": {"current": PASSWORD, "secret": CODES},
    "console.disable_second_factor": {"current": PASSWORD},
    "console.set_password": {"current": PASSWORD, "password": NEW, "again": NEW},
    "console.accept_invitation": {"password": NEW, "again": NEW},
    "console.try_sign_in": {"email": OPERATOR, "password": NEW},
    "console.sign_out": {},
}
"""What is filled in, by endpoint; sent one after the other, each of them writes."""


@dataclass
class Furnished:
    """An operator's browser, and what there is."""

    console: Console
    browser: Browser
    page: ZonePage
    things: dict[str, str]

    def paths(self, method: str) -> Iterator[tuple[str, str]]:
        """Endpoint and path of every page of that method, each with things that are there."""
        for rule in self.console.application.app.url_map.iter_rules():
            if (
                rule.endpoint.startswith("console.")
                and rule.endpoint != "console.static"
                and method in (rule.methods or ())
            ):
                yield rule.endpoint, self.path(rule)

    def path(self, rule: Rule) -> str:
        """The path of a page, with things that are there in its places."""
        things = {**self.things, "uuid": self.things.get(rule.endpoint, str(self.page.uuid))}
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: things[found[1]], rule.rule)

    def fields(self, endpoint: str) -> dict[str, Any]:
        """What makes the form of that endpoint do something."""
        code = TOTP(CODES).at(self.console.application.clock())
        fields = {**FORMS[endpoint], "record": self.things["record"], "code": code}
        if endpoint == "console.settle_changes":
            path = f"{self.page.path}changes/"
            fields["seen"] = self.browser.forms(path)[path]["seen"]
        return fields

    def token(self) -> dict[str, str]:
        """What forms of the operator carry now."""
        forms = self.browser.forms("/account/") or self.browser.forms("/sign-in/")
        return {"form_token": forms.get("/sign-out/", forms.get("/sign-in/", {}))["form_token"]}

    def rows(self) -> dict[str, list[Any]]:
        """Everything that is stored."""
        store = self.console.application.store
        with store.connection(), store.reading():
            tables = [name for (name,) in store._db.execute_sql("select name from sqlite_master where type = 'table'")]
            return {table: list(store._db.execute_sql(f"select * from {table}")) for table in tables}  # noqa: S608


def furnish(console: Console) -> Furnished:
    """One of everything: a zone with a record and a draft, a token, other sessions, an invitation, accounts."""
    application, now = console.application, console.application.clock()
    operator = console.signed_in(OPERATOR, is_admin=True)
    page = ZonePage(console, operator, str(operator.send("/zones/new/", {"domain": "example.com"}).location))
    page.address()
    page.address(name="waits", act="gather")
    me, guest, left = (application.account(email) for email in (OPERATOR, GUEST, LEFT))
    with application.writing():
        token, _ = accounts.create_token(me, "laptop", ["dns:*"], now)
        others = [sessions.begin(me, f"{number}" * 43, now, "192.0.2.1", "a browser") for number in range(2)]
        invited = invitations.add("invited@example.org", "y" * 43, OPERATOR, now, is_admin=False)
        invitations.add("coming@example.org", SECRET, OPERATOR, now, is_admin=False)
        accounts.disable_account(LEFT, now)
    things = {
        "record": str(page.records()[0].uuid),
        "secret": SECRET,
        "console.revoke": str(token.uuid),
        "console.sign_one_out": str(others[0].uuid),
        "console.withdraw": str(invited.uuid),
        "console.disable": str(guest.uuid),
        "console.enable": str(left.uuid),
    }
    return Furnished(console, operator, page, things)
