"""An example console, in which every page has content and every form has an effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pyotp import TOTP
from werkzeug.routing import Rule

from appliance.editing import CreateRecord, RecordInput
from appliance.store import accounts, credentials, holds, invitations, sessions, zones
from appliance.zones.ownership import HoldReason
from appliance.zones.signing import Timing
from tests.console.conftest import PASSWORD, Browser, Console, forms_in
from tests.console.zone_page import ZonePage
from tests.signing import at_parent, key, signed, store_signing
from tests.workspace import current_database

OPERATOR, GUEST, DISABLED = "operator@example.org", "guest@example.org", "disabled@example.org"
GUARDED = "guarded@example.org"
"""The account with a second factor."""
NEW = "another long password"
SECRET, TOTP_SECRET = "x" * 43, "A" * 32
"""The secret of an invitation, and one for two-factor authentication."""

FORMS: dict[str, dict[str, Any]] = {
    "console.zone_release": {},
    "console.change_settings": {"default_ttl": "60"},
    "console.bring_back": {"intent": "undo"},
    "console.decide_change": {"intent": "keep"},
    "console.create_zone": {"domain": "second.example"},
    "console.change_record": {"name": "www", "part_value": "192.0.2.9", "revision": "1", "intent": "save"},
    "console.create_record": {"name": "new", "part_value": "192.0.2.1", "intent": "save"},
    "console.delete_records": {},
    "console.submit_draft": {"intent": "publish"},
    "console.restore_zone": {},
    "console.switch_dnssec": {"intent": "on"},
    "console.confirm_ds": {"ds": "published"},
    "console.roll_keys": {},
    "console.submit_import": {"text": "imported A 192.0.2.8", "mode": "merge"},
    "console.submit_text": {"text": "www A 192.0.2.7"},
    "console.delete_zone": {"domain": "example.com"},
    "console.create": {"name": "laptop", "permissions": ["dns:list"]},
    "console.revoke": {},
    "console.create_integration": {"client": "lego-httpreq", "zones": "held.example"},
    "console.revoke_integration": {},
    "console.invite": {"email": "second@example.org"},
    "console.revoke_invitation": {},
    "console.disable": {},
    "console.enable": {},
    "console.sign_one_out": {},
    "console.sign_others_out": {},
    "console.enable_second_factor": {"current": PASSWORD, "secret": TOTP_SECRET},
    "console.renew_recovery_codes": {"current": PASSWORD},
    "console.disable_second_factor": {"current": PASSWORD},
    "console.set_password": {"current": PASSWORD, "password": NEW, "again": NEW},
    "console.accept_invitation": {"password": NEW, "again": NEW},
    "console.try_sign_in": {"email": OPERATOR, "password": NEW},
    "console.sign_in_code": {},
    "console.sign_out": {},
}
"""The values of the form of each endpoint; submitted in this order, each form writes to the store."""
STEPS = {"console.enable_second_factor": -1, "console.disable_second_factor": 1}
"""Time steps between now and the code of a form: each code is accepted once, and none that is older than the last."""


@dataclass
class ExampleConsole:
    """The example: the browser of an operator, a zone, and the path parameters of each endpoint."""

    console: Console
    browser: Browser
    page: ZonePage
    parameters: dict[str, str]

    def paths(self, method: str) -> Iterator[tuple[str, str]]:
        """Yield the endpoint and path of every page of that method, with parameters that exist."""
        for rule in self.console.application.app.url_map.iter_rules():
            if (
                rule.endpoint.startswith("console.")
                and rule.endpoint != "console.static"
                and method in (rule.methods or ())
            ):
                yield rule.endpoint, self.path(rule)

    def path(self, rule: Rule) -> str:
        """Return the path of a page, with parameters that exist."""
        parameters = {**self.parameters, "uuid": self.parameters.get(rule.endpoint, str(self.page.uuid))}
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: parameters[found[1]], rule.rule)

    def fields(self, endpoint: str) -> dict[str, Any]:
        """Return the values of the form of that endpoint."""
        code = TOTP(TOTP_SECRET).at(self.console.application.clock() + STEPS.get(endpoint, 0) * timedelta(seconds=30))
        fields = {**FORMS[endpoint], "record": self.parameters["record"], "code": code}
        if endpoint in ("console.submit_draft", "console.submit_import", "console.submit_text"):
            hidden = self.browser.forms(f"{self.page.path}settings/").get(f"{self.page.path}changes/")
            path = f"{self.page.path}text/"
            fields["draft_version"] = (hidden or self.browser.forms(path)[path])["draft_version"]
        if endpoint == "console.sign_in_code":
            asked = self.browser.post("/sign-in/", {**self.token(), "email": GUARDED, "password": PASSWORD})
            fields["proof"] = forms_in(asked.text, "").get("/sign-in/code/", {}).get("proof", "")
        return fields

    def token(self) -> dict[str, str]:
        """Return the current CSRF token of the operator as a form field."""
        forms = self.browser.forms("/account/") or self.browser.forms("/sign-in/")
        return {"csrf_token": forms.get("/sign-out/", forms.get("/sign-in/", {}))["csrf_token"]}

    def rows(self) -> dict[str, list[Any]]:
        """Return all rows of the store by table."""
        store = self.console.application.store
        with store.connection(), store.reading():
            tables = [
                name
                for (name,) in current_database().execute_sql("select name from sqlite_master where type = 'table'")
            ]
            return {table: list(current_database().execute_sql(f"select * from {table}")) for table in tables}  # noqa: S608


def create_example(console: Console) -> ExampleConsole:
    """Create zones with a record, a draft, a hold and signatures, a token, sessions, invitations and accounts."""
    application, now = console.application, console.application.clock()
    operator = console.signed_in(OPERATOR, is_admin=True)
    page = ZonePage(console, operator, str(operator.send("/zones/new/", {"domain": "example.com"}).location))
    held = ZonePage(console, operator, str(operator.send("/zones/new/", {"domain": "held.example"}).location))
    gone = ZonePage(console, operator, str(operator.send("/zones/new/", {"domain": "gone.example"}).location))
    operator.send(f"{gone.path}delete/", {"domain": "gone.example"})
    secure = ZonePage(console, operator, str(operator.send("/zones/new/", {"domain": "signed.example"}).location))
    operator.send(f"{secure.path}dnssec/", {"intent": "on"})
    page.add_address()
    record, _ = page.records()[0], page.add_address(name="mistake")
    mistake, to_confirm = page.serial(), page.save_to_confirm(CreateRecord(RecordInput("A", "risky", "192.0.2.8")))
    page.add_address(name="drafted", intent="draft")
    operator_account, guest, disabled = (application.account(email) for email in (OPERATOR, GUEST, DISABLED))
    console.signed_in(GUARDED)  # renews the hash of its password
    guarded = application.account(GUARDED).uuid
    with application.writing():
        credentials.set_totp(guarded, TOTP_SECRET)
        signed_zone = zones.get_any(secure.uuid)
        store_signing(signed_zone, signed(key(ds=Timing.RUMOURED), parent=at_parent(signed_zone.name)))
        holds.insert(held.uuid, "a-token", HoldReason.ALWAYS, now)
        token, other_token = (accounts.create_token(operator_account, name, ["dns:*"], now)[0] for name in "ab")
        others = [
            sessions.begin(operator_account, f"{number}" * 43, now, "192.0.2.1", "a browser") for number in range(2)
        ]
        invited = invitations.add("invited@example.org", "y" * 43, OPERATOR, now, is_admin=False)
        invitations.add("coming@example.org", SECRET, OPERATOR, now, is_admin=False)
        accounts.disable_account(DISABLED, now)
    parameters = {
        "record": str(record.uuid),
        "serial": str(mistake),
        "change": str(to_confirm),
        "secret": SECRET,
        "console.zone_release": str(held.uuid),
        "console.restore_zone": str(gone.uuid),
        **dict.fromkeys(("console.dnssec", "console.confirm_ds", "console.roll_keys"), str(secure.uuid)),
        "console.revoke": str(token.uuid),
        "console.revoke_integration": str(other_token.uuid),
        "console.sign_one_out": str(others[0].uuid),
        "console.revoke_invitation": str(invited.uuid),
        "console.disable": str(guest.uuid),
        "console.enable": str(disabled.uuid),
    }
    return ExampleConsole(console, operator, page, parameters)
