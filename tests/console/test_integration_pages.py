"""Integrations: credentials of programs in the console, and requests with what is pasted."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from appliance.addresses import Endpoint
from appliance.app import create_app
from appliance.console.integration_pages import OFFERED
from appliance.integrations.presets import CLIENTS
from appliance.principal import Token
from appliance.settings import DoorsSettings
from appliance.store import accounts
from tests.api.conftest import Application
from tests.console.conftest import Browser, Console, texts
from tests.console.zone_page import open_page

ME = "me@example.org"
PAGE = "/account/integrations/"
CALL = {"fqdn": "_acme-challenge.example.com.", "value": "text"}


@pytest.fixture
def browser(console: Console) -> Browser:
    console.application.bearer(ME).zone("example.com")
    slots, account = console.application.deployment_wait.slots, console.application.account(ME).uuid
    while slots.take(account):  # without a deployer every write would wait as long as its door may
        pass
    return console.signed_in(ME)


def create(browser: Browser, client: str, **values: Any) -> TestResponse:  # noqa: ANN401 - fields of a form
    """Create a credential for the zone."""
    return browser.send(PAGE, {"client": client, "zones": "example.com", **values})


def snippets(answer: TestResponse) -> list[str]:
    """Return what the page shows to be pasted."""
    assert answer.status_code == 200, answer.text
    found = re.findall(r'<code id="snippet-\d+"[^>]*>(.*?)</code>', answer.text, re.DOTALL)
    return list(map(html.unescape, found))


def listed(console: Console) -> list[Token]:
    with console.application.store.connection():
        return accounts.active_tokens(console.application.account(ME).uuid)


def test_what_is_pasted_works_and_can_do_nothing_else(console: Console, browser: Browser) -> None:
    (commands,) = snippets(create(browser, "lego-httpreq"))
    exports = dict(word.split("=", 1) for word in shlex.split(commands) if word.startswith("HTTPREQ_"))
    assert exports["HTTPREQ_ENDPOINT"] == "http://localhost/httpreq"
    client = console.application.app.test_client()
    credential = exports["HTTPREQ_USERNAME"], exports["HTTPREQ_PASSWORD"]
    assert client.post("/httpreq/present", json=CALL, auth=credential).status_code == 200
    assert client.post("/httpreq/cleanup", json=CALL, auth=credential).status_code == 200
    refused = client.post("/httpreq/present", json={**CALL, "fqdn": "www.example.com."}, auth=credential)
    assert refused.status_code == 403
    page = browser.get(PAGE)
    assert "TXT records of _acme-challenge, _acme-challenge.* in example.com" in page.text
    assert '<span class="muted">httpreq</span>' in page.text and exports["HTTPREQ_PASSWORD"] not in page.text


def test_several_snippets_and_the_secret_alone(browser: Browser) -> None:
    answer = create(browser, "certbot-powerdns", record_names="www")
    ini, commands = snippets(answer)
    assert ini.startswith("dns_powerdns_api_url = http://localhost\n") and "-d www.example.com " in commands
    assert texts(answer, r'<p class="label">([^<]*)') == ["powerdns.ini", "Commands", "Secret alone"]
    assert len(set(texts(answer, r"vps_[\w-]{32}"))) == 1 and answer.headers["Cache-Control"] == "no-store"


def test_only_protocols_that_are_on_are_offered(console: Console, browser: Browser) -> None:
    (programs,) = texts(browser.get(PAGE), r'(?s)<select id="client".*?</select>')
    offered = re.findall(r'<option value="([\w-]+)"', programs)
    assert offered == [key for key, preset in CLIENTS.items() if preset.protocol != "update"]
    assert create(browser, "nsupdate").status_code == 400


def test_a_key_for_updates(console: Console, tmp_path: Path) -> None:
    doors = DoorsSettings(update=Endpoint("127.0.0.1", 5303), httpreq=False)
    application, former = console.application, console.application.settings
    opened = create_app(replace(former, doors=doors), application.clock, lambda: 1000.0)
    browser = Console(Application(former, application.clock, opened)).signed_in(ME)
    application.bearer(ME).zone("example.com")
    answer = create(browser, "nsupdate")
    key, commands = snippets(answer)
    (token,) = [one for one in listed(console) if one.has_tsig_key]
    assert f'key "{token.uuid}"' in key and "\nserver 127.0.0.1 5303\n" in commands
    assert "Secret alone" not in answer.text
    page = browser.get(PAGE).text
    assert "<code>localhost:5303</code>" not in page and "<code>127.0.0.1:5303</code>" in page
    assert "TSIG key" in page and 'value="certbot-multi"' not in page


def test_protocols_are_listed_with_address_and_last_call(console: Console, browser: Browser) -> None:
    secret = texts(create(browser, "acme-sh-powerdns"), r"vps_[\w-]{32}")[0]
    console.application.clock.forward(minutes=5)
    client = console.application.app.test_client()
    assert client.get("/api/v1/servers", headers={"X-API-Key": secret}).status_code == 200
    rows = dict(
        re.findall(
            r'<tr>\s*<td data-label="Protocol"><strong>([^<]*)</strong>(.*?)</tr>', browser.get(PAGE).text, re.DOTALL
        )
    )
    called = f"{console.application.clock():%Y-%m-%d %H:%M UTC}"
    assert "<code>http://localhost</code>" in rows["PowerDNS API"] and called in rows["PowerDNS API"]
    assert "<code>http://localhost/nic/update</code>" in rows["dyndns2"] and "Never" in rows["dyndns2"]
    assert ">off<" in rows["DNS UPDATE"]


def test_the_form_can_be_linked_to(browser: Browser) -> None:
    page = browser.get(f"{PAGE}?client=ddclient&zones=example.com").text
    assert '<option value="ddclient" selected>' in page and '<option value="example.com" selected>' in page


def test_a_zone_links_to_the_form_for_it(console: Console, browser: Browser) -> None:
    operator = console.signed_in("root@example.org", is_admin=True)
    (zone,) = texts(browser.get("/zones/"), r'href="(/zones/[\w-]+/)"[^>]*>example\.com')
    link = f'href="{PAGE}?zones=example.com"'
    assert link in browser.get(f"{zone}settings/").text
    assert link not in operator.get(f"{zone}settings/").text


INVALID: list[tuple[dict[str, str], str]] = [
    ({"client": ""}, "client"),
    ({"client": "<script>"}, "client"),
    ({"zones": "foreign.example"}, "zones"),
    ({"zones": "no domain"}, "zones"),
    ({"client": "ddclient"}, "record_names"),
    ({"record_names": "*"}, "record_names"),
    ({"expires": "1000"}, "expires"),
    ({"max_unused": "1d"}, "max_unused"),
    ({"allowed_networks": "192.0.2.1/24"}, "allowed_networks"),
    ({"name": "x" * 101}, "name"),
]


def test_invalid_values_are_refused(console: Console, browser: Browser) -> None:
    console.application.bearer("other@example.org").zone("foreign.example")
    before = listed(console)
    for values, field in INVALID:
        refused = create(browser, **{"client": "lego-httpreq", **values})
        assert refused.status_code == 400 and f'href="#{field}"' in refused.text, values
        assert "<script>" not in refused.text
    assert listed(console) == before


def test_further_limits(console: Console, browser: Browser) -> None:
    limits = {"expires": "90", "max_unused": "90d", "allowed_networks": "192.0.2.0/24"}
    answer = create(browser, "fritzbox", record_names="home", **limits)
    assert texts(answer, r'<p class="label">([^<]*)') == ["Update URL", "Domain name", "User name", "Password"]
    assert 'class="lines"' not in answer.text  # one line wraps, so that a phone shows all of a secret
    token = listed(console)[-1]
    assert token.limits.expires_at and token.limits.max_unused and token.limits.networks
    assert token.name == "fritzbox example.com"


def test_a_credential_is_revoked(console: Console, browser: Browser) -> None:
    create(browser, "lego-powerdns")
    token = listed(console)[-1]
    path = f"{PAGE}{token.uuid}/revoke/"
    stranger = console.signed_in("other@example.org")
    assert stranger.post(path, stranger.forms(PAGE)["/sign-out/"]).status_code == 404
    assert browser.send(path, {}, page=PAGE).location == PAGE
    assert token not in listed(console)


def test_with_many_zones_the_domain_is_typed(console: Console) -> None:
    page = open_page(console)
    page.add_zones([f"z{at}.example" for at in range(OFFERED)])
    shown = page.browser.get(f"{PAGE}?zones=z99.example").text
    assert 'value="z99.example" required' in shown and '<option value="z1.example"' not in shown
    snippets(page.browser.send(PAGE, {"client": "lego-httpreq", "zones": "z99.example"}))


def test_without_a_zone_there_is_nothing_to_connect(console: Console) -> None:
    page = console.signed_in(ME).get(PAGE).text
    assert "No zones yet." in page and "No credentials yet." in page and "<select" not in page
