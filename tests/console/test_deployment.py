"""Lookup: the responses of all nameservers side by side, names of the zone only; and the delegation page."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import dns.name
import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.app import create_app
from appliance.settings import DnsSettings
from appliance.web.context import context_of
from appliance.web.rate_limits import LOOKUPS_PER_ACCOUNT
from tests.api.conftest import Application
from tests.console.conftest import Browser, Console
from tests.pair import LOOPBACK, Pair, free_port
from tests.simulated_dns import simulated_dns

ME = "me@example.org"


def configured(application: Application, dns_settings: DnsSettings) -> Console:
    """Return a console with other DNS settings over the same store."""
    settings = replace(application.settings, dns=dns_settings)
    return Console(Application(settings, application.clock, create_app(settings, application.clock, lambda: 1000.0)))


def zone_of(browser: Browser, domain: str) -> str:
    return str(browser.send("/zones/new/", {"domain": domain}).location)


def test_responses_are_shown_side_by_side(application: Application, pair: Pair) -> None:
    served = dns.name.from_text("lookup.test")
    pair.create(served, 3)
    for server in (pair.primary, pair.secondary):
        pair.wait_for_serial(server, served, 3)
    places = {"ns1.appliance.test": pair.primary.endpoint.port, "ns2.appliance.test": pair.secondary.endpoint.port}
    places["away.appliance.test"] = free_port()
    nameservers = tuple(Nameserver(name, Endpoint(LOOPBACK, port)) for name, port in places.items())
    me = configured(application, replace(application.settings.dns, nameservers=nameservers)).signed_in(ME)
    zone = zone_of(me, "lookup.test")
    shown = me.get(f"{zone}ask/?name=www&type=A").text
    assert shown.count("www.lookup.test. 300 IN A 192.0.2.1") == 2 and shown.count("NOERROR") == 2
    assert shown.count('class="errors"') == 1, "one does not respond"
    assert "NXDOMAIN" in me.get(f"{zone}ask/?name=none.lookup.test&type=TXT").text


@pytest.mark.parametrize(
    ("query", "field"),
    [("name=www.example.net.&type=A", "name"), ("name=a..b&type=A", "name"), ("name=@&type=AXFR", "type")],
)
def test_other_names_and_types_are_refused(console: Console, query: str, field: str) -> None:
    me = console.signed_in(ME)
    refused = me.get(f"{zone_of(me, 'example.com')}ask/?{query}")
    assert refused.status_code == 400 and f'href="#{field}"' in refused.text


def test_without_a_resolver_the_page_shows_instructions(console: Console) -> None:
    me = console.signed_in(ME)
    shown = me.get(f"{zone_of(me, 'example.com')}delegation/").text
    assert "registrar" in shown and "ns1.appliance.test" in shown and "dns.resolver" in shown


def test_a_zone_below_another_one_needs_no_registrar(console: Console) -> None:
    me = console.signed_in(ME)
    zone_of(me, "example.com")
    shown = me.get(f"{zone_of(me, 'dev.example.com')}delegation/").text
    assert "<code>example.com</code> is on this appliance and delegates dev.example.com by itself" in shown
    assert "Enter them at your registrar" not in shown


def test_resolver_errors_are_reported(application: Application) -> None:
    unreachable = replace(application.settings.dns, resolver=Endpoint(LOOPBACK, free_port()))
    me = configured(application, unreachable).signed_in(ME)
    zone = zone_of(me, "example.com")
    assert "The resolver did not answer" in me.get(f"{zone}delegation/").text
    with simulated_dns() as simulated:
        with_resolver = replace(application.settings.dns, resolver=simulated.server.endpoint)
        browser = configured(application, with_resolver).browser()
        browser.sign_in(ME)
        assert "knows no zone above it" in browser.get(f"{zone}delegation/").text


def test_lookups_leave_threads_for_other_requests(console: Console) -> None:
    me = console.signed_in(ME)
    zone, account = zone_of(me, "example.com"), console.application.account(ME).uuid
    with ExitStack() as seats:
        while seats.enter_context(console.application.deployment_wait.slot(account)):
            pass
        refused = me.get(f"{zone}ask/?name=@&type=A")
    assert refused.status_code == 503 and "Try again" in refused.text


def test_lookups_of_an_account_are_limited(console: Console) -> None:
    me, other = console.signed_in(ME), console.signed_in("other@example.org")
    zone, theirs = zone_of(me, "example.com"), zone_of(other, "example.net")
    account, limits = console.application.account(ME).uuid, context_of(console.application.app).limits
    for _ in range(LOOKUPS_PER_ACCOUNT):
        limits.count_lookup(account)
    refused = me.get(f"{zone}ask/?name=@&type=A")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert "Too many lookups" in refused.text and me.get(f"{zone}ask/").status_code == 200
    assert other.get(f"{theirs}ask/?name=@&type=A").status_code == 200
