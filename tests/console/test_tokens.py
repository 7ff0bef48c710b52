"""API tokens in the console: secrets shown once, permissions and limits."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from markupsafe import escape

from appliance.addresses import Endpoint
from appliance.app import create_app
from appliance.console.tokens import PERMISSION_TEXTS
from appliance.identity.permissions import PERMISSIONS
from appliance.keys import read_key
from appliance.principal import Policy, Token, TokenLimits
from appliance.settings import DoorsSettings
from appliance.store import accounts
from tests.api.conftest import Bearer
from tests.console.conftest import Browser, Console, texts

ME = "me@example.org"
PAGE = "/account/developers/"
OTHER_ADDRESS = {"REMOTE_ADDR": "192.0.2.99"}
SECRET = r"vps_[\w-]{32}"


@pytest.fixture
def browser(console: Console) -> Browser:
    return console.signed_in(ME)


def test_every_permission_has_a_description() -> None:
    assert tuple(PERMISSION_TEXTS) == PERMISSIONS


def create(browser: Browser, **values: Any) -> str:  # noqa: ANN401 - fields of a form
    """Create a token, and return its secret."""
    given = {"name": "laptop", "permissions": ["dns:list", "dns:create"], "expires": "90", **values}
    answer = browser.send(PAGE, given)
    assert answer.status_code == 200, answer.text
    return texts(answer, SECRET)[0]


def stored(console: Console, secret: str) -> Token:
    """Return the stored token."""
    with console.application.store.connection():
        found = accounts.find_token(secret)
    assert found
    return found


def test_a_token_is_created_and_used(console: Console, browser: Browser) -> None:
    assert "No tokens yet." in browser.get(PAGE).text
    secret = create(browser)
    assert Bearer(console.application.app.test_client(), secret)("GET", "/dns-zones/").status_code == 200
    listed = browser.get(PAGE)
    assert secret not in listed.text and secret[:12] in listed.text and "laptop" in listed.text
    token = stored(console, secret)
    assert token.limits.expires_at and (token.limits.expires_at - console.application.clock()).days == 90
    limits = token.limits
    assert limits == TokenLimits(expires_at=token.limits.expires_at)


def test_the_secret_is_shown_with_an_example_command(browser: Browser) -> None:
    answer = browser.send(PAGE, {"name": "laptop", "permissions": "dns:list", "expires": ""})
    secret, pasted = texts(answer, SECRET)
    assert secret == pasted and "http://localhost/api/v1/account/me/" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_restricted_token(console: Console, browser: Browser) -> None:
    zone = console.application.bearer(ME).zone("example.com")
    secret = create(
        browser,
        zones="Example.com",
        record_types="txt caa",
        record_names="_acme-challenge, _acme-challenge.*",
        allowed_networks="192.0.2.0/24 2001:db8::/32",
        expires="",
    )
    token = stored(console, secret)
    assert token.limits.zones == frozenset({UUID(zone["uuid"])}) and token.limits.record_types == ("CAA", "TXT")
    assert token.limits.record_names == ("_acme-challenge", "_acme-challenge.*") and token.limits.expires_at is None
    assert token.limits.networks and list(map(str, token.limits.networks)) == ["192.0.2.0/24", "2001:db8::/32"]
    assert "example.com" in browser.get(PAGE).text


def test_a_token_with_policies(console: Console, browser: Browser) -> None:
    zone = console.application.bearer(ME).zone("example.com")
    lines = "zone=example.com name=www types=A,AAAA write\r\n\r\nzone=new.example read\r\n"
    secret = create(browser, policies=lines, create_zones="yes", delete_zones="no", max_unused="90d")
    limits = stored(console, secret).limits
    assert limits.policies == (
        Policy(frozenset({UUID(zone["uuid"])}), ("www",), ("A", "AAAA")),
        Policy(frozenset({"new.example"}), write=False),
    )
    assert (limits.create_zones, limits.delete_zones, limits.max_unused) == (True, False, timedelta(days=90))
    shown = browser.get(PAGE).text
    assert "zone=example.com name=www types=A,AAAA write" in shown and "void after 90d without use" in shown


def test_a_token_of_a_preset(console: Console, browser: Browser) -> None:
    zone = console.application.bearer(ME).zone("example.com")
    secret = create(browser, preset="certificates", permissions=[], zones="example.com", record_names="www")
    token = stored(console, secret)
    assert token.limits.policies == (Policy(frozenset({UUID(zone["uuid"])}), ("_acme-challenge.www",), ("TXT",)),)
    assert "dns:update" in token.permissions and token.limits.create_zones is False


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "bidi \u202e"}, "name"),
        ({"permissions": []}, "permissions"),
        ({"permissions": "admin:*"}, "permissions"),
        ({"permissions": "dns:fly"}, "permissions"),
        ({"expires": "1000"}, "expires"),
        ({"zones": "example.com"}, "zones"),
        ({"zones": "no domain"}, "zones"),
        ({"zones": "foreign.com"}, "zones"),
        ({"record_types": "ANY"}, "record_types"),
        ({"record_names": "[a-z]"}, "record_names"),
        ({"allowed_networks": "192.0.2.1/24"}, "allowed_networks"),
        ({"allowed_networks": "here"}, "allowed_networks"),
        ({"policies": "zone=example.com"}, "policies"),
        ({"policies": "write", "record_types": "A"}, "policies"),
        ({"max_unused": "1d"}, "max_unused"),
        ({"create_zones": "perhaps"}, "create_zones"),
        ({"preset": "full"}, "permissions"),
        ({"preset": "everything", "permissions": []}, "preset"),
    ],
)
def test_invalid_values_are_refused(console: Console, browser: Browser, values: dict[str, Any], field: str) -> None:
    console.application.bearer("other@example.org").zone("foreign.com")
    refused = browser.send(PAGE, {"name": "n", "permissions": ["dns:list"], "expires": "90", **values})
    assert refused.status_code == 400 and f'href="#{field}"' in refused.text
    assert "No tokens yet." in browser.get(PAGE).text


def test_operators_may_create_tokens_for_everything(console: Console, browser: Browser) -> None:
    assert "admin:*" not in browser.get(PAGE).text
    zone = console.application.bearer(ME).zone("example.com")
    operator = console.signed_in("root@example.org", is_admin=True)
    for permission, zone_status, metrics_status in (("dns:*", 404, 401), ("admin:*", 200, 200)):
        secret, client = create(operator, permissions=permission), console.application.app.test_client()
        assert stored(console, secret).permissions == {permission}
        assert Bearer(client, secret)("GET", f"/dns-zones/{zone['uuid']}/").status_code == zone_status
        metrics = client.get("/metrics", headers={"Authorization": f"Bearer {secret}"}, environ_overrides=OTHER_ADDRESS)
        assert metrics.status_code == metrics_status


def test_a_token_is_revoked(console: Console, browser: Browser) -> None:
    api = Bearer(console.application.app.test_client(), create(browser))
    (revoke,) = [path for path in browser.forms(PAGE) if path.endswith("/revoke/")]
    stranger = console.signed_in("other@example.org")
    assert stranger.post(revoke, stranger.forms(PAGE)["/sign-out/"]).status_code == 404
    assert api("GET", "/dns-zones/").status_code == 200
    assert browser.send(revoke, {}, page=PAGE).location == PAGE
    assert api("GET", "/dns-zones/").status_code == 401
    assert "No tokens yet." in browser.get(PAGE).text


def test_the_last_use_at_each_door_is_shown(console: Console, browser: Browser) -> None:
    secret, client = create(browser), console.application.app.test_client()
    assert client.get("/api/v1/servers", headers={"X-API-Key": secret}).status_code == 200
    console.application.clock.forward(minutes=2)
    assert Bearer(client, secret)("GET", "/dns-zones/").status_code == 200
    now = console.application.clock()
    assert texts(browser.get(PAGE), r'<span class="muted">(?:PowerDNS )?API</span> [^<]*') == [
        f'<span class="muted">API</span> {now:%Y-%m-%d %H:%M UTC}',
        f'<span class="muted">PowerDNS API</span> {now - timedelta(minutes=2):%Y-%m-%d %H:%M UTC}',
    ]


def test_a_tsig_key_is_shown_once_where_updates_are_accepted(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    assert "TSIG key" not in browser.get(PAGE).text
    application, file = console.application, tmp_path / "update.key"
    settings = replace(application.settings, doors=DoorsSettings(update=Endpoint("127.0.0.1", 5303)))
    listening = create_app(settings, application.clock)
    browser = Console(replace(application, app=listening)).browser()
    assert browser.sign_in(ME).status_code == 303 and 'name="tsig"' in browser.get(PAGE).text
    answer = browser.send(PAGE, {"name": "dhcp", "permissions": "dns:update", "expires": "", "tsig": "yes"})
    file.write_text(html.unescape(texts(answer, r'(?s)<code id="key"[^>]*>(.*?)</code>')[0]))
    key, token = read_key(file), stored(console, texts(answer, SECRET)[0])
    assert token.has_tsig_key and key.name == str(token.uuid)
    page = browser.get(PAGE).text
    assert '<span class="badge">TSIG key</span>' in page and key.secret not in page


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"])
def test_a_name_is_escaped(browser: Browser, name: str) -> None:
    create(browser, name=name)
    shown = browser.get(PAGE).text
    assert "<script>alert" not in shown and "<img" not in shown and escape(name) in shown
    refused = browser.send(PAGE, {"name": name, "permissions": []})
    assert "<script>alert" not in refused.text and "<img" not in refused.text
