"""A zone in the console, its browser and its stored records, and example values for the form of each type."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from appliance.console.record_forms import FORMS
from appliance.editing import CreateRecord, RecordInput, RecordRequest
from appliance.principal import Principal
from appliance.store import records, zones
from appliance.web.context import context_of
from appliance.zones.model import Record
from tests.console.conftest import Browser, Console
from tests.many_zones import add_zones

ME = "me@example.org"
DIGEST = "ab" * 32
RSA_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDJlN8d9gNtmrJ4WIMzinKpeokQ8a5DosPye9q00VsDNA6KLkM7Hk8z5QSEfmjR1urihTrP48AwGLlb"
    "max5swdxgoHugXdKHEegPqVdAxQHJ5sB+D1o4tp9m6RqkSrMmXGPs5Ok9c3RYsY/fYaFohXIAZNAURo5JTORAUc8Lc3knwIDAQAB"
)
"""An RSA public key of 1024 bits, in base64."""

# form, its fields, the value that they become
EVERY_FORM: list[tuple[str, dict[str, str], str]] = [
    ("A", {"value": "192.0.2.1"}, "192.0.2.1"),
    ("AAAA", {"value": "2001:0db8::1"}, "2001:db8::1"),
    ("CNAME", {"value": "target.example.net"}, "target.example.net"),
    ("MX", {"value": "mail.example.net"}, "mail.example.net"),
    ("TXT", {"value": "x" * 600}, "x" * 600),
    (
        "SPF",
        {
            "mx": "mx",
            "includes": "_spf.example.net b.example.net",
            "addresses": "192.0.2.1 2001:db8::/32",
            "policy": "-all",
        },
        "v=spf1 mx include:_spf.example.net include:b.example.net ip4:192.0.2.1 ip6:2001:db8::/32 -all",
    ),
    (
        "DKIM",
        {"key": f"-----BEGIN PUBLIC KEY-----\n{RSA_KEY[:64]}\n{RSA_KEY[64:]}\n-----END PUBLIC KEY-----\n"},
        f"v=DKIM1; k=rsa; p={RSA_KEY}",
    ),
    ("NS", {"value": "ns1.example.net"}, "ns1.example.net"),
    ("SRV", {"weight": "10", "port": "5060", "target": "sip.example.net"}, "10 5060 sip.example.net"),
    ("CAA", {"flags": "0", "tag": "issue", "text": 'a "b" \\c'}, '0 issue "a \\"b\\" \\\\c"'),
    ("PTR", {"value": "host.example.net"}, "host.example.net"),
    ("TLSA", {"usage": "3", "selector": "1", "matching": "1", "digest": DIGEST}, f"3 1 1 {DIGEST}"),
    ("SSHFP", {"algorithm": "4", "kind": "2", "digest": DIGEST}, f"4 2 {DIGEST}"),
    ("NAPTR", {"value": '100 10 "U" "" "!a!b!" .'}, '100 10 "U" "" "!a!b!" .'),
    ("SVCB", {"preference": "0", "target": "svc.example.net"}, "0 svc.example.net"),
    ("HTTPS", {"preference": "1", "target": ".", "parameters": "alpn=h2"}, '1 . alpn="h2"'),
    ("LOC", {"value": "52 22 23.000 N 4 53 32.000 E -2.00m"}, "52 22 23.000 N 4 53 32.000 E -2.00m"),
    (
        "URI",
        {"preference": "10", "weight": "1", "address": "https://example.net/a b"},
        '10 1 "https://example.net/a b"',
    ),
    ("SMIMEA", {"usage": "3", "selector": "1", "matching": "1", "digest": DIGEST}, f"3 1 1 {DIGEST}"),
    ("OPENPGPKEY", {"value": "mQINBFit2ioBEADhbGdsb2dh"}, "mQINBFit2ioBEADhbGdsb2dh"),
    ("DHCID", {"value": "AAIBY2/AuCcc"}, "AAIBY2/AuCcc"),
]


@dataclass
class ZonePage:
    """A zone of the account that is signed in, with its pages and its stored records."""

    console: Console
    browser: Browser
    path: str

    @property
    def uuid(self) -> UUID:
        return UUID(self.path.split("/")[2])

    def records(self) -> list[Record]:
        with self.console.application.store.connection():
            return records.of_zone(zones.get_any(self.uuid))

    def serial(self) -> int:
        with self.console.application.store.connection():
            return zones.get_any(self.uuid).serial

    def save(self, requests: Sequence[RecordRequest]) -> None:
        """Save changes as another principal, without the forms."""
        application = self.console.application
        with application.store.connection():
            principal = Principal.local("test")
            context_of(application.app).editor.change_many(principal, self.uuid, requests)

    def save_to_confirm(self, request: RecordRequest) -> UUID:
        """Save a change as another principal that is reverted after an hour, and return its uuid."""
        application, hour = self.console.application, timedelta(hours=1)
        with application.store.connection():
            editor = context_of(application.app).editor
            diff = editor.change_many(Principal.local("test"), self.uuid, [request], confirm_within=hour)
        assert diff.change_id
        return diff.change_id

    def save_text(self, name: str, value: str) -> None:
        """Save a TXT record without the forms."""
        self.save([CreateRecord(RecordInput("TXT", name, value))])

    def add_zones(self, domains: Iterable[str], **columns: object) -> None:
        """Add zones of these domains to the same account."""
        store = self.console.application.store
        with store.connection():
            add_zones(store, zones.get_any(self.uuid), domains, **columns)

    def add(self, form: str, name: str, intent: str = "save", **fields: str) -> TestResponse:
        """Submit the form for a new record; the names of value fields have the prefix `part_`."""
        values = {"priority": "10", **fields} if FORMS[form].has_priority else fields
        return self.browser.send(f"{self.path}records/new/?type={form}", {"name": name, "intent": intent, **values})

    def change(self, record: Record, intent: str = "save", **fields: str) -> TestResponse:
        """Submit the form of a stored record, as shown except for these fields."""
        path = f"{self.path}records/{record.uuid}/"
        return self.browser.send(path, {**_shown(self.browser.get(path).text), "intent": intent, **fields})

    def add_address(
        self, value: str = "192.0.2.1", name: str = "www", intent: str = "save", **fields: str
    ) -> TestResponse:
        return self.add("A", name, intent, part_value=value, **fields)


def _shown(page: str) -> dict[str, str]:
    """Return the values of the fields of the form."""
    found = dict(found_in(page, r'<input id="([a-z_]+)" name="[a-z_]+" [^>]*value="([^"]*)"'))
    found |= {
        name: value
        for value, name in found_in(page, r'<input class="mono" type="text" value="([^"]*)"[^>]* id="(part_\w+)"')
    }
    found |= dict(found_in(page, r'<textarea [^>]*id="(part_\w+)"[^>]*>\n?([^<]*)'))
    for name, options in found_in(page, r'<select [^>]*id="(part_\w+)"[^>]*>(.*?)</select>'):
        found[name] = next(iter(found_in(options, r'value="([^"]*)" selected')), "")
    return {name: html.unescape(value) for name, value in found.items()}


def found_in(text: str, pattern: str) -> list[Any]:
    """Return all matches of the pattern, also across lines."""
    return re.findall(pattern, text, re.DOTALL)


def open_page(console: Console, domain: str = "example.com") -> ZonePage:
    """Create a zone of an account that is signed in."""
    browser = console.signed_in(ME)
    return ZonePage(console, browser, str(browser.send("/zones/new/", {"domain": domain}).location))
